"""The first door: files of NDJSON, JSON or CSV. Good rows go, bad rows are told, the first stops nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, Literal

from rules import expectations
from rules.alerts import Words
from streams.sources.base import Row, row_fault
from streams.sources.csv_rows import Encoding, csv_rows
from streams.sources.json_rows import json_rows, ndjson_rows
from streams.sources.mapped import mapped_rows
from streams.sources.mapping import CsvMapping

Format = Literal["ndjson", "json", "csv"]
FORMAT = Words(zh="指明的格式", en="the format said")
SUFFIXES: dict[str, Format] = {
    ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".csv": "csv",
}  # fmt: skip


class FactFile:
    """One file of facts. `given` says what no column does (`kind`, `county` …), and what a mapping asks."""

    def __init__(
        self,
        path: Path,
        *,
        form: Format | None = None,
        mapping: CsvMapping | None = None,
        given: Mapping[str, str] | None = None,
        encoding: Encoding = "utf-8",
        stream: BinaryIO | None = None,
    ) -> None:
        self.path = path
        self.form = "csv" if mapping else form or SUFFIXES.get(path.suffix.lower())
        self.mapping = mapping
        self.given = dict(given or {})
        self.encoding = encoding
        self.position = 0
        """Bytes read so far: what a progress bar shows."""
        self._stream = stream
        """Read instead of the path, e.g. standard input; stays open."""

    @property
    def size(self) -> int | None:
        """Bytes in the file, where that can be known."""
        if self._stream is not None:
            return None
        try:
            return self.path.stat().st_size
        except OSError:
            return None

    def rows(self) -> Iterator[Row]:
        """Every row, in the order of the file: a fact, a fault or left out. An unreadable file is a fault."""
        name = str(self.path)
        if self.form is None:
            expected = expectations.either([expectations.ends_in(SUFFIXES), FORMAT])
            yield row_fault(name, 1, "format", value=self.path.name, expected=expected)
            return
        try:
            with nullcontext(self._stream) if self._stream is not None else self.path.open("rb") as stream:
                for row in self._read(stream, name):
                    self.position = stream.tell() if self._stream is None else self.position
                    yield row
        except OSError as error:
            yield row_fault(name, 1, "unreadable", value=expectations.failed(error), expected=expectations.A_FILE)

    def _read(self, stream: BinaryIO, name: str) -> Iterator[Row]:
        if self.mapping is not None:
            return mapped_rows(stream, name, self.mapping, self.given)
        if self.form == "csv":
            return csv_rows(stream, name, self.given, encoding=self.encoding)
        return ndjson_rows(stream, name) if self.form == "ndjson" else json_rows(stream, name)
