"""Rows of NDJSON, one line at a time, and of JSON, one value at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from rules.facts import MAX_BYTES, BadFact
from streams.sources.admission import NotAdmitted, read_fact
from streams.sources.base import FactRow, Row, RowFault, reason_of, row_fault

BOM = b"\xef\xbb\xbf"
MAX_JSON_BYTES = 64 * 1024 * 1024
"""A JSON document has to be read whole; more than this is for NDJSON, which is read line by line."""


def fact_row(file: str, line: int, raw: bytes) -> Row:
    """The row of one JSON value."""
    try:
        return FactRow(file, line, read_fact(raw), raw)
    except NotAdmitted as bad:
        return RowFault(file, line, "not-admitted", bad.faults)
    except BadFact as bad:
        reason = "not-utf8" if bad.faults[0].expected == "text in UTF-8" else reason_of(bad.faults)
        return RowFault(file, line, reason, bad.faults)


def ndjson_rows(stream: BinaryIO, file: str) -> Iterator[Row]:
    """A fact a line. Empty lines are passed over; a line that is too long is never held in memory."""
    number = found = 0
    while raw := stream.readline(MAX_BYTES + 2):
        number += 1
        if number == 1:
            raw = raw.removeprefix(BOM)
        found += bool(raw.strip())
        if len(raw.rstrip(b"\r\n")) > MAX_BYTES:
            size = len(raw) + rest_of_line(stream, raw)
            expected = f"at most {MAX_BYTES} bytes"
            yield row_fault(file, number, "too-long", value=f"a line of {size} bytes", expected=expected)
        elif line := raw.strip():
            yield fact_row(file, number, line)
    if not found:
        yield empty(file)


def empty(file: str) -> RowFault:
    """The fault of a file in which there is nothing."""
    return row_fault(file, 1, "empty", value="an empty file", expected="at least one fact")


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
        size = f"more than {MAX_JSON_BYTES} bytes"
        yield row_fault(file, 1, "too-long", value=size, expected="NDJSON for so much: a fact a line")
        return
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        wrong = f"byte {raw[error.start]:#04x}"
        yield row_fault(file, line, "not-utf8", value=wrong, expected="text in UTF-8")
        return
    if not text.strip():
        yield empty(file)
        return
    yield from _values(text, file)


_REST = "the rest of the file is unread"
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
            yield _broken(file, at, text[position : position + 40], f"JSON ({error}); {_REST}")
            return
        yield fact_row(file, line, text[position:end].encode())
        found += 1
        position = _skip(text, end)
        if in_array and position < len(text) and text[position] == ",":
            position = _skip(text, position + 1)
        elif in_array and text[position : position + 1] != "]":
            at = line + text.count("\n", counted, position)
            yield _broken(file, at, text[position : position + 40], f"`,` or `]`; {_REST}")
            return
    if in_array and (rest := text[position + 1 :].strip()):
        yield _broken(file, text.count("\n", 0, position) + 1, rest[:40], "nothing behind the array")
    if in_array and position >= len(text):
        yield _broken(file, text.count("\n") + 1, "the end of the file", "`]`")
    elif not found:
        yield empty(file)


def _skip(text: str, position: int) -> int:
    found = _gap.match(text, position)
    return found.end() if found else position


def _broken(file: str, line: int, value: str, expected: str) -> RowFault:
    return row_fault(file, line, "not-json", value=repr(value) if value else "nothing", expected=expected)
