"""What texts say besides their news: which county, which year; and how Chinese is written."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from responders.channels.base import Refused
from responders.clock import shown_short
from rules.alerts import Words
from tests.responders.room import START, grain_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.responders.room import Room

ROOT = Path(__file__).parents[2]


async def test_where_several_counties_are_served_a_text_says_which(room: Room) -> None:
    """In both languages, and in every text about the incident."""
    room.library.several_counties = True
    wang, _ = room.usual()
    await room.happens(room.alert())
    text = room.network.reads(wang, "【粮价预警】武义县：P01")
    assert "[Grain price] Wuyi County: P01" in text
    room.answers.close(1, "李卫东", "误报")
    await room.idle()
    room.network.reads(wang, "【粮价预警】武义县：李卫东 已关闭：误报")
    await room.happens(room.alert(county="330701", place="330701/retail"))
    room.network.reads(wang, "【粮价预警】330701：P01", "[Grain price] 330701: P01")


async def test_where_one_county_is_served_no_text_spends_room_on_its_name(room: Room) -> None:
    """Seventy signs are one part of a text."""
    wang, _ = room.usual()
    await room.happens(room.alert())
    assert "武义县" not in room.network.reads(wang, "【粮价预警】P01")


async def test_a_text_that_names_the_county_itself_does_not_name_it_twice(room: Room) -> None:
    """A plan's own template may have its own place for it."""
    room.library.several_counties = True
    wang, _ = room.usual()
    texts = {"page": Words(zh="{{ explain }}（{{ county }}）。", en="{{ explain }} ({{ county }}).")}
    plan = room.adopt(grain_plan(texts=texts))
    await room.happens(room.alert(plan=plan))
    text = room.network.reads(wang, "7.2 元/公斤（武义县）。", "(Wuyi County).")
    assert text.count("武义县") == text.count("Wuyi County") == 1


async def test_an_alert_that_is_taken_without_its_plan_says_its_county_too(room: Room, monkeypatch: Any) -> None:
    """By its code: nothing is known but what is in the alert."""
    room.library.several_counties = True
    wang, _ = room.usual()
    monkeypatch.setattr(room.library, "plan", lambda *_: 1 / 0)
    await room.happens(room.alert(county="330701"))
    texts = [room.network.reads(wang) for _ in range(len(room.network.arrived[wang]))]
    assert any("330701：P01" in text for text in texts), texts


async def test_a_fault_of_the_installation_is_of_no_county(room: Room) -> None:
    """The provider serves them all."""
    room.library.several_counties = True
    wang, _ = room.usual()
    room.network.answers = lambda _: Refused("suspended", "provider", "20005")
    await room.happens(room.alert())
    room.network.answers = lambda _: None
    await room.goes_by(minutes=1)
    faults = [text for text in room.network.arrived[wang] if "【系统故障】" in text]
    assert faults
    assert not any("武义县" in text for text in faults)
    room.network.ignores(wang)


async def test_a_date_of_another_year_says_its_year(room: Room) -> None:
    """`12-31 23:59` read in January is eleven months off, or one day."""
    wang, _ = room.usual()
    await room.happens(room.alert(at=START))
    room.network.reads(wang, "08-26 16:00 监测")
    await room.happens(room.alert(place="b", subject="b1", at=START - timedelta(days=365)))
    room.network.reads(wang, "2025-08-26 16:00 监测", "Observed 2025-08-26 16:00")


def test_the_year_that_counts_is_the_one_in_shanghai() -> None:
    """Half a day before midnight in Greenwich it is the new year there."""
    new_year = START.replace(month=12, day=31, hour=16)
    assert shown_short(new_year, new_year) == "01-01 00:00"
    assert shown_short(new_year - timedelta(minutes=1), new_year) == "2026-12-31 23:59"


HAN = "\u3400-\u9fff"
HALF = re.compile(rf"[{HAN}”）】》][,;:!?(]|[,;!?)][{HAN}“（【《]|[{HAN}]\.(?![0-9a-z])")
"""A half-width mark that touches a Chinese sign; beside digits and Latin letters it is the other language's."""


def texts_of(file: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of every Chinese text in a file's code. What is filled in counts as a Latin word."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        said = node.value if isinstance(node, ast.Constant) and id(node) not in documents else None
        if isinstance(said, str) and re.search(f"[{HAN}]", said):
            yield node.lineno, said


@pytest.mark.parametrize(
    "file", sorted((ROOT / "responders").rglob("*.py")), ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_chinese_is_written_with_chinese_marks(file: Path) -> None:
    """`5.20，越过警戒线`, not `5.20,越过警戒线`."""
    assert [(line, text) for line, text in texts_of(file) if HALF.search(text)] == []


@pytest.mark.parametrize("file", sorted((ROOT / "responders").rglob("*.html")), ids=lambda file: file.name)
def test_chinese_on_pages_is_written_with_chinese_marks(file: Path) -> None:
    """The same."""
    assert HALF.findall(file.read_text(encoding="utf-8")) == []
