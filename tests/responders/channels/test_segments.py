"""What a text costs, and how it is cut to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responders.channels.segments import Segments, fit, measure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("€" * 81, Segments("GSM-7", 162, 2)),
        ("€" * 153, Segments("GSM-7", 306, 3)),  # an escape is not split: 76 a part, one septet left over
        ("粮" * 70, Segments("UCS-2", 70, 1)),
        ("粮" * 71, Segments("UCS-2", 71, 2)),
        ("粮" * 134, Segments("UCS-2", 134, 2)),
        ("粮" * 135, Segments("UCS-2", 135, 3)),
        ("a" * 70 + "粮", Segments("UCS-2", 71, 2)),
        ("🔥" * 35, Segments("UCS-2", 70, 1)),
        ("🔥" * 67, Segments("UCS-2", 134, 3)),  # a pair is not split: 33 a part
        ("ç", Segments("UCS-2", 1, 1)),  # GSM-7 has the capital only
    ],
)
def test_parts_are_counted_as_the_networks_count(text: str, expected: Segments) -> None:
    """160 and 153 septets, 70 and 67 UCS-2 units; the euro and other extensions count two."""
    assert measure(text) == expected


def test_what_fits_is_left_alone() -> None:
    """No mark where nothing was cut."""
    assert fit("粮价越线", 1, " 回复 1") == "粮价越线 回复 1"


def test_a_long_summary_is_cut_and_the_tail_kept() -> None:
    """F19: cut to the limit, the code and the number whole; the mark does not change the alphabet."""
    cut = fit("粮" * 200, 2, " 回复 12 签收 INC-0042")
    assert cut.endswith("粮… 回复 12 签收 INC-0042")
    assert measure(cut) == Segments("UCS-2", 134, 2)
    plain = fit("a" * 500, 1, " Reply 12")
    assert plain.endswith("a... Reply 12")
    assert measure(plain) == Segments("GSM-7", 160, 1)


def test_a_character_is_not_cut_from_its_companions() -> None:
    """Accents and joined emoji stay whole or go whole."""
    family = "👩\u200d👧"
    assert fit("粮" * 66 + family, 1, "x") == "粮" * 66 + "…x"
    assert fit("粮" * 65 + family, 1, "x") == "粮" * 65 + "…x"
    assert fit("粮" * 67 + "e\u0301" + "粮" * 9, 1, "x") == "粮" * 67 + "…x"


def test_a_tail_that_cannot_fit_is_an_error() -> None:
    """Nothing is cut from the tail: the caller is told."""
    with pytest.raises(ValueError, match="tail: got 2 segments, expected at most 1 with the text cut away"):
        fit("粮", 1, "粮" * 71)


@given(st.text(max_size=400), st.text(max_size=30), st.integers(1, 4))
def test_the_result_always_fits_and_ends_with_the_tail(text: str, tail: str, parts: int) -> None:
    """Any text, any short tail."""
    cut = fit(text, parts, tail)
    assert measure(cut).count <= parts
    assert cut.endswith(tail)
