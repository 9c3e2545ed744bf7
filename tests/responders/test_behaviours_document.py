"""`docs/behaviours.md` names tests that exist, and leaves out none of the behaviours that are promised now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "behaviours.md").read_text(encoding="utf-8")
NOW = ["B1", "B2", "B3", "B5", "B6", "B7", "B19", "B22", "C1", "C4", "C8", "F5", "F8", "F11", "H1", "H2", "H7", "H8"]


@pytest.mark.parametrize("row", [line for line in DOCUMENT.splitlines() if "`test_" in line])
def test_each_line_names_tests_that_exist(row: str) -> None:
    file = ""
    for name, test in re.findall(r"`(test_\w+\.py|…)(?:::(\w+))?`", row):
        file = file if name == "…" else name
        source = (HERE / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in source, f"{file} has no {test}"


@pytest.mark.parametrize("behaviour", NOW)
def test_what_is_promised_now_is_there(behaviour: str) -> None:
    assert re.search(rf"^\| {behaviour} \|.*`test_", DOCUMENT, re.MULTILINE)
