"""A fault has one form wherever it is read: place, value and what was expected, Chinese first, English beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from rules.alerts import Words
from rules.fault import NOTHING, Fault, Faults, fault, joined, shown

SMALL = Words(zh="小写字母", en="small letters")
LANGUAGE = Words(zh="zh 或 en", en="zh or en")


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (
            fault("$.triggers[0].id", "X", SMALL, "plans/grain.yaml", 12),
            "plans/grain.yaml:12 triggers[0].id: 得到 'X'，应为小写字母 (got 'X', expected small letters)",
        ),
        (fault("$", 3, SMALL, "a.yaml", 1), "a.yaml:1: 得到 3，应为小写字母 (got 3, expected small letters)"),
        (fault("id", "X", SMALL, "a.yaml"), "a.yaml id: 得到 'X'，应为小写字母 (got 'X', expected small letters)"),
        (fault("id", NOTHING, SMALL), "id: 未填写，应为小写字母 (got nothing, expected small letters)"),
        (fault("$", "de", LANGUAGE), "得到 'de'，应为 zh 或 en (got 'de', expected zh or en)"),
    ],
)
def test_the_one_line_of_a_fault(wrong: Fault, line: str) -> None:
    """With its file and line where it has them; what is not there is told in words."""
    assert str(wrong) == line


def test_each_language_has_the_whole_of_it() -> None:
    """For texts that are in one language."""
    assert fault("$.id", "X", SMALL, "a.yaml", 2).words == Words(
        zh="a.yaml:2 id：得到 'X'，应为小写字母", en="a.yaml:2 id: got 'X', expected small letters"
    )
    assert joined([fault("a", 1, SMALL), fault("b", NOTHING, LANGUAGE)]) == Words(
        zh="a：得到 1，应为小写字母；b：未填写，应为 zh 或 en",
        en="a: got 1, expected small letters; b: got nothing, expected zh or en",
    )


def test_machines_read_the_same() -> None:
    """File and line only where there are any; the expectation in both languages."""
    assert msgspec.to_builtins(fault("$.id", "X", SMALL, "a.yaml", 2)) == {
        "path": "id", "value": "'X'", "expected": {"zh": "小写字母", "en": "small letters"},
        "file": "a.yaml", "line": 2,
    }  # fmt: skip
    assert msgspec.to_builtins(fault("id", NOTHING, SMALL)) == {
        "path": "id", "value": {"zh": "未填写", "en": "nothing"},
        "expected": {"zh": "小写字母", "en": "small letters"},
    }  # fmt: skip
    assert msgspec.convert(msgspec.to_builtins(fault("id", NOTHING, SMALL)), Fault) == fault("id", NOTHING, SMALL)


def test_several_faults_are_a_line_each() -> None:
    """In their order."""
    assert str(Faults([fault("a", 1, LANGUAGE), fault("b", 2, LANGUAGE)])).splitlines() == [
        "a: 得到 1，应为 zh 或 en (got 1, expected zh or en)",
        "b: 得到 2，应为 zh 或 en (got 2, expected zh or en)",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\n\x00\u202e", r"'a\n\x00\u202e'"),
        ("x" * 500, f"'{'x' * 119}…"),
        (Decimal("4.60"), "4.60"),
        (Decimal("NaN"), "NaN"),
        (Decimal("9" * 31), Words(zh="31 位的数", en="a number of 31 digits")),
        (datetime(2026, 8, 26, 8, 9, 13, tzinfo=UTC), "2026-08-26T16:09:13+08:00"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31T23:59:59.999999+00:00"),
        (None, "null"),
        (True, "true"),
        (["a", 1], '["a",1]'),
    ],
)
def test_a_value_is_shown_in_one_line(value: object, text: str | Words) -> None:
    """Text in quotes and without control characters, times of Shanghai, all else as JSON; and never long."""
    assert shown(value) == text
