"""docs/facts.md tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rules import decoding, facts
from streams.sources.answers import CODES

TEXT = (Path(__file__).parents[3] / "docs" / "facts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)


def test_every_kind_has_an_example_that_is_a_valid_fact() -> None:
    read = [decoding.decode(example.encode()) for example in EXAMPLES]
    assert [type(one) for one in read] == list(facts.KINDS.values())


@pytest.mark.parametrize("kind", facts.KINDS.values())
def test_every_field_and_natural_key_is_told(kind: type[facts.AnyFact]) -> None:
    """Each field stands in a table of its kind or of all."""
    common, *sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    section = next(one for one in sections if f"`{kind.kind}`, topic `{kind.topic}`" in one)
    rows = [line.split("|")[1] for line in (common + section).splitlines() if line.startswith("|")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert {*kind.__struct_fields__} <= told
    example = decoding.decode(EXAMPLES[list(facts.KINDS).index(kind.kind)].encode())
    assert isinstance(example, kind)
    (listed,) = re.findall(r"Natural key: (.*)\.", section)
    assert tuple(getattr(example, name) for name in re.findall(r"`(\w+)`", listed)) == example.natural_key()


def test_every_status_is_told() -> None:
    for status, _ in CODES.values():
        assert re.search(rf"\b{status}\b", TEXT), status
