"""What was expected, in words: of a type, and what several readers expect alike. Each is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import inspect

from rules.alerts import Words
from rules.fault import beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAPPING = Words(zh="“键: 值”形式的映射", en="a mapping")
OBJECT = Words(zh="对象", en="an object")
LIST = Words(zh="列表", en="a list")
TEXT = Words(zh="文字", en="text")
NUMBER = Words(zh="数", en="a number")
WHOLE = Words(zh="整数", en="a whole number")
DECIMAL = Words(zh="用半角数字 0-9 写的十进制数", en="a decimal number in the digits 0-9")
FINITE = Words(zh="有限的数", en="a finite number")
TRUTH = Words(zh="true | false", en="true | false")
ANY = Words(zh="任意值", en="any value")
REQUIRED = Words(zh="一个值（此项必填）", en="a value: the field is required")
TIME = Words(
    zh="带时区的 RFC 3339 时间，如 2026-08-26T16:09:13+08:00",
    en="a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00",
)
A_FACT = Words(zh="至少一条数据", en="at least one fact")
EMPTY = Words(zh="文件为空", en="an empty file")
A_FILE = Words(zh="可以读取的文件", en="a file that can be read")
UTF8 = Words(zh="UTF-8 编码的文字", en="text in UTF-8")
TONNES = Words(zh="吨数，不小于 0", en="tonnes, a number of 0 or more")
SOME_TONNES = Words(zh="吨数，大于 0", en="tonnes, a number above 0")
NO_CONTROLS = Words(zh="不含控制字符的文字", en="text without control characters")
THIS_FIELD = Words(zh="多出此项", en="this field")


def saying(zh: str, en: str) -> dict[str, Words]:
    """For `Meta(extra=…)`: what a constrained type expects, said where it is constrained."""
    return {"expected": Words(zh=zh, en=en)}


def choice(names: Iterable[object]) -> Words:
    """One of these, as they are written."""
    listed = " | ".join(map(str, names))
    return Words(zh=listed, en=listed)


def key(of_it: Words) -> Words:
    """The name of an entry of a mapping."""
    return Words(zh=f"键为{beside(of_it.zh)}", en=f"a key that is {of_it.en}")


def at_most_bytes(limit: int) -> Words:
    """A length that a message may have."""
    return Words(zh=f"至多 {limit} 字节", en=f"at most {limit} bytes")


def size(number: int) -> Words:
    """A length that something has."""
    return Words(zh=f"共 {number} 字节", en=f"{number} bytes")


def byte(raw: bytes, position: int) -> Words:
    """A byte that is in no text of the encoding."""
    return Words(zh=f"第 {position} 字节为 {raw[position]:#04x}", en=f"byte {raw[position]:#04x} at {position}")


def ends_in(suffixes: Iterable[str]) -> Words:
    """A file whose name tells its format."""
    listed = " | ".join(suffixes)
    return Words(zh=f"以 {listed} 结尾的文件名", en=f"a name that ends in {listed}")


def failed(error: OSError) -> Words:
    """A file that could not be read, in the words of the operating system."""
    said = error.strerror or str(error)
    return Words(zh=f"无法读取（{said}）", en=said)


def known_unit(examples: str) -> Words:
    """A unit of a price."""
    return Words(zh=f"已知的单位：{examples}", en=f"a known unit: {examples}")


def one_of_points(number: int) -> Words:
    """A point of a site that has so many."""
    return Words(zh=f"本站点 {number} 个监测点之一", en=f"one of the site's {number} points")


def currency_of(currency: str, unit: str) -> Words:
    """The currency that a unit's own words fix."""
    return Words(zh=f"{currency}，与单位 {unit} 一致", en=f"{currency}, as the unit {unit} says")


def of(info: inspect.Type) -> Words:
    """What a type expects: what its constraints say of themselves, or words for it. Raises `KeyError` for others."""
    if isinstance(info, inspect.Metadata):
        said = (info.extra or {}).get("expected")
        return said if isinstance(said, Words) else of(info.type)
    return _OF[type(info)](info)


def either(several: Iterable[Words]) -> Words:
    """One of several expectations."""
    each = list(dict.fromkeys((one.zh, one.en) for one in several))
    return Words(zh=" 或 ".join(zh for zh, _ in each), en=" or ".join(en for _, en in each))


def _text(info: inspect.StrType) -> Words:
    if info.pattern is not None:
        return Words(zh=f"符合 {info.pattern} 的文字", en=f"text like {info.pattern}")
    low, high = info.min_length or 0, info.max_length
    if high is not None:
        return Words(zh=f"{low} 至 {high} 个字符的文字", en=f"text of {low} to {high} characters")
    return Words(zh="不为空的文字", en="text that is not empty") if low else TEXT


def _number(what: Words, info: Any) -> Words:
    low, above, high = info.ge, info.gt, info.le
    if low is not None and high is not None:
        return Words(zh=f"{low} 至 {high} 的{what.zh}", en=f"{what.en} from {low} to {high}")
    if above is not None and high is not None:
        return Words(zh=f"大于 {above}、至多 {high} 的{what.zh}", en=f"{what.en} above {above} and at most {high}")
    if low is not None:
        return Words(zh=f"不小于 {low} 的{what.zh}", en=f"{what.en} of {low} or more")
    return what


def _list(info: Any) -> Words:
    least, most = info.min_length or 0, info.max_length
    if most is not None:
        return Words(zh=f"{least} 至 {most} 项的列表", en=f"a list of {least} to {most}")
    return Words(zh=f"至少 {least} 项的列表", en=f"a list of at least {least}") if least else LIST


def _union(info: inspect.UnionType) -> Words:
    return either(of(one) for one in info.types if not isinstance(one, inspect.NoneType))


_OF: dict[type, Callable[[Any], Words]] = {
    inspect.UnionType: _union,
    inspect.LiteralType: lambda info: choice(info.values),
    inspect.StrType: _text,
    inspect.IntType: lambda info: _number(WHOLE, info),
    inspect.FloatType: lambda info: _number(NUMBER, info),
    inspect.ListType: _list,
    inspect.FrozenSetType: _list,
    inspect.DecimalType: lambda _: DECIMAL,
    inspect.BoolType: lambda _: TRUTH,
    inspect.DateTimeType: lambda _: TIME,
    inspect.AnyType: lambda _: ANY,
    inspect.StructType: lambda _: MAPPING,
    inspect.DictType: lambda _: MAPPING,
}
