"""Overlapping bands are found exactly: held against trying every figure."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rules.plan_checks.bands import gaps, overlaps
from rules.plan_checks.finding import Finding, Known
from rules.plans import Plan
from rules.severity import LEVELS, Severity

Rows = list[dict[str, int]]
WORDS = [level.word for level in LEVELS]
NOBODY = Known(*[frozenset[str]()] * 6, None)


def plan(rows: Rows) -> Plan:
    """A plan with one table over one measure."""
    words = {"zh": "例", "en": "case"}
    table: dict[str, Any] = {
        "detector": "table", "facts": "hazard_report",
        "rows": [{"measure": "relocated", "levels": row, "source": "test"} for row in rows],
    }  # fmt: skip
    values = {
        "id": "case", "titles": words, "tag": words, "basis": ["test"],
        "triggers": [{"id": "t", "when": table}],
        "escalation": {"steps": [{"page": ["a"], "wait": "5m"}], "leader": ["a"]},
    }  # fmt: skip
    return msgspec.convert(values, Plan, strict=False)


def level(rows: Rows, figure: int) -> Severity:
    """One fulfilled criterion is enough, and the highest level counts."""
    found = [Severity.of(w) for row in rows for w, bound in row.items() if figure >= bound]
    return max(found, default=Severity.NORMAL)


def places(found: list[Finding]) -> list[tuple[int, str]]:
    """Row and level of each finding."""
    matches = [re.search(r"rows\[(\d+)\]\.levels\.(\w+)$", finding.path) for finding in found]
    return [(int(match[1]), match[2]) for match in matches if match]


def without(rows: Rows, gone: list[tuple[int, str]]) -> Rows:
    return [{w: bound for w, bound in row.items() if (i, w) not in gone} for i, row in enumerate(rows)]


def same(one: Rows, other: Rows) -> bool:
    return all(level(one, figure) is level(other, figure) for figure in range(14))


@st.composite
def ladders(draw: st.DrawFn) -> dict[str, int]:
    """A row as the reader takes it: the graver the level, the higher the bound."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, unique=True))
    bounds = sorted(draw(st.lists(st.integers(1, 12), min_size=len(words), max_size=len(words), unique=True)))
    return dict(zip(sorted(words, key=Severity.of), bounds, strict=True))


@given(st.lists(ladders(), min_size=1, max_size=4))
def test_a_bound_is_refused_when_and_only_when_it_never_decides(rows: Rows) -> None:
    """Without the refused bounds every figure has the level it had; of the others none can be spared."""
    refused = places(list(overlaps(plan(rows), NOBODY)))
    kept = without(rows, refused)
    assert same(rows, kept)
    for i, row in enumerate(kept):
        for word in row:
            assert not same(kept, without(kept, [(i, word)])), (i, word)


@given(ladders())
def test_one_row_has_no_overlap_and_its_gaps_are_the_levels_between(row: dict[str, int]) -> None:
    """From its least to its gravest level."""
    assert list(overlaps(plan([row]), NOBODY)) == []
    there = sorted(map(Severity.of, row))
    between = [Severity(n).word for n in range(there[0], there[-1]) if Severity(n) not in there]
    assert [word for _, word in places(list(gaps(plan([row]), NOBODY)))] == between
