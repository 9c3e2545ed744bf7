"""Cells of a table into the JSON of a fact, so that a row of CSV is judged by the very same decoder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import msgspec
from msgspec import inspect

from rules.facts import KINDS

_WHOLE = re.compile(r"^[+-]?[0-9]{1,18}$")
_TRUTH = dict.fromkeys(("true", "1", "yes", "是"), True) | dict.fromkeys(("false", "0", "no", "否"), False)
_encode = msgspec.json.Encoder().encode


@cache
def shapes(kind: str) -> dict[str, type]:
    """How the cell of each field of a kind is read: int, bool, list, dict or str."""
    info = inspect.type_info(KINDS[kind])
    assert isinstance(info, inspect.StructType)  # noqa: S101 - narrows for the type checker
    return {field.encode_name: _shape(field.type) for field in info.fields}


@cache
def required(kind: str) -> tuple[str, ...]:
    """The fields a fact of this kind cannot be without."""
    return tuple(f.encode_name for f in msgspec.structs.fields(KINDS[kind]) if f.required)


def to_json(kind: str, cells: Mapping[str, str]) -> bytes:
    """The JSON of a row. An empty cell is an absent field; what cannot be read stays text, and is refused."""
    known = shapes(kind)
    fields: dict[str, object] = {"kind": kind}
    for name, cell in cells.items():
        text = cell.strip()
        head, dot, tail = name.partition(".")
        if not text or name == "kind":
            continue
        if dot and known.get(head) is dict:
            inner = fields.setdefault(head, {})
            if isinstance(inner, dict):
                inner[tail] = text
        else:
            fields[name] = _read(known.get(name, str), text)
    return _encode(fields)


def _read(shape: type, text: str) -> object:
    if shape is int and _WHOLE.match(text):
        return int(text)
    if shape is bool:
        return _TRUTH.get(text.lower(), text)
    if shape is list:
        return [part.strip() for part in text.split(";") if part.strip()]
    return text


def _shape(kind: inspect.Type) -> type:
    if isinstance(kind, inspect.UnionType):
        kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    shapes_of: dict[type, type] = {
        inspect.IntType: int, inspect.BoolType: bool, inspect.ListType: list, inspect.DictType: dict,
    }  # fmt: skip
    return shapes_of.get(type(kind), str)
