"""A mapping: how columns of a foreign CSV become the fields of a fact. Read strictly, every fault at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from rules.alerts import Words
from rules.expectations import choice
from rules.fault import Fault
from rules.vocabulary import Kind
from rules.yaml_file import BadFiles, Document, decoded
from streams.sources import cells
from streams.sources.csv_rows import Encoding

NAMED = re.compile(r"\{([^{}]+)\}")
_AT = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_ORIGINS = ("column", "constant", "parameter", "template", "join")

ONE_ORIGIN = Words(zh=f"{' | '.join(_ORIGINS)} 中恰好一项", en=f"exactly one of {' | '.join(_ORIGINS)}")
NO_ORIGIN = Words(zh="一项都没有", en="none of them")
BESIDE_MAP = Words(zh="同时有 `map`", en="a `map` beside it")
TIME_OF_DAY = Words(zh="一天中的时刻，如 08:30", en="a time of day, e.g. 08:30")
ZONE = Words(zh="时区，如 Asia/Shanghai", en="a time zone, e.g. Asia/Shanghai")
DATES = Words(zh="含年和月的日期格式，如 %Y-%m-%d", en="a date format with year and month, e.g. %Y-%m-%d")
NO_TEST = Words(zh="没有条件", en="no test")
TESTS = choice(("in", "starts_with", "empty"))
ONE_CHARACTER = Words(zh="一个字符，如 , 或 ;", en="one character, e.g. , or ;")


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one value comes from (exactly one of the first five), and what is then done to it."""

    column: str | None = None
    constant: str | None = None
    parameter: str | None = None
    """Given on the command line, e.g. `county`."""
    template: str | None = None
    """Text with `{column}` in it."""
    join: list[str] | None = None
    """Columns put together, empty ones left out."""

    separator: str = "/"
    map: dict[str, str] | None = None
    """Foreign value (in any case) → ours."""
    otherwise: str | None = None
    """What a value that `map` does not name becomes, a template. Absent: the row is refused."""
    dates: list[str] | None = None
    """The formats a date may have, as of strptime."""
    at: str = "00:00"
    """The time of day of a date without one."""
    zone: str = "UTC"
    """The zone of a date without one."""
    label: bool = False
    """Written as a stable label: small letters and digits, all else a hyphen."""
    optional: bool = False
    """Where nothing comes of it, the field is absent, else the row is refused."""


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"among": "in"}):
    """Holds for a row whose column has one of these values, or begins so, or is empty."""

    column: str
    among: list[str] | None = None
    starts_with: str | None = None
    empty: bool | None = None
    because: str = ""
    """How rows that are left out for it are counted."""

    def holds(self, text: str) -> bool:
        """Whether it holds for the cell."""
        text = text.strip()
        if self.among is not None and text.casefold() in {one.casefold() for one in self.among}:
            return True
        if self.starts_with is not None and text.startswith(self.starts_with):
            return True
        return self.empty is not None and self.empty == (not text)


class CsvMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a foreign CSV is read."""

    name: str
    kind: Kind
    description: str = ""
    delimiter: str = ","
    encoding: Encoding = "utf-8"
    skip: list[Condition] = []
    """A row for which any of these holds is left out."""
    only: list[Condition] = []
    """A row for which any of these does not hold is left out."""
    derive: dict[str, Value] = {}
    """Columns made of others, for templates to use; each may use those before it."""
    commodities: dict[str, Words] = {}
    """Names for people of the goods whose labels `fields` makes, for a site that is made for a file."""
    fields: dict[str, Value]

    def commodity(self, label: str) -> Words | None:
        """The name of a good: of its label, or of the longest beginning of it that has one, with what follows."""
        parts = label.split("-")
        for length in range(len(parts), 0, -1):
            if (found := self.commodities.get("-".join(parts[:length]))) is not None:
                rest = "".join(f" {part}" for part in parts[length:])
                return Words(zh=found.zh + rest, en=found.en + rest)
        return None

    @property
    def parameters(self) -> tuple[str, ...]:
        """What has to be given with the file."""
        values = [*self.derive.values(), *self.fields.values()]
        return tuple(dict.fromkeys(value.parameter for value in values if value.parameter))


def load_mapping(path: Path) -> CsvMapping:
    """The mapping in a file. Raises `BadFiles`; `OSError` where there is none."""
    return parse_mapping(path.read_bytes(), str(path))


def parse_mapping(raw: bytes, file: str) -> CsvMapping:
    """The mapping in a text. Raises `BadFiles`."""
    document = Document(file, decoded(file, raw))
    mapping = document.to(CsvMapping)
    if faults := list(_faults(document, mapping)):
        raise BadFiles(faults)
    return mapping


def _faults(document: Document, mapping: CsvMapping) -> Iterator[Fault]:
    """What the types cannot say."""
    known = cells.shapes(mapping.kind)
    for name in mapping.fields:
        head, dot, _ = name.partition(".")
        if head not in known or (dot and known[head] is not dict):
            yield document.fault(f"$.fields.{name}", name, _field_of(mapping.kind))
    missing = [name for name in cells.required(mapping.kind) if name not in mapping.fields]
    if missing:
        yield document.fault("$.fields", _nothing_for(missing), _each_of(mapping.kind))
    for part, values in (("derive", mapping.derive), ("fields", mapping.fields)):
        for name, value in values.items():
            for path, found, expected in _value_faults(value):
                yield document.fault(f"$.{part}.{name}{path}", found, expected)
    conditions = {f"$.skip[{i}]": one for i, one in enumerate(mapping.skip)}
    conditions |= {f"$.only[{i}]": one for i, one in enumerate(mapping.only)}
    for path, one in conditions.items():
        if one.among is None and one.starts_with is None and one.empty is None:
            yield document.fault(path, NO_TEST, TESTS)
    if len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n':
        yield document.fault("$.delimiter", mapping.delimiter, ONE_CHARACTER)


def _value_faults(value: Value) -> Iterator[tuple[str, object, Words]]:
    origins = [name for name in _ORIGINS if getattr(value, name) is not None]
    if len(origins) != 1:
        there = Words(zh="、".join(origins), en=" and ".join(origins)) if origins else NO_ORIGIN
        yield "", there, ONE_ORIGIN
    if value.otherwise is not None and value.map is None:
        yield ".otherwise", value.otherwise, BESIDE_MAP
    if not _AT.match(value.at):
        yield ".at", value.at, TIME_OF_DAY
    try:
        ZoneInfo(value.zone)
    except (LookupError, ValueError, OSError):
        yield ".zone", value.zone, ZONE
    for index, form in enumerate(value.dates or []):
        if "%Y" not in form or not ({"%m", "%b", "%B"} & set(re.findall(r"%[a-zA-Z]", form))):
            yield f".dates[{index}]", form, DATES


def _field_of(kind: str) -> Words:
    known = " | ".join(cells.shapes(kind))
    return Words(zh=f"{kind} 的字段：{known}", en=f"a field of {kind}: {known}")


def _nothing_for(fields: list[str]) -> Words:
    return Words(zh=f"缺少 {'、'.join(fields)}", en=f"nothing for {', '.join(fields)}")


def _each_of(kind: str) -> Words:
    return Words(zh=f"每项都有值：{kind} 必有这些字段", en=f"a value of each: every {kind} has them")
