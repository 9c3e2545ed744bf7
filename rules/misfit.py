"""Where a plain value, as YAML gives it, does not fit a type: every place at once, in words.

msgspec stops at the first fault and speaks of types; who writes a plan wants the whole list and what to write instead.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator


class Misfit(NamedTuple):
    """One place: the value there, and what was expected."""

    path: str
    value: object
    expected: str


class Said(str):
    """What is there, in words: shown as it is, where a value is shown in quotes."""

    __slots__ = ()


NOTHING = Said("nothing")


def misfits(value: object, type_: Any, path: str = "$") -> Iterator[Misfit]:
    """Every place of `value` that does not fit `type_`."""
    yield from _walk(value, _type_info(type_), path)


_type_info = cache(inspect.type_info)
"""A library has one type and many files."""


def _walk(value: Any, info: inspect.Type, path: str) -> Iterator[Misfit]:
    if isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType):
        yield from _one_of(value, info, path)
    elif isinstance(info, inspect.StructType):
        yield from _fields(value, info, path)
    elif isinstance(info, inspect.ListType):
        yield from _items(value, info, path)
    elif isinstance(info, inspect.DictType):
        yield from _pairs(value, info, path)
    elif (expected := _leaf(value, info)) is not None:
        yield Misfit(path, value, expected)


def _one_of(value: Any, info: inspect.UnionType, path: str) -> Iterator[Misfit]:
    if value is None and any(isinstance(one, inspect.NoneType) for one in info.types):
        return
    kinds = {one.tag: one for one in info.types if isinstance(one, inspect.StructType) and one.tag is not None}
    if not kinds:
        tried = [list(_walk(value, one, path)) for one in info.types if not isinstance(one, inspect.NoneType)]
        yield from tried[0] if all(tried) else ()
        return
    field = next(str(one.tag_field) for one in kinds.values())
    if not isinstance(value, dict):
        yield Misfit(path, value, "a mapping")
    elif value.get(field) in kinds:
        yield from _fields(value, kinds[value[field]], path)
    else:
        yield Misfit(f"{path}.{field}", value.get(field, NOTHING), " | ".join(sorted(map(str, kinds))))


def _fields(value: Any, info: inspect.StructType, path: str) -> Iterator[Misfit]:
    if not isinstance(value, dict):
        yield Misfit(path, value, "a mapping")
        return
    known = {field.encode_name: field for field in info.fields}
    for name, field in known.items():
        if name in value:
            yield from _walk(value[name], field.type, f"{path}.{name}")
        elif field.required:
            yield Misfit(f"{path}.{name}", NOTHING, "a value: the field is required")
    if info.forbid_unknown_fields:
        for name in value:
            if name not in known and name != info.tag_field:
                yield Misfit(f"{path}.{name}", Said("this field"), f"one of {', '.join(known)}")


def _items(value: Any, info: inspect.ListType, path: str) -> Iterator[Misfit]:
    if not isinstance(value, list):
        yield Misfit(path, value, "a list")
        return
    if len(value) < (info.min_length or 0):
        yield Misfit(path, value, f"a list of at least {info.min_length}")
    for i, item in enumerate(value):
        yield from _walk(item, info.item_type, f"{path}[{i}]")


def _pairs(value: Any, info: inspect.DictType, path: str) -> Iterator[Misfit]:
    if not isinstance(value, dict):
        yield Misfit(path, value, "a mapping")
        return
    for key, item in value.items():
        for wrong in _walk(key, info.key_type, f"{path}.{key}"):
            yield wrong._replace(expected=f"a key that is {wrong.expected}")
        yield from _walk(item, info.value_type, f"{path}.{key}")


def _leaf(value: Any, info: inspect.Type) -> str | None:
    """What was expected in place of the value, or None if it fits."""
    if isinstance(info, inspect.LiteralType):
        return None if value in info.values else " | ".join(map(str, info.values))
    if isinstance(info, inspect.StrType):
        return _text(value, info)
    if isinstance(info, inspect.IntType):
        return _whole(value, info)
    if isinstance(info, inspect.DecimalType):
        return None if _decimal(value) is not None else "a decimal number"
    if isinstance(info, inspect.BoolType):
        return None if value in ("true", "false") else "true | false"
    return None  # of other types msgspec itself speaks


def _text(value: Any, info: inspect.StrType) -> str | None:
    if not isinstance(value, str):
        return "text"
    if info.pattern is not None and re.search(info.pattern, value) is None:
        known = (words for start, words in _PATTERNS.items() if info.pattern.startswith(start))
        return next(known, f"text like {info.pattern}")
    shortest, longest = info.min_length or 0, info.max_length
    if len(value) < shortest or (longest is not None and len(value) > longest):
        return f"text of {shortest} to {longest} characters"
    return None


def _whole(value: Any, info: inspect.IntType) -> str | None:
    number = _decimal(value)
    low, high = info.ge, info.le
    if (
        number is not None
        and str(value).lstrip("+-").isdigit()
        and (low is None or number >= low)
        and (high is None or number <= high)
    ):
        return None
    return "a whole number" if low is None or high is None else f"a whole number from {low} to {high}"


def _decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(value) if isinstance(value, str) and "_" not in value else None
    except InvalidOperation:
        return None


_PATTERNS = {
    "^[0-9]{6}$": "a county code of 6 digits",
    "^[0-9]{6}(": "a division code of 6, 9 or 12 digits",
    "^[a-z0-9]": "a name of a-z, 0-9, - and _",
    "^([0-9]{1,6}(s|m|h|d)|0)": "a duration, e.g. 30s, 5m, 24h, 10d",
    "^[1-9][0-9]{0,3}(s|m|h)": "a duration above 0, e.g. 30s, 5m, 1h",
    "^[^": "text without control characters",
}
