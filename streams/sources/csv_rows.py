"""Rows of CSV with their line numbers, whatever is in them; facts from CSV with a fact's own field names."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Literal

import msgspec

from rules.alerts import Words
from rules.decoding import BadFact
from rules.facts import KINDS, MAX_BYTES
from rules.fault import NOTHING, Fault
from streams.sources import cells
from streams.sources.admission import KIND, read_fact, reason_of
from streams.sources.base import FactRow, Row, RowFault, row_fault
from streams.sources.json_rows import BOM, empty, long_line, not_utf8, rest_of_line

MAX_LINES = 40
"""A cell in quotes may go over some lines. Beyond this its quote never closes, and only one line is lost."""

Encoding = Literal["utf-8", "gb18030"]
"""GB 18030 is what spreadsheets on Chinese desktops write."""


CLOSED = Words(zh="闭合的引号", en="a quote that is closed")
CSV = Words(zh="合法的 CSV", en="CSV")
ONCE = Words(zh="每列只命名一次", en="each column named once")


class Record(msgspec.Struct, frozen=True):
    """One record of a table: its cells by column, and the line it begins on."""

    line: int
    cells: dict[str, str]


def records(
    stream: BinaryIO, file: str, *, encoding: Encoding = "utf-8", delimiter: str = ","
) -> Iterator[Record | RowFault]:
    """The records below the header. One that cannot be read is a fault, and reading goes on behind it."""
    header: list[str] | None = None
    for line, row in _rows(stream, file, encoding, delimiter):
        if isinstance(row, RowFault):
            yield row
            if header is None:
                return
        elif header is None:
            header = [name.strip() for name in row]
            if fault := _bad_header(header, file, line):
                yield fault
                return
        elif len(row) != len(header):
            yield row_fault(file, line, "cells", value=_cells(len(row)), expected=_as_header(len(header)))
        else:
            yield Record(line, dict(zip(header, row, strict=True)))
    if header is None:
        yield empty(file)


def _rows(
    stream: BinaryIO, file: str, encoding: Encoding, delimiter: str
) -> Iterator[tuple[int, list[str] | RowFault]]:
    """Every record that is not empty. Lines taken into a quote that never closes are given back."""
    waiting: deque[bytes] = deque()
    number = 0

    def read() -> bytes:
        return waiting.popleft() if waiting else stream.readline(MAX_BYTES + 2)

    while raw := read():
        number += 1
        if number == 1:
            raw = raw.removeprefix(BOM)
        if len(raw.rstrip(b"\r\n")) > MAX_BYTES:
            yield number, long_line(file, number, len(raw) + rest_of_line(stream, raw))
            continue
        row = _parse(raw, file, number, encoding, delimiter)
        behind: list[bytes] = []
        while row is None and len(behind) < MAX_LINES and (more := read()):
            behind.append(more)
            row = _parse(raw + b"".join(behind), file, number, encoding, delimiter)
        if row is None or isinstance(row, RowFault):
            waiting.extendleft(reversed(behind))
            behind.clear()
            row = row or _not_csv(file, number, raw, CLOSED)
        if isinstance(row, RowFault) or any(cell.strip() for cell in row):
            yield number, row
        number += len(behind)


def _parse(raw: bytes, file: str, number: int, encoding: str, delimiter: str) -> list[str] | RowFault | None:
    """The cells of a record; None when a quote is still open."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        return not_utf8(file, number, raw, error.start, _text_in(encoding))
    try:
        found = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
        return _not_csv(file, number, raw, CSV)
    return found[0] if found else []


def _not_csv(file: str, number: int, raw: bytes, expected: Words) -> RowFault:
    text = raw[:60].decode("utf-8", "replace").rstrip()
    return row_fault(file, number, "not-csv", value=text, expected=expected)


def _bad_header(header: list[str], file: str, line: int) -> RowFault | None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if not twice:
        return None
    return row_fault(file, line, "header", value=twice, expected=ONCE)


def _cells(number: int) -> Words:
    return Words(zh=f"共 {number} 格", en=f"{number} cells")


def _as_header(number: int) -> Words:
    return Words(zh=f"{number} 格，与表头一致", en=f"{number} cells, as in the header")


def _text_in(encoding: str) -> Words:
    return Words(zh=f"{encoding.upper()} 编码的文字", en=f"text in {encoding.upper()}")


def csv_rows(
    stream: BinaryIO,
    file: str,
    given: Mapping[str, str],
    *,
    encoding: Encoding = "utf-8",
    delimiter: str = ",",
) -> Iterator[Row]:
    """Facts from CSV whose header names the fields of a fact. `given` says what no column does (`kind` …)."""
    for record in records(stream, file, encoding=encoding, delimiter=delimiter):
        if isinstance(record, RowFault):
            yield record
            continue
        named = {**given, **{name: cell for name, cell in record.cells.items() if cell.strip()}}
        kind = named.get("kind", "").strip()
        if kind in KINDS:
            yield row_of_cells(file, record.line, kind, named)
        else:
            yield row_fault(file, record.line, "field:kind", path="kind", value=kind or NOTHING, expected=KIND)


def row_of_cells(
    file: str, line: int, kind: str, named: Mapping[str, str], origin: Mapping[str, str] | None = None
) -> Row:
    """The row of a fact's cells. `origin` says of a field which column it came from."""
    raw = cells.to_json(kind, named)
    try:
        return FactRow(file, line, read_fact(raw), raw)
    except BadFact as bad:
        return RowFault(file, line, reason_of(bad), [_in_words_of_the_file(one, origin or {}) for one in bad.faults])


def _in_words_of_the_file(wrong: Fault, origin: Mapping[str, str]) -> Fault:
    column = origin.get(wrong.path)
    return msgspec.structs.replace(wrong, path=of_column(wrong.path, column))


def of_column(field: str, column: str | None) -> str:
    """A field with the column it comes from, where that has another name."""
    return f"{field} ({column})" if column and column != field else field
