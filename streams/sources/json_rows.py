"""Rows of NDJSON, one line at a time, and of JSON, one value at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from rules import expectations
from rules.alerts import Words
from rules.decoding import BadFact
from rules.facts import MAX_BYTES
from streams.sources.admission import read_fact, reason_of
from streams.sources.base import FactRow, Row, RowFault, row_fault

BOM = b"\xef\xbb\xbf"
MAX_JSON_BYTES = 64 * 1024 * 1024
"""A JSON document has to be read whole; more than this is for NDJSON, which is read line by line."""
TOO_MUCH = Words(zh=f"超过 {MAX_JSON_BYTES} 字节", en=f"more than {MAX_JSON_BYTES} bytes")
NDJSON = Words(zh="NDJSON，每行一条数据", en="NDJSON for so much: a fact a line")


def fact_row(file: str, line: int, raw: bytes) -> Row:
    """The row of one JSON value."""
    try:
        return FactRow(file, line, read_fact(raw), raw)
    except BadFact as bad:
        return RowFault(file, line, reason_of(bad), bad.faults)


def ndjson_rows(stream: BinaryIO, file: str) -> Iterator[Row]:
    """A fact a line. Empty lines are passed over; a line that is too long is never held in memory."""
    number = found = 0
    while raw := stream.readline(MAX_BYTES + 2):
        number += 1
        if number == 1:
            raw = raw.removeprefix(BOM)
        found += bool(raw.strip())
        if len(raw.rstrip(b"\r\n")) > MAX_BYTES:
            yield long_line(file, number, len(raw) + rest_of_line(stream, raw))
        elif line := raw.strip():
            yield fact_row(file, number, line)
    if not found:
        yield empty(file)


def empty(file: str) -> RowFault:
    """The fault of a file in which there is nothing."""
    return row_fault(file, 1, "empty", value=expectations.EMPTY, expected=expectations.A_FACT)


def long_line(file: str, line: int, size: int) -> RowFault:
    """The fault of a line that is never held in memory."""
    return row_fault(
        file, line, "too-long", value=expectations.size(size), expected=expectations.at_most_bytes(MAX_BYTES)
    )


def not_utf8(file: str, line: int, raw: bytes, position: int, expected: Words = expectations.UTF8) -> RowFault:
    """The fault of bytes that are no text."""
    return row_fault(file, line, "not-utf8", value=expectations.byte(raw, position), expected=expected)


def rest_of_line(stream: BinaryIO, begun: bytes) -> int:
    """Passes over what is left of a line, and says how much it was."""
    passed = 0
    while not begun.endswith(b"\n"):
        begun = stream.readline(MAX_BYTES)
        passed += len(begun)
        if not begun:
            break
    return passed


def json_rows(stream: BinaryIO, file: str) -> Iterator[Row]:
    """The facts of a JSON document: one object, an array of them, or several objects one after the other."""
    raw = stream.read(MAX_JSON_BYTES + 1).removeprefix(BOM)
    if len(raw) > MAX_JSON_BYTES:
        yield row_fault(file, 1, "too-long", value=TOO_MUCH, expected=NDJSON)
        return
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        yield not_utf8(file, raw.count(b"\n", 0, error.start) + 1, raw, error.start)
        return
    if not text.strip():
        yield empty(file)
        return
    yield from _values(text, file)


BROKEN = Words(zh="JSON（其后未再读取）", en="JSON; the rest of the file is unread")
COMMA = Words(zh="`,` 或 `]`（其后未再读取）", en="`,` or `]`; the rest of the file is unread")
BRACKET = Words(zh="`]`", en="`]`")
NO_MORE = Words(zh="数组之后没有内容", en="nothing behind the array")
END = Words(zh="文件已结束", en="the end of the file")
_gap = re.compile(r"[ \t\r\n]*")
# numbers stay text: what one means is the strict decoder's business, and a million digits cost nothing here
_scanner = json.JSONDecoder(parse_int=str, parse_float=str)


def _values(text: str, file: str) -> Iterator[Row]:
    """Every value with the line it begins on. Where the JSON itself breaks, nothing after can be read."""
    position = _skip(text, 0)
    in_array = text.startswith("[", position)
    if in_array:
        position = _skip(text, position + 1)
    line, counted, found = 1, 0, 0
    while position < len(text) and not (in_array and text[position] == "]"):
        line, counted = line + text.count("\n", counted, position), position
        try:
            _, end = _scanner.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            at = error.lineno if isinstance(error, json.JSONDecodeError) else line
            yield _broken(file, at, text[position : position + 40], BROKEN)
            return
        yield fact_row(file, line, text[position:end].encode())
        found += 1
        position = _skip(text, end)
        if in_array and position < len(text) and text[position] == ",":
            position = _skip(text, position + 1)
        elif in_array and text[position : position + 1] != "]":
            at = line + text.count("\n", counted, position)
            yield _broken(file, at, text[position : position + 40], COMMA)
            return
    if in_array and (rest := text[position + 1 :].strip()):
        yield _broken(file, text.count("\n", 0, position) + 1, rest[:40], NO_MORE)
    if in_array and position >= len(text):
        yield _broken(file, text.count("\n") + 1, END, BRACKET)
    elif not found:
        yield empty(file)


def _skip(text: str, position: int) -> int:
    found = _gap.match(text, position)
    return found.end() if found else position


def _broken(file: str, line: int, value: str | Words, expected: Words) -> RowFault:
    return row_fault(file, line, "not-json", value=value or END, expected=expected)
