"""Files of facts: good rows are facts, bad rows say where and why, and neither hides the other."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rules import decoding, facts
from rules.alerts import Words
from streams.sources.base import FactRow, Row, RowFault
from streams.sources.csv_rows import MAX_LINES, Encoding
from streams.sources.files import FactFile
from tests.streams.sources.conftest import PRICE

HEADER = "kind,county,source,observed_at,point,commodity,stage,price,currency,unit,estimated\n"
LINE = "grain_price,330723,s,2026-08-26T09:00:00+08:00,{point},rice,retail,{price},CNY,元/kg,{estimated}\n"


def read(content: bytes, name: str, given: Mapping[str, str] | None = None, encoding: Encoding = "utf-8") -> list[Row]:
    return list(FactFile(Path(name), given=given, encoding=encoding, stream=io.BytesIO(content)).rows())


def told(rows: list[Row]) -> list[tuple[int, str]]:
    """Each row in brief: its line, and `ok` or the reason it is refused."""
    return [(row.line, row.reason if isinstance(row, RowFault) else "ok") for row in rows]


def price(**changes: object) -> bytes:
    return json.dumps(PRICE | changes, ensure_ascii=False).encode()


class TestNdjson:
    def test_good_lines_go_whatever_is_between_them(self) -> None:
        """Each bad line is one fault with its own line number; every good line is a fact."""
        content = b"\n".join([
            price(), b"{", price(price=-1), b"", price(point="\u6b66"), b'{"kind":"grain_price\xff"}', b"[]",
            price(exercise="d1"), b'{"kind":"tick","at":"2026-08-26T09:00:00Z"}', price(point="P02"),
        ])  # fmt: skip
        assert told(read(content, "a.ndjson")) == [
            (1, "ok"), (2, "not-json"), (3, "field:price"), (5, "ok"), (6, "not-utf8"), (7, "not-json"),
            (8, "not-admitted"), (9, "not-admitted"), (10, "ok"),
        ]  # fmt: skip

    def test_a_fault_says_field_value_and_what_was_expected(self) -> None:
        (row,) = read(price(unit="bushel"), "a.ndjson")
        assert str(row) == (
            "a.ndjson:1 unit: 得到 'bushel'，应为已知的单位：元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, "
            "L, Unit … (got 'bushel', expected a known unit: 元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, "
            "L, Unit …)"
        )

    def test_bom_and_crlf_are_no_fault(self) -> None:
        rows = read(b"\xef\xbb\xbf" + price() + b"\r\n" + price(point="P02") + b"\r\n", "a.jsonl")
        assert told(rows) == [(1, "ok"), (2, "ok")]

    def test_a_line_of_ten_megabytes_is_refused_and_the_next_is_read(self) -> None:
        rows = read(b'{"x":"' + b"a" * 10_000_000 + b'"}\n' + price() + b"\n", "a.ndjson")
        assert told(rows) == [(1, "too-long"), (2, "ok")]
        assert "(got 10000009 bytes, expected at most 262144 bytes)" in str(rows[0])

    def test_invalid_utf8_in_a_field_that_is_unknown_here_is_refused_too(self) -> None:
        """Unknown fields travel on: what they hold must be text for whoever knows them."""
        raw = price()[:-1] + b',"note":"\xff"}'
        assert told(read(raw, "a.ndjson")) == [(1, "not-utf8")]

    def test_unknown_fields_are_kept(self) -> None:
        (row,) = read(price(note="摊位 3"), "a.ndjson")
        assert isinstance(row, FactRow)
        assert json.loads(row.raw or b"")["note"] == "摊位 3"

    @pytest.mark.parametrize("name", ["a.ndjson", "a.json", "a.csv"])
    @pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
    def test_an_empty_file_is_told(self, name: str, content: bytes) -> None:
        assert told(read(content, name)) == [(1, "empty")]


class TestJson:
    def test_one_object(self) -> None:
        assert told(read(json.dumps(PRICE, indent=2).encode(), "a.json")) == [(1, "ok")]

    def test_an_array_keeps_the_line_of_each_element(self) -> None:
        content = b"[\n" + price() + b",\n" + price(price="x") + b",\n\n" + price(point="P02") + b"\n]\n"
        assert told(read(content, "a.json")) == [(2, "ok"), (3, "field:price"), (5, "ok")]

    def test_objects_one_after_the_other_are_read_as_such(self) -> None:
        assert told(read(price() + b"\n" + price() + b"\n", "a.json")) == [(1, "ok"), (2, "ok")]

    def test_what_stands_before_broken_json_is_read(self) -> None:
        """Behind it nothing can be told apart, and that is said."""
        rows = read(b"[" + price() + b",\n{oops", "a.json")
        assert told(rows) == [(1, "ok"), (2, "not-json")]
        assert "the rest of the file is unread" in str(rows[1])

    def test_an_array_that_does_not_end_is_told(self) -> None:
        assert told(read(b"[" + price(), "a.json")) == [(1, "ok"), (1, "not-json")]

    def test_anything_behind_the_array_is_told(self) -> None:
        assert told(read(b"[" + price() + b"]\n7", "a.json")) == [(1, "ok"), (1, "not-json")]

    @pytest.mark.parametrize("value", ["NaN", "1" * 1_000_000, "1e999999999", "[" * 100_000])
    def test_no_value_is_too_odd_to_be_refused(self, value: str) -> None:
        content = price(price="@").replace(b'"@"', value.encode())
        (row,) = read(content, "a.json")
        assert isinstance(row, RowFault)
        assert len(str(row)) < 1_000

    def test_invalid_utf8_names_its_line(self) -> None:
        assert told(read(b"[\n\n\xff]", "a.json")) == [(3, "not-utf8")]


class TestCsv:
    def test_a_header_of_field_names_makes_facts(self) -> None:
        content = HEADER + LINE.format(point="P01", price="4.60", estimated="true")
        (row,) = read(content.encode(), "a.csv")
        assert isinstance(row, FactRow)
        assert facts.encode(row.fact) == facts.encode(decoding.decode(price(source="s", estimated=True)))

    def test_numbers_lists_and_values_are_read_as_what_they_are(self) -> None:
        content = (
            "warning,hazard,colour,divisions,message,observed_at,values.rain_mm_3h\n"
            "w1,rain,red,330723100;330723101,alert,2026-08-26T09:00:00+08:00,120.5\n"
        )
        given = {"kind": "disaster_forecast", "county": "330723", "source": "weather"}
        (row,) = read(content.encode(), "a.csv", given)
        assert isinstance(row, FactRow)
        fact = row.fact
        assert isinstance(fact, facts.DisasterForecast)
        assert (fact.divisions, str(fact.values["rain_mm_3h"])) == (["330723100", "330723101"], "120.5")

    @pytest.mark.parametrize("kind", ["hazard_report", "large_event"])
    def test_figures_of_the_sites_own_are_columns_of_every_kind_that_has_them(self, kind: str) -> None:
        """`values.NAME`; an empty cell is a figure that is not known."""
        header, cells = {
            "hazard_report": ("report,category,division,status", "R1,forest_fire,330723100,reported"),
            "large_event": ("event,name,venue,phase", "E1,灯会,广场,open"),
        }[kind]
        content = f"{header},observed_at,values.burned_ha,values.depth_m\n{cells},2026-08-26T15:00:00+08:00,3.50,\n"
        (row,) = read(content.encode(), "a.csv", {"kind": kind, "county": "330723", "source": "s"})
        assert isinstance(row, FactRow)
        assert isinstance(row.fact, facts.HazardReport | facts.LargeEventStatus)
        assert {name: str(value) for name, value in row.fact.values.items()} == {"burned_ha": "3.50"}

    def test_an_empty_figure_is_absent_and_not_zero(self) -> None:
        content = (
            "report,category,division,status,observed_at,deaths,injuries\n"
            "r1,fire,330723100,reported,2026-08-26T09:00:00+08:00,,2\n"
        )
        (row,) = read(content.encode(), "a.csv", {"kind": "hazard_report", "county": "330723", "source": "x"})
        assert isinstance(row, FactRow)
        assert isinstance(row.fact, facts.HazardReport)
        assert (row.fact.deaths, row.fact.injuries) == (None, 2)

    def test_every_bad_row_is_told_with_its_line_and_column(self) -> None:
        good = LINE.format(point="P01", price="4.60", estimated="")
        content = HEADER + good + LINE.format(point="P", price="4,60", estimated="") + good.replace(",CNY", "")
        content += LINE.format(point="P", price="NaN", estimated="") + "\n" + good.replace("grain_price", "gold")
        content += LINE.format(point="P", price="4", estimated="perhaps") + good
        rows = read(content.encode(), "a.csv")
        assert told(rows) == [
            (2, "ok"), (3, "cells"), (4, "cells"), (5, "field:price"), (7, "field:kind"), (8, "field:estimated"),
            (9, "ok"),
        ]  # fmt: skip
        assert str(rows[3]).startswith("a.csv:5 price: 得到 NaN，应为大于 0")
        assert str(rows[5]) == (
            "a.csv:8 estimated: 得到 'perhaps'，应为 true | false (got 'perhaps', expected true | false)"
        )

    def test_invalid_utf8_costs_its_own_row_only(self) -> None:
        good = LINE.format(point="P01", price="4.60", estimated="").encode()
        rows = read(HEADER.encode() + good + good.replace(b"P01", b"\xb0\xa1\xff") + good, "a.csv")
        assert told(rows) == [(2, "ok"), (3, "not-utf8"), (4, "ok")]

    def test_a_file_in_gb18030_is_read_when_it_is_said_so(self) -> None:
        content = (HEADER + LINE.format(point="武义", price="4.60", estimated="")).encode("gb18030")
        assert told(read(content, "a.csv")) == [(2, "not-utf8")]
        (row,) = read(content, "a.csv", encoding="gb18030")
        assert isinstance(row, FactRow)
        assert isinstance(row.fact, facts.GrainPriceReading)
        assert row.fact.point == "武义"

    def test_a_cell_in_quotes_may_go_over_lines(self) -> None:
        good = LINE.format(point="P01", price="4", estimated="").strip()
        content = f'{HEADER.strip()},note\n{good},"north, at\nthe ""gate"""\n{good},\n'
        rows = read(content.encode(), "a.csv")
        assert told(rows) == [(2, "ok"), (4, "ok")]
        assert isinstance(rows[0], FactRow)
        assert json.loads(rows[0].raw or b"")["note"] == 'north, at\nthe "gate"'

    def test_a_quote_that_never_closes_costs_its_own_line_only(self) -> None:
        good = LINE.format(point="P01", price="4.60", estimated="")
        content = HEADER + LINE.format(point='"P', price="4", estimated="") + good * (MAX_LINES + 5)
        rows = read(content.encode(), "a.csv")
        assert told(rows) == [(2, "not-csv"), *((n, "ok") for n in range(3, MAX_LINES + 8))]

    def test_a_line_separator_of_unicode_does_not_break_a_row(self) -> None:
        content = f"{HEADER.strip()},note\n{LINE.format(point='P', price='4', estimated='').strip()},a\u2028\x0bb\n"
        assert told(read(content.encode(), "a.csv")) == [(2, "ok")]

    def test_a_column_named_twice_is_told_before_anything_is_read(self) -> None:
        assert told(read(b"kind,price,price\ngrain_price,1,2\n", "a.csv")) == [(1, "header")]


class TestFile:
    def test_a_name_that_tells_no_format_is_told(self) -> None:
        (row,) = read(b"", "prices.xlsx")
        assert str(row) == (
            "prices.xlsx:1: 得到 'prices.xlsx'，应为以 .ndjson | .jsonl | .json | .csv 结尾的文件名 或 "
            "指明的格式 (got 'prices.xlsx', expected a name that ends in .ndjson | .jsonl | .json | "
            ".csv or the format said)"
        )

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        (row,) = FactFile(tmp_path / "none.csv").rows()
        assert isinstance(row, RowFault)
        assert (row.reason, row.faults[0].value) == (
            "unreadable",
            Words(zh="无法读取（No such file or directory）", en="No such file or directory"),
        )

    def test_how_far_it_is_read_is_known_for_a_bar(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ndjson"
        path.write_bytes((price() + b"\n") * 3)
        file = FactFile(path)
        assert len(list(file.rows())) == 3
        assert file.position == file.size
