"""`make bench`: every measurement, one table. `python -m benchmarks engine …` runs the named ones."""

from __future__ import annotations

import importlib
import sys

from benchmarks.table import HEADER, line
from infra.logs import configure_logging

NAMES = ("engine", "backtest", "streams", "http", "latency", "storm", "recovery", "killed")


def main() -> int:
    """Prints the table; exit code 1 where a promise is missed."""
    wanted = sys.argv[1:] or NAMES
    configure_logging("warning")
    missed = 0
    print(HEADER)
    for name in wanted:
        for row in importlib.import_module(f"benchmarks.{name}").run():
            print(line(row), flush=True)
            missed += row.holds is False
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
