"""The report: one file that needs nothing else, and in which no name can do anything."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from infra.backtest.axes import PriceScale, TimeScale
from infra.backtest.charts import LEFT, PLOT_HEIGHT, PLOT_WIDTH, TOP, panel
from infra.backtest.lines import DrawnLine, Series, series_of
from infra.site_files import read_library
from rules.backtest.arrival import in_order
from rules.backtest.run import content_hash
from rules.facts import GrainPriceReading
from tests.infra.backtest.world import START, backtest, make_site, ndjson, reading, year

if TYPE_CHECKING:
    from pathlib import Path


class Elements(HTMLParser):
    """Every element with its attributes, and that each is closed."""

    VOID = frozenset({"meta", "br", "rect", "line", "path", "circle"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture
def report(tmp_path: Path) -> str:
    """Of two sites, with episodes."""
    site, other = make_site(tmp_path / "site"), make_site(tmp_path / "lower", upper="4.40")
    (tmp_path / "known.csv").write_text("name,from,to\n春季涨价,2024-03-05,2024-04-30\n", encoding="utf-8")
    backtest(
        site, "--against", other, "--episodes", tmp_path / "known.csv", "--report", tmp_path / "r.html",
        ndjson(tmp_path / "year.ndjson", year()),
    )  # fmt: skip
    return (tmp_path / "r.html").read_text(encoding="utf-8")


def test_it_needs_nothing_from_elsewhere_and_runs_nothing(report: str) -> None:
    """No script, no address, no picture; and a browser is told to fetch nothing."""
    elements = Elements(report).found
    assert not {"script", "link", "img", "iframe", "object", "a", "form"} & {tag for tag, _ in elements}
    assert not [name for _, attrs in elements for name in attrs if name.startswith("on") or name in ("src", "href")]
    assert not re.search(r"https?:|url\(|@import", report)
    (policy,) = [attrs["content"] for tag, attrs in elements if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_its_title_says_what_data_what_plans_and_what_hash(report: str, tmp_path: Path) -> None:
    """So that a sheet of paper can be matched with what it was made of."""
    title = re.search("<title>(.*)</title>", report)
    assert title is not None
    a, b = (read_library(tmp_path / name) for name in ("site", "lower"))
    assert "year.ndjson" in title[1]
    assert f"A {tmp_path / 'site'} ({content_hash(a)})" in title[1]
    assert f"B {tmp_path / 'lower'} ({content_hash(b)})" in title[1]
    assert content_hash(a) != content_hash(b)
    assert f"grain {a.versions['grain']}" in report


def test_chinese_comes_first_and_english_is_beside_it(report: str) -> None:
    """Every heading has both."""
    headings = re.findall("<h[12]>(.*?)</h[12]>", report)
    assert len(headings) >= 7
    for heading in headings:
        assert re.search(r'[\u4e00-\u9fff]+<span class="en" lang="en">[A-Z]', heading), heading


def test_each_series_has_its_price_its_lines_its_band_and_its_alarms(report: str) -> None:
    """Two points: the one that was in alarm comes first."""
    figures = re.findall("<figure>.*?</figure>", report, re.DOTALL)
    assert [re.findall("<b>(.*?)</b>", one)[0] for one in figures] == ["一号点 粳米（零售）", "二号点 粳米（零售）"]
    assert figures[0].count('class="level A"') == figures[0].count('class="level B"') == 1
    assert figures[0].count('class="band"') == 2
    assert figures[0].count('class="bar-line"') == 3, "once of A, twice of B"
    assert 'class="bar-episode"' in figures[0]
    assert 'class="bar-line"' not in figures[1]


HOSTILE = "<script>alert(1)</script>\"'><svg onload=alert(2)>&{{7*7}}"


def test_a_hostile_name_stays_text_wherever_it_stands(tmp_path: Path) -> None:
    """In a site, a point, an episode, a file."""
    site = make_site(tmp_path / "site", name=HOSTILE, point=HOSTILE)
    (tmp_path / "known.yaml").write_text(
        "- {name: '" + HOSTILE.replace("'", "''") + "', from: 2024-03-05, to: 2024-04-30}\n", encoding="utf-8"
    )
    name = tmp_path / "<b onclick=alert(3)>.ndjson"
    backtest(site, "--episodes", tmp_path / "known.yaml", "--report", tmp_path / "r.html", ndjson(name, year()))
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    elements = Elements(text).found
    assert "script" not in {tag for tag, _ in elements}
    assert not [attrs for _, attrs in elements for name in attrs if name.startswith("on")]
    assert text.count("&lt;script&gt;alert(1)") >= 5
    assert "&lt;b onclick=alert(3)&gt;" in text
    assert "{{7*7}}" in text


def test_a_history_without_prices_or_alarms_has_a_report_too(tmp_path: Path) -> None:
    """It says that there would have been nothing."""
    site = make_site(tmp_path / "site")
    backtest(site, "--report", tmp_path / "r.html", ndjson(tmp_path / "y.ndjson", [reading(0, "4", source="x")]))
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "没有警报" in text
    assert "不会有事件" in text
    assert "<figure>" not in text
    Elements(text)


# -- charts


def test_the_marks_of_an_axis_of_time_are_beginnings_of_days_months_or_years_in_shanghai() -> None:
    """As few as fit."""
    year = TimeScale(START, START + timedelta(days=2555))
    assert [tick.text for tick in year.ticks(7)] == ["2025", "2026", "2027", "2028", "2029", "2030"]
    assert [tick.text for tick in TimeScale(START, START + timedelta(days=5)).ticks(7)] == [
        "01-02", "01-03", "01-04", "01-05", "01-06",
    ]  # fmt: skip
    assert [tick.text for tick in TimeScale(START, START + timedelta(days=200)).ticks(4)] == ["2024-04", "2024-07"]
    for days in (0, 1, 13, 40, 400, 40_000):
        ticks = TimeScale(START, START + timedelta(days=days)).ticks(7)
        assert len(ticks) <= 8
        assert all(0 <= tick.at <= 1 for tick in ticks)


def test_the_marks_of_an_axis_of_prices_are_round() -> None:
    """1, 2 or 5 times a power of ten apart, never more than asked."""
    assert [tick.text for tick in PriceScale([2.5, 5.5]).ticks(4)] == ["3", "4", "5"]
    assert [tick.text for tick in PriceScale([4.6, 4.6]).ticks(4)] != []
    assert [tick.text for tick in PriceScale([3000.0, 3300.0]).ticks(4)] == ["3,000", "3,100", "3,200", "3,300"]


def series(readings: list[GrainPriceReading], tmp_path: Path) -> Series:
    (found,) = series_of(read_library(make_site(tmp_path / "site")), in_order(readings))
    return found


def test_a_corrected_price_is_drawn_as_corrected_in_the_unit_of_its_line(tmp_path: Path) -> None:
    """2.35 元/斤 is 4.70 元/kg; a source that does not decide is not drawn."""
    drawn = series(
        [
            reading(0, "4.00"), reading(7, "9.00"), reading(7, "2.35", unit="元/斤", revision=1),
            reading(9, "8.00", source="another"),
        ],
        tmp_path,
    )  # fmt: skip
    assert [price for _, price in drawn.readings] == [4.0, 4.7]
    assert drawn.lines == [DrawnLine(4.6, pytest.approx(4.37))]


def test_a_line_is_broken_where_nothing_was_read(tmp_path: Path) -> None:
    """Missing data is never normal."""
    drawn = series([reading(day, "4.00") for day in (0, 1, 2, 3, 20, 21)], tmp_path)
    assert panel(drawn, TimeScale(START, START + timedelta(days=30)), [], []).path.count("M") == 2


def test_ten_years_of_days_keep_every_peak_and_stay_small(tmp_path: Path) -> None:
    """A single day's leap is seen in a drawing of two points a column."""
    days = [reading(day, "9.00" if day == 1234 else f"4.{day % 7}0") for day in range(3650)]
    one = panel(series(days, tmp_path), TimeScale(START, START + timedelta(days=3650)), [], [])
    points = [tuple(map(float, point.split())) for point in one.path[1:].split("L")]
    assert len(points) <= 2 * (PLOT_WIDTH + 1)
    assert (one.peak.x, one.peak.y, one.peak.text) == (*min(points, key=lambda point: point[1]), "9.00")
    assert all(LEFT <= x <= LEFT + PLOT_WIDTH and TOP <= y <= TOP + PLOT_HEIGHT for x, y in points)
