"""Foreign CSV through a mapping, row by row; two rows of one natural key never pass for two facts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from functools import lru_cache
from typing import BinaryIO
from zoneinfo import ZoneInfo

from rules.alerts import Words
from rules.expectations import choice
from rules.fault import NOTHING, Fault, fault
from rules.shanghai import in_shanghai
from streams.sources.base import FactRow, Row, RowFault, RowSkipped, row_fault
from streams.sources.csv_rows import Record, of_column, records, row_of_cells
from streams.sources.mapping import NAMED, CsvMapping, Value

OTHER_CONTENT = Words(zh="内容不同", en="another content")
NO_COLUMN = Words(zh="没有此列", en="no such column")
_NO_LETTER = re.compile(r"[^\w]+|_+")


class _UnmappedError(ValueError):
    """A value that the mapping has no answer for."""

    def __init__(self, value: str, expected: Words) -> None:
        super().__init__(value)
        self.value, self.expected = value, expected


def mapped_rows(stream: BinaryIO, file: str, mapping: CsvMapping, given: Mapping[str, str]) -> Iterator[Row]:
    """The rows of a foreign CSV. Remembers each natural key: about 200 bytes a fact."""
    if lacking := [name for name in mapping.parameters if not given.get(name)]:
        expected = Words(zh=f"一个值：映射 {mapping.name} 要求提供", en=f"a value: mapping {mapping.name} asks for it")
        yield RowFault(file, 1, "parameter", [fault(name, NOTHING, expected) for name in lacking])
        return
    seen = _Seen()
    checked = False
    for record in records(stream, file, encoding=mapping.encoding, delimiter=mapping.delimiter):
        if isinstance(record, RowFault):
            yield record
            continue
        if not checked and (wrong := _lacking_columns(mapping, record, file)):
            yield wrong
            return
        checked = True
        because = _left_out(mapping, record.cells)
        if because:
            yield RowSkipped(file, record.line, because)
        else:
            yield seen.judged(_row(file, record, mapping, given))


class _Seen:
    """What each natural key said first."""

    def __init__(self) -> None:
        self._first: dict[bytes, tuple[int, bytes]] = {}

    def judged(self, row: Row) -> Row:
        """The row; skipped if it repeats another, refused if it contradicts another."""
        if not isinstance(row, FactRow):
            return row
        key = row.fact.id.bytes + row.fact.revision.to_bytes(4, "big")
        content = bytes.fromhex(row.fact.digest)
        line, first = self._first.setdefault(key, (row.line, content))
        if line == row.line:
            return row
        if first == content:
            return RowSkipped(row.file, row.line, "repeats an earlier row")
        fact = row.fact
        value = getattr(fact, "price", None)
        return row_fault(
            row.file, row.line, "conflict", path="price" if value is not None else "$",
            value=value if value is not None else OTHER_CONTENT,
            expected=_as_line(line, _words(fact.natural_key())),
        )  # fmt: skip


def _words(key: tuple[object, ...]) -> str:
    return " · ".join(in_shanghai(part).isoformat() if isinstance(part, datetime) else str(part) for part in key)


def _as_line(line: int, key: str) -> Words:
    return Words(
        zh=f"与第 {line} 行一致：两行的自然键相同（{key}）",
        en=f"what line {line} says: it has the same natural key {key}",
    )


def _lacking_columns(mapping: CsvMapping, record: Record, file: str) -> RowFault | None:
    """The columns a mapping names and the file does not have, all at once."""
    have = {*record.cells, *mapping.derive}
    named: dict[str, None] = {}
    for value in (*mapping.derive.values(), *mapping.fields.values()):
        templates = [value.template or "", value.otherwise if isinstance(value.otherwise, str) else ""]
        named |= dict.fromkeys([*filter(None, [value.column]), *(value.join or [])])
        named |= dict.fromkeys(name for text in templates for name in NAMED.findall(text))
    named |= dict.fromkeys(condition.column for condition in (*mapping.skip, *mapping.only))
    columns = " | ".join(record.cells)
    expected = Words(zh=f"某一列：{columns}", en=f"a column: {columns}")
    lacking = [fault(name, NO_COLUMN, expected) for name in named if name not in have]
    return RowFault(file, 1, "header", lacking) if lacking else None


def _left_out(mapping: CsvMapping, cells: Mapping[str, str]) -> str:
    for condition in mapping.skip:
        if condition.holds(cells[condition.column]):
            return condition.because or f"skip: {condition.column}"
    for condition in mapping.only:
        if not condition.holds(cells[condition.column]):
            return condition.because or f"only: {condition.column}"
    return ""


def _row(file: str, record: Record, mapping: CsvMapping, given: Mapping[str, str]) -> Row:
    known = dict(record.cells)
    named: dict[str, str] = {}
    origin: dict[str, str] = {}
    faults: list[Fault] = []
    for target, values in ((known, mapping.derive), (named, mapping.fields)):
        for name, value in values.items():
            try:
                target[name] = _evaluate(value, known, given)
            except _UnmappedError as bad:
                faults.append(fault(of_column(name, value.column), bad.value, bad.expected))
            if value.column and target is named:
                origin[name] = value.column
    if faults:
        return RowFault(file, record.line, f"field:{faults[0].path.split(' ')[0]}", faults)
    return row_of_cells(file, record.line, mapping.kind, named, origin)


def _evaluate(value: Value, known: Mapping[str, str], given: Mapping[str, str]) -> str:
    text = _origin(value, known, given)
    if value.map is not None:
        text = _mapped(value, text, known)
    if value.dates is not None and text:
        text = _instant(text, tuple(value.dates), value.at, value.zone)
    return label(text) if value.label else text


def _origin(value: Value, known: Mapping[str, str], given: Mapping[str, str]) -> str:
    if value.column is not None:
        return known[value.column].strip()
    if value.parameter is not None:
        return given[value.parameter]
    if value.template is not None:
        return _filled(value.template, known)
    if value.join is not None:
        return value.separator.join(text for name in value.join if (text := known[name].strip()))
    return value.constant or ""


def _mapped(value: Value, text: str, known: Mapping[str, str]) -> str:
    if not text and value.optional:
        return ""
    table = {foreign.casefold(): one for foreign, one in (value.map or {}).items()}
    ours = table.get(text.casefold(), value.otherwise)
    if ours is None:
        raise _UnmappedError(text, choice(value.map or {}))
    return _filled(ours, known)


def _filled(template: str, known: Mapping[str, str]) -> str:
    return NAMED.sub(lambda found: known[found[1]].strip(), template).strip()


@lru_cache(maxsize=1024)
def _instant(text: str, forms: tuple[str, ...], at: str, zone: str) -> str:
    for form in forms:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is set below
        except ValueError:
            continue
        if not any(mark in form for mark in ("%H", "%I", "%T")):
            found = datetime.combine(found, time.fromisoformat(at))
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).isoformat()
    raise _UnmappedError(text, Words(zh=f"形如 {' 或 '.join(forms)} 的日期", en=f"a date as {' or '.join(forms)}"))


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """`Wheat flour (first grade)` as `wheat-flour-first-grade`: the same however spaced or bracketed."""
    return _NO_LETTER.sub("-", unicodedata.normalize("NFKC", text).casefold()).strip("-")
