"""A mapping: how columns of a foreign CSV become the fields of a fact. Read strictly, every fault at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from rules.alerts import Words
from rules.facts import KINDS
from streams.sources import cells
from streams.sources.csv_rows import Encoding
from streams.sources.yaml_lines import YamlError, line_of, read_yaml

NAMED = re.compile(r"\{([^{}]+)\}")
_AT = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_ORIGINS = ("column", "constant", "parameter", "template", "join")


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one value comes from (exactly one of the first five), and what is then done to it."""

    column: str | None = None
    constant: str | int | bool | None = None
    parameter: str | None = None
    """Given on the command line, e.g. `county`."""
    template: str | None = None
    """Text with `{column}` in it."""
    join: list[str] | None = None
    """Columns put together, empty ones left out."""

    separator: str = "/"
    map: dict[str, str | bool] | None = None
    """Foreign value (in any case) → ours."""
    otherwise: str | bool | None = None
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
    kind: Literal["grain_price", "hazard_report", "disaster_forecast", "large_event"]
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


class MappingFault(msgspec.Struct, frozen=True):
    """One thing wrong with a mapping."""

    file: str
    line: int
    path: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.path}: got {self.value}, expected {self.expected}"


class MappingError(ValueError):
    """A file that is no mapping. `faults` has all that is wrong with it."""

    def __init__(self, faults: list[MappingFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load_mapping(path: Path) -> CsvMapping:
    """The mapping in a file. Raises `MappingError`; `OSError` where there is none."""
    return parse_mapping(path.read_bytes(), str(path))


def parse_mapping(raw: bytes, file: str) -> CsvMapping:
    """The mapping in a text. Raises `MappingError`."""
    try:
        found, lines = read_yaml(raw.decode())
    except YamlError as error:
        raise MappingError([MappingFault(file, error.line, "$", error.value, error.expected)]) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        wrong_byte = f"byte {raw[error.start]:#04x}"
        raise MappingError([MappingFault(file, line, "$", wrong_byte, "text in UTF-8")]) from None
    wrong = list(_shape_faults(found))
    if not wrong:
        mapping = msgspec.convert(found, CsvMapping)
        wrong = list(_meaning_faults(mapping))
    if wrong:
        raise MappingError([
            MappingFault(file, line_of(lines, path), ".".join(map(str, path)) or "$", value, expected)
            for path, value, expected in wrong
        ])  # fmt: skip
    return mapping


_Fault = tuple[tuple[str | int, ...], str, str]


def _shape_faults(found: object) -> Iterator[_Fault]:
    """What the types say, of each part by itself, so that one fault does not hide another."""
    if not isinstance(found, dict):
        yield (), repr(found)[:60], "a mapping: name, kind, fields …"
        return
    values = {("derive", str(k)): v for k, v in _dict(found, "derive").items()}
    values |= {("fields", str(k)): v for k, v in _dict(found, "fields").items()}
    for path, value in values.items():
        yield from _convert(value, Value, path)
    for part in ("skip", "only"):
        listed = found.get(part)
        for index, one in enumerate(listed if isinstance(listed, list) else []):
            yield from _convert(one, Condition, (part, index))
    fields = {field.encode_name: field for field in msgspec.structs.fields(CsvMapping)}
    for name, value in found.items():
        if name not in fields:
            yield (str(name),), repr(name), " | ".join(fields)
        elif name not in _PARTS or not isinstance(value, _PARTS[name]):
            yield from _convert(value, fields[name].type, (name,))
    for name in (name for name, field in fields.items() if field.required and name not in found):
        yield (name,), "nothing", "a value"


_PARTS = {"derive": dict, "fields": dict, "skip": list, "only": list}
"""What is judged piece by piece."""


def _dict(found: dict[object, object], part: str) -> dict[object, object]:
    inner = found.get(part)
    return inner if isinstance(inner, dict) else {}


def _convert(value: object, kind: Any, path: tuple[str | int, ...]) -> Iterator[_Fault]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `")
        inner = tuple(int(s) if s.isdigit() else s for s in re.findall(r"\w+", where))
        if text.startswith(("Object contains unknown field", "Object missing required field")):
            name = text.split("`")[1]
            unknown = "unknown" in text
            known = " | ".join(f.encode_name for f in msgspec.structs.fields(kind))
            yield (*path, *inner, name), repr(name) if unknown else "nothing", known if unknown else "a value"
        else:
            expected = text.removeprefix("Expected ").split(", got ")[0].replace("`", "")
            expected = " | ".join(KINDS) if path + inner == ("kind",) else expected
            expected = "utf-8 | gb18030" if path + inner == ("encoding",) else expected
            yield (*path, *inner), repr(_at(value, inner))[:60], expected


def _at(value: object, steps: tuple[str | int, ...]) -> object:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
    return value


def _meaning_faults(mapping: CsvMapping) -> Iterator[_Fault]:
    known = cells.shapes(mapping.kind)
    for name in mapping.fields:
        head, dot, _ = name.partition(".")
        if head not in known or (dot and known[head] is not dict):
            yield ("fields", name), repr(name), f"a field of {mapping.kind}: {' | '.join(known)}"
    missing = [name for name in cells.required(mapping.kind) if name not in mapping.fields]
    if missing:
        yield ("fields",), f"nothing for {', '.join(missing)}", f"a value of each: every {mapping.kind} has them"
    for part, values in (("derive", mapping.derive), ("fields", mapping.fields)):
        for name, value in values.items():
            yield from _value_faults(value, (part, name))
    conditions = {("skip", i): one for i, one in enumerate(mapping.skip)}
    conditions |= {("only", i): one for i, one in enumerate(mapping.only)}
    for path, one in conditions.items():
        if one.among is None and one.starts_with is None and one.empty is None:
            yield path, "no test", "in | starts_with | empty"
    if len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n':
        yield ("delimiter",), repr(mapping.delimiter), "one character, e.g. , or ;"


def _value_faults(value: Value, path: tuple[str | int, ...]) -> Iterator[_Fault]:
    origins = [name for name in _ORIGINS if getattr(value, name) is not None]
    if len(origins) != 1:
        yield path, " and ".join(origins) or "none of them", f"exactly one of {' | '.join(_ORIGINS)}"
    if value.otherwise is not None and value.map is None:
        yield (*path, "otherwise"), repr(value.otherwise), "a `map` beside it"
    if not _AT.match(value.at):
        yield (*path, "at"), repr(value.at), "a time of day, e.g. 08:30"
    try:
        ZoneInfo(value.zone)
    except (LookupError, ValueError, OSError):
        yield (*path, "zone"), repr(value.zone), "a time zone, e.g. Asia/Shanghai"
    for index, form in enumerate(value.dates or []):
        if "%Y" not in form or not ({"%m", "%b", "%B"} & set(re.findall(r"%[a-zA-Z]", form))):
            yield (*path, "dates", index), repr(form), "a date format with year and month, e.g. %Y-%m-%d"
