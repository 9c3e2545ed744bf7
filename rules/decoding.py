"""A message of a fact topic read strictly from its JSON.

Unknown fields are ignored here and kept in the raw record; a wrong one is refused with its path, its value and what was
expected.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from rules import expectations
from rules.alerts import Words
from rules.facts import KINDS, MAX_BYTES, Fact, Message
from rules.fault import NOTHING, ROOT, Fault, Faults, fault, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMEABLE = Words(zh="按 UTC 计在公元 1 至 9999 年内的时间", en="a time whose UTC lies in the years 1 to 9999")
UNREADABLE = Words(zh="无法显示的内容", en="what cannot be shown")


class BadFact(Faults):
    """A message that is no fact."""

    def __str__(self) -> str:
        return "; ".join(map(str, self.faults))

    @property
    def explain(self) -> Words:
        """All its faults, each language by itself."""
        return joined(self.faults)


class TooLong(BadFact):
    """Refused unread, for its length alone."""


_decoder = msgspec.json.Decoder(Message)
_anything = msgspec.json.Decoder()


def decode(raw: bytes, *, max_bytes: int = MAX_BYTES) -> Message:
    """Reads one message of a fact topic. Raises `BadFact`."""
    if len(raw) > max_bytes:
        raise TooLong([fault(ROOT, expectations.size(len(raw)), expectations.at_most_bytes(max_bytes))])
    try:
        message: Message = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise BadFact([_explain(error, raw)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFact([fault(ROOT, raw.decode("utf-8", "replace"), _json(str(error)))]) from None
    found = [*_misread(message, raw), *_unnameable(message), *(message.faults() if isinstance(message, Fact) else ())]
    if found:
        raise BadFact([fault(*one) for one in found])
    return message


def _json(said: str) -> Words:
    """With the place where it breaks, if msgspec says it."""
    at = re.search(r"\(byte ([0-9]+)\)", said)
    if at is None:
        return Words(zh="UTF-8 编码的 JSON", en="JSON in UTF-8")
    return Words(zh=f"UTF-8 编码的 JSON（第 {at[1]} 字节处有误）", en=f"JSON in UTF-8 (it breaks at byte {at[1]})")


def _misread(message: Message, raw: bytes) -> Iterable[tuple[str, object, Words]]:
    """Python reads 4_60 as 460 and ４.６０ as 4.60; a slip for 4.60 is not a price a hundred times as high."""
    if _SUSPECT.search(raw) is None:
        return
    said: dict[str, Any] = _anything.decode(raw)
    for field in message.__struct_fields__:
        value = getattr(message, field)
        if isinstance(value, Decimal):
            yield from _unplain(field, said[field])
        elif isinstance(value, dict):
            for key, one in said.get(field, {}).items():
                yield from _unplain(f"{field}.{key}", one)


def _unplain(path: str, written: object) -> Iterable[tuple[str, object, Words]]:
    if isinstance(written, str) and ("_" in written or not written.isascii()):
        yield path, written, expectations.DECIMAL


_SUSPECT = re.compile(rb"[0-9]_[0-9]|[\xd9\xdb\xdf-\xe1\xea\xf0]|\xef\xbc[\x90-\x99]|\\u")
"""What every number that Python would misread has in it: an underscore, or the first byte of digits other than 0-9."""


def _unnameable(message: Message) -> Iterable[tuple[str, object, Words]]:
    """Instants at the ends of the calendar that do not exist in UTC, in which everything is named."""
    for field in message.__struct_fields__:
        value = getattr(message, field)
        if isinstance(value, datetime) and not 1 < value.year < 9999:  # noqa: PLR2004 - the calendar's own ends
            try:
                value.astimezone(UTC)
            except OverflowError:
                yield field, value.isoformat(), NAMEABLE


def _explain(error: msgspec.ValidationError, raw: bytes) -> Fault:
    """Msgspec says where (`… - at `$.path``) and stops there; value and expectation are looked up by the path."""
    text, _, path = str(error).partition(" - at `")
    of_key = path.startswith("key` in `")
    path = path.rstrip("`").removeprefix("key` in `") or ROOT
    if text.startswith("Object missing required field"):
        name = text.split("`")[1]
        return fault(f"{path}.{name}", NOTHING, expectations.REQUIRED)
    return fault(path, _value_at(raw, path), _expected_at(raw, path, of_key=of_key))


def _expected_at(raw: bytes, path: str, *, of_key: bool) -> Words:
    steps = _steps(path)
    if not steps:
        return expectations.OBJECT
    if steps == ["kind"]:
        return expectations.choice([*KINDS, *(kind for kind in _structs() if kind not in KINDS)])
    kind = _value_at(raw, "$.kind")
    structs = [_structs()[kind]] if isinstance(kind, str) else _structs().values()
    info: inspect.Type = next(f.type for one in structs for f in one.fields if f.encode_name == steps[0])
    for _ in steps[1:]:
        info = _within(info)
    if of_key:
        return expectations.key(expectations.of(_plain(info).key_type))  # type: ignore[attr-defined]
    return expectations.OBJECT if isinstance(_plain(info), inspect.DictType) else expectations.of(info)


def _plain(info: inspect.Type) -> inspect.Type:
    """A type without its constraints and without the possibility that it is absent."""
    while isinstance(info, inspect.Metadata | inspect.UnionType):
        info = (
            info.type
            if isinstance(info, inspect.Metadata)
            else next(one for one in info.types if not isinstance(one, inspect.NoneType))
        )
    return info


def _within(info: inspect.Type) -> inspect.Type:
    plain = _plain(info)
    return plain.value_type if isinstance(plain, inspect.DictType) else plain.item_type  # type: ignore[attr-defined]


@cache
def _structs() -> dict[str, inspect.StructType]:
    """Every kind of message by the word of its field `kind`."""
    info = inspect.type_info(Message)
    assert isinstance(info, inspect.UnionType)  # noqa: S101 - narrows for the type checker
    return {str(one.tag): one for one in info.types if isinstance(one, inspect.StructType)}


def _steps(path: str) -> list[str]:
    return [step for step in path.removeprefix(ROOT).replace("[", ".").replace("]", "").split(".") if step]


def _value_at(raw: bytes, path: str) -> Any:
    try:
        value: Any = _anything.decode(raw)
        for step in _steps(path):
            if step != "...":
                value = value[int(step)] if isinstance(value, list) else value[step]
    except (msgspec.DecodeError, LookupError, ValueError, TypeError, RecursionError):
        return UNREADABLE
    return value
