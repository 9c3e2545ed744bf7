# Fenghuo 烽火: `make help` says what can be done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak lock venv
export PYTHON

VENV := .venv/.installed
BIN := .venv/bin
# Two at once: whole systems with their Kafka one after the other, beside them all that runs in one process.
PARALLEL := -n 2 --dist loadgroup
COVERAGE := --cov --cov-branch --cov-report=term:skip-covered

help: ## say what can be done
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

$(VENV): requirements.lock pyproject.toml
	@scripts/make-venv
	@touch $@

venv: $(VENV) ## make .venv with everything pinned

demo: $(VENV) ## a season of grain prices until somebody is paged; DATA=prices.csv plays a file of yours
	@$(BIN)/fenghuo demo $(if $(DATA),--data "$(DATA)")

test: ## everything, on real Kafka and PostgreSQL (installs what the system lacks when it may); ARGS=… goes to pytest
	@scripts/ensure-system
	@$(MAKE) --no-print-directory -s $(VENV)
	@$(BIN)/python -m pytest $(PARALLEL) $(COVERAGE) $(ARGS)

check: $(VENV) ## lint, format, types, floors, then the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict -p rules -p streams -p responders -p infra
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(PARALLEL) $(COVERAGE) $(ARGS)

bench: $(VENV) ## measure, and print the tables
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(VENV) ## long outages and the full fault matrix
	@$(BIN)/python -m pytest -m soak $(ARGS)

lock: $(VENV) ## pin the dependencies anew (needs pip-tools)
	pip-compile --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --no-header --strip-extras --extra dev -o requirements.lock pyproject.toml
