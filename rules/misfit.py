"""Where a plain value, as YAML gives it, does not fit a type: every place at once, in words.

msgspec stops at the first fault and speaks of types; who writes a plan wants the whole list and what to write instead.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import inspect

from rules import expectations
from rules.alerts import Words
from rules.fault import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Misfit(NamedTuple):
    """One place: the value there, and what was expected."""

    path: str
    value: object
    expected: Words


def misfits(value: object, type_: Any, path: str = "$") -> Iterator[Misfit]:
    """Every place of `value` that does not fit `type_`."""
    yield from _walk(value, _type_info(type_), path)


_type_info = cache(inspect.type_info)
"""A library has one type and many files."""


def _walk(value: Any, info: inspect.Type, path: str) -> Iterator[Misfit]:
    inner = info.type if isinstance(info, inspect.Metadata) else info
    if isinstance(inner, inspect.UnionType):
        yield from _one_of(value, inner, path)
    elif isinstance(inner, inspect.StructType):
        yield from _fields(value, inner, path)
    elif isinstance(inner, inspect.ListType):
        yield from _items(value, inner, path)
    elif isinstance(inner, inspect.DictType):
        yield from _pairs(value, inner, path)
    elif not _FITS[type(inner)](value, inner):
        yield Misfit(path, value, expectations.of(info))


def _one_of(value: Any, info: inspect.UnionType, path: str) -> Iterator[Misfit]:
    options = [one for one in info.types if not isinstance(one, inspect.NoneType)]
    if value is None and len(options) < len(info.types):
        return
    kinds = {one.tag: one for one in options if isinstance(one, inspect.StructType) and one.tag is not None}
    if not kinds:
        tried = [list(_walk(value, one, path)) for one in options]
        if all(tried):
            deeper = next((found for found in tried if found[0].path != path), None)
            yield from deeper or [Misfit(path, value, expectations.of(info))]
        return
    field = next(str(one.tag_field) for one in kinds.values())
    if not isinstance(value, dict):
        yield Misfit(path, value, expectations.MAPPING)
    elif value.get(field) in kinds:
        yield from _fields(value, kinds[value[field]], path)
    else:
        yield Misfit(f"{path}.{field}", value.get(field, NOTHING), expectations.choice(sorted(map(str, kinds))))


def _fields(value: Any, info: inspect.StructType, path: str) -> Iterator[Misfit]:
    if not isinstance(value, dict):
        yield Misfit(path, value, expectations.MAPPING)
        return
    known = {field.encode_name: field for field in info.fields}
    for name, field in known.items():
        if name in value:
            yield from _walk(value[name], field.type, f"{path}.{name}")
        elif field.required:
            yield Misfit(f"{path}.{name}", NOTHING, expectations.REQUIRED)
    if info.forbid_unknown_fields:
        for name in value:
            if name not in known and name != info.tag_field:
                yield Misfit(f"{path}.{name}", expectations.THIS_FIELD, expectations.choice(known))


def _items(value: Any, info: inspect.ListType, path: str) -> Iterator[Misfit]:
    if not isinstance(value, list):
        yield Misfit(path, value, expectations.LIST)
        return
    if len(value) < (info.min_length or 0) or (info.max_length is not None and len(value) > info.max_length):
        yield Misfit(path, value, expectations.of(info))
    for i, item in enumerate(value):
        yield from _walk(item, info.item_type, f"{path}[{i}]")


def _pairs(value: Any, info: inspect.DictType, path: str) -> Iterator[Misfit]:
    if not isinstance(value, dict):
        yield Misfit(path, value, expectations.MAPPING)
        return
    for key, item in value.items():
        for _, _, expected in _walk(key, info.key_type, path):
            yield Misfit(f"{path}.{key}", key, expectations.key(expected))
        yield from _walk(item, info.value_type, f"{path}.{key}")


def _text(value: Any, info: inspect.StrType) -> bool:
    if not isinstance(value, str) or (info.pattern is not None and re.search(info.pattern, value) is None):
        return False
    return (info.min_length or 0) <= len(value) and (info.max_length is None or len(value) <= info.max_length)


def _whole(value: Any, info: inspect.IntType) -> bool:
    number = _decimal(value)
    return number is not None and str(value).lstrip("+-").isdigit() and _within(number, info)


def _number(value: Any, info: inspect.FloatType) -> bool:
    number = _decimal(value)
    return number is not None and number.is_finite() and _within(number, info)


def _within(number: Decimal, info: Any) -> bool:
    return (
        (info.ge is None or number >= info.ge)
        and (info.gt is None or number > info.gt)
        and (info.le is None or number <= info.le)
    )


def _decimal(value: Any) -> Decimal | None:
    """A number in the digits 0-9: Python reads 4_60 as 460, and full-width digits too."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    written = str(value)
    try:
        return Decimal(written) if written.isascii() and "_" not in written else None
    except InvalidOperation:
        return None


_FITS: dict[type, Callable[[Any, Any], bool]] = {
    inspect.AnyType: lambda _value, _info: True,
    inspect.StrType: _text,
    inspect.IntType: _whole,
    inspect.FloatType: _number,
    inspect.DecimalType: lambda value, _info: _decimal(value) is not None,
    inspect.BoolType: lambda value, _info: value in ("true", "false", True, False) and value.__class__ is not int,
    inspect.LiteralType: lambda value, info: value in info.values,
}
"""Whether a value is one of a type. What else a type could be, no file of ours has."""
