"""What comes in is read strictly: a wrong field is refused with its path, its value and what was expected."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import alerts, decoding, facts, identity, units
from rules.alerts import Cause, Words, alert_id, pipeline_fault
from rules.decoding import BadFact
from rules.facts import DrillEnded, DrillStarted, Tick
from rules.fault import Fault, joined
from rules.severity import Severity
from tests.rules.builders import T0, Bench, at, crowd, forecast, price, report

GRAIN: dict[str, Any] = {
    "kind": "grain_price", "county": "330723", "source": "s", "observed_at": "2026-01-01T08:00:00+08:00",
    "point": "P01", "commodity": "rice", "stage": "retail", "price": "4.60", "currency": "CNY", "unit": "元/kg",
}  # fmt: skip
HAZARD: dict[str, Any] = {
    "kind": "hazard_report", "county": "330723", "source": "s", "observed_at": "2026-01-01T08:00:00+08:00",
    "report": "R", "category": "flood", "division": "330723105000", "status": "reported",
}  # fmt: skip
FORECAST: dict[str, Any] = {
    "kind": "disaster_forecast", "county": "330723", "source": "s", "observed_at": "2026-01-01T08:00:00+08:00",
    "warning": "W", "hazard": "rainstorm", "colour": "red", "divisions": ["330723"], "message": "alert",
}  # fmt: skip
EVENT: dict[str, Any] = {
    "kind": "large_event", "county": "330723", "source": "s", "observed_at": "2026-01-01T08:00:00+08:00",
    "event": "E", "name": "n", "venue": "v", "phase": "open",
}  # fmt: skip
MISSING = object()
TIME = "a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00"
PRICE = "a number above 0 and below 1E+12, at most 30 digits"
REQUIRED = "a value: the field is required"
KINDS = "grain_price | hazard_report | disaster_forecast | large_event | tick | drill_started | drill_ended"
KNOWN_UNIT = "a known unit: 元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, L, Unit …"


def refusal(raw: bytes, **options: Any) -> str:
    with pytest.raises(BadFact) as caught:
        decoding.decode(raw, **options)
    return str(caught.value)


def _json(base: dict[str, Any], changed: dict[str, Any]) -> bytes:
    return json.dumps({k: v for k, v in {**base, **changed}.items() if v is not MISSING}).encode()


WRONG_FIELDS = [
    (GRAIN, {"price": "NaN"}, (
            "price: 得到 NaN，应为大于 0、小于 1E+12、至多 30 位的数 (got NaN, expected a number above "
            "0 and below 1E+12, at most 30 digits)"
        )),
    (GRAIN, {"price": "sNaN"}, (
            "price: 得到 sNaN，应为大于 0、小于 1E+12、至多 30 位的数 (got sNaN, expected a number "
            "above 0 and below 1E+12, at most 30 digits)"
        )),
    (GRAIN, {"price": "Infinity"}, (
            "price: 得到 Infinity，应为大于 0、小于 1E+12、至多 30 位的数 (got Infinity, expected a "
            "number above 0 and below 1E+12, at most 30 digits)"
        )),
    (GRAIN, {"price": -1}, (
            "price: 得到 -1，应为大于 0、小于 1E+12、至多 30 位的数 (got -1, expected a number above 0 "
            "and below 1E+12, at most 30 digits)"
        )),
    (GRAIN, {"price": 0}, (
            "price: 得到 0，应为大于 0、小于 1E+12、至多 30 位的数 (got 0, expected a number above 0 "
            "and below 1E+12, at most 30 digits)"
        )),
    (GRAIN, {"price": "1e12"}, (
            "price: 得到 1E+12，应为大于 0、小于 1E+12、至多 30 位的数 (got 1E+12, "
            "expected a number above 0 and below 1E+12, at most 30 digits)"
        )),
    (GRAIN, {"price": "1e999999999"}, (
            "price: 得到 1E+999999999，应为大于 0、小于 1E+12、至多 30 位的数 (got 1E+999999999, "
            "expected a number above 0 and below 1E+12, at most 30 digits)"
        )),
    (GRAIN, {"price": "9" * 200_000}, (
            "price: 200000 位的数，应为大于 0、小于 1E+12、至多 30 位的数 (got a number of 200000 "
            "digits, expected a number above 0 and below 1E+12, at most 30 digits)"
        )),
    (GRAIN, {"price": "abc"}, (
            "price: 得到 'abc'，应为用半角数字 0-9 写的十进制数 (got 'abc', expected a decimal number "
            "in the digits 0-9)"
        )),
    (GRAIN, {"price": "4_60"}, (
            "price: 得到 '4_60'，应为用半角数字 0-9 写的十进制数 (got '4_60', expected a decimal "
            "number in the digits 0-9)"
        )),
    (FORECAST, {"values": {"rain": "1_0"}}, (
            "values.rain: 得到 '1_0'，应为用半角数字 0-9 写的十进制数 (got '1_0', expected a decimal "
            "number in the digits 0-9)"
        )),
    (
        GRAIN, {"price": "４.６０"},
        "price: 得到 '４.６０'，应为用半角数字 0-9 写的十进制数 "
        "(got '４.６０', expected a decimal number in the digits 0-9)",
    ),
    (
        GRAIN, {"price": "٤٦٠"},
        "price: 得到 '٤٦٠'，应为用半角数字 0-9 写的十进制数 (got '٤٦٠', expected a decimal number in the digits 0-9)",
    ),
    (
        FORECAST, {"values": {"rain": "５"}},
        "values.rain: 得到 '５'，应为用半角数字 0-9 写的十进制数 "
        "(got '５', expected a decimal number in the digits 0-9)",
    ),
    (GRAIN, {"price": True}, (
            "price: 得到 true，应为用半角数字 0-9 写的十进制数 (got true, expected a decimal number in "
            "the digits 0-9)"
        )),
    (GRAIN, {"price": None}, (
            "price: 得到 null，应为用半角数字 0-9 写的十进制数 (got null, expected a decimal number in "
            "the digits 0-9)"
        )),
    (GRAIN, {"price": MISSING}, (
            "price: 未填写，应为一个值（此项必填） (got nothing, expected a value: the field is "
            "required)"
        )),
    (
        GRAIN, {"price": "999999999999", "unit": "元/g"},
        (
            "price: 得到 999999999999，应为以 元/g 计、每 kg 大于 0 且小于 1E+12 的价格 (got "
            "999999999999, expected a price of one kg above 0 and below 1E+12, in 元/g)"
        ),
    ),
    (
        GRAIN, {"price": "0.0000000000001", "unit": "元/kg"},
        (
            "price: 得到 1E-13，应为以 元/kg 计、每 kg 大于 0 且小于 1E+12 的价格 (got 1E-13, expected "
            "a price of one kg above 0 and below 1E+12, in 元/kg)"
        ),
    ),
    (
        GRAIN, {"stock_t": "-0.1"},
        "stock_t: 得到 -0.1，应为吨数，不小于 0 (got -0.1, expected tonnes, a number of 0 or more)",
    ),
    (GRAIN, {"unit": "furlong"}, (
            "unit: 得到 'furlong'，应为已知的单位：元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, L, Unit … "
            "(got 'furlong', expected a known unit: 元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, L, Unit …)"
        )),
    (GRAIN, {"unit": "元/0kg"}, (
            "unit: 得到 '元/0kg'，应为已知的单位：元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, L, Unit … "
            "(got '元/0kg', expected a known unit: 元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, L, Unit …)"
        )),
    (GRAIN, {"currency": "USD"}, (
            "currency: 得到 'USD'，应为 CNY，与单位 元/kg 一致 (got 'USD', expected CNY, as the unit "
            "元/kg says)"
        )),
    (GRAIN, {"currency": "cny"}, (
            "currency: 得到 'cny'，应为 ISO 4217 币种代码，如 CNY (got 'cny', expected a currency of "
            "ISO 4217, e.g. CNY)"
        )),
    (GRAIN, {"currency": "CNY\n"}, (
            "currency: 得到 'CNY\\n'，应为 ISO 4217 币种代码，如 CNY (got 'CNY\\n', expected a "
            "currency of ISO 4217, e.g. CNY)"
        )),
    (GRAIN, {"stage": "x"}, (
            "stage: 得到 'x'，应为 purchase | retail | wholesale (got 'x', expected purchase | retail "
            "| wholesale)"
        )),
    (GRAIN, {"stage": 3}, (
            "stage: 得到 3，应为 purchase | retail | wholesale (got 3, expected purchase | retail | "
            "wholesale)"
        )),
    (GRAIN, {"point": ""}, (
            "point: 得到 ''，应为 1 至 200 个字符、不含控制字符的文字 (got '', expected text of 1 to "
            "200 characters without control characters)"
        )),
    (
        GRAIN, {"point": "x" * 201},
        (
            "point: 得到 "
            "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…，"
            "应为 1 至 200 个字符、不含控制字符的文字 (got "
            "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…, "
            "expected text of 1 to 200 characters without control characters)"
        ),
    ),
    (GRAIN, {"point": "a\x00b"}, (
            "point: 得到 'a\\x00b'，应为 1 至 200 个字符、不含控制字符的文字 (got 'a\\x00b', expected "
            "text of 1 to 200 characters without control characters)"
        )),
    (GRAIN, {"point": "P01\n"}, (
            "point: 得到 'P01\\n'，应为 1 至 200 个字符、不含控制字符的文字 (got 'P01\\n', expected "
            "text of 1 to 200 characters without control characters)"
        )),
    (GRAIN, {"county": "33072"}, (
            "county: 得到 '33072'，应为 6 位县级行政区划代码 (got '33072', expected a county code of 6 "
            "digits)"
        )),
    (GRAIN, {"county": "330723\n"}, (
            "county: 得到 '330723\\n'，应为 6 位县级行政区划代码 (got '330723\\n', expected a county "
            "code of 6 digits)"
        )),
    (GRAIN, {"county": 330723}, (
            "county: 得到 330723，应为 6 位县级行政区划代码 (got 330723, expected a county code of 6 "
            "digits)"
        )),
    (GRAIN, {"observed_at": "2026-01-01T08:00:00"}, (
            "observed_at: 得到 '2026-01-01T08:00:00'，应为带时区的 RFC 3339 时间，如 "
            "2026-08-26T16:09:13+08:00 (got '2026-01-01T08:00:00', expected a time of RFC 3339 with "
            "its offset, e.g. 2026-08-26T16:09:13+08:00)"
        )),
    (GRAIN, {"observed_at": "yesterday"}, (
            "observed_at: 得到 'yesterday'，应为带时区的 RFC 3339 时间，如 2026-08-26T16:09:13+08:00 "
            "(got 'yesterday', expected a time of RFC 3339 with its offset, e.g. "
            "2026-08-26T16:09:13+08:00)"
        )),
    (GRAIN, {"observed_at": 5}, (
            "observed_at: 得到 5，应为带时区的 RFC 3339 时间，如 2026-08-26T16:09:13+08:00 (got 5, "
            "expected a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00)"
        )),
    (GRAIN, {"known_at": 5}, (
            "known_at: 得到 5，应为带时区的 RFC 3339 时间，如 2026-08-26T16:09:13+08:00 (got 5, "
            "expected a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00)"
        )),
    (
        GRAIN, {"observed_at": "0001-01-01T00:00:00+08:00"},
        (
            "observed_at: 得到 '0001-01-01T00:00:00+08:00'，应为按 UTC 计在公元 1 至 9999 年内的时间 "
            "(got '0001-01-01T00:00:00+08:00', expected a time whose UTC lies in the years 1 to 9999)"
        ),
    ),
    (GRAIN, {"revision": -1}, (
            "revision: 得到 -1，应为 0 至 1000000 的整数 (got -1, expected a whole number from 0 to "
            "1000000)"
        )),
    (GRAIN, {"revision": 1.5}, (
            "revision: 得到 1.5，应为 0 至 1000000 的整数 (got 1.5, expected a whole number from 0 to "
            "1000000)"
        )),
    (GRAIN, {"revision": "1"}, (
            "revision: 得到 '1'，应为 0 至 1000000 的整数 (got '1', expected a whole number from 0 to "
            "1000000)"
        )),
    (GRAIN, {"kind": "rumour"}, (
            "kind: 得到 'rumour'，应为 grain_price | hazard_report | disaster_forecast | large_event | "
            "tick | drill_started | drill_ended | plan_activated (got 'rumour', expected grain_price | "
            "hazard_report | disaster_forecast | large_event | tick | drill_started | drill_ended | "
            "plan_activated)"
        )),
    (GRAIN, {"kind": 3}, (
            "kind: 得到 3，应为 grain_price | hazard_report | disaster_forecast | large_event | tick | "
            "drill_started | drill_ended | plan_activated (got 3, expected grain_price | hazard_report "
            "| disaster_forecast | large_event | tick | drill_started | drill_ended | plan_activated)"
        )),
    (GRAIN, {"kind": MISSING}, (
            "kind: 未填写，应为一个值（此项必填） (got nothing, expected a value: the field is "
            "required)"
        )),
    (GRAIN, {"exercise": ""}, (
            "exercise: 得到 ''，应为 1 至 200 个字符、不含控制字符的文字 (got '', expected text of 1 "
            "to 200 characters without control characters)"
        )),
    (HAZARD, {"division": "12"}, (
            "division: 得到 '12'，应为 6、9 或 12 位行政区划代码 (got '12', expected a division code "
            "of 6, 9 or 12 digits)"
        )),
    (
        HAZARD, {"division": "330724105000"},
        (
            "division: 得到 '330724105000'，应为 330723 县内的行政区划代码 (got '330724105000', "
            "expected a division of county 330723)"
        ),
    ),
    (HAZARD, {"deaths": -1}, (
            "deaths: 得到 -1，应为 0 至 100000000 的整数 (got -1, expected a whole number from 0 to "
            "100000000)"
        )),
    (HAZARD, {"deaths": "2"}, (
            "deaths: 得到 '2'，应为 0 至 100000000 的整数 (got '2', expected a whole number from 0 to "
            "100000000)"
        )),
    (HAZARD, {"deaths": 10**9}, (
            "deaths: 得到 1000000000，应为 0 至 100000000 的整数 (got 1000000000, expected a whole "
            "number from 0 to 100000000)"
        )),
    (
        HAZARD, {"loss_cny": "-1"},
        "loss_cny: 得到 -1，应为元，不小于 0 的数 (got -1, expected CNY, a number of 0 or more)",
    ),
    (HAZARD, {"status": "x"}, (
            "status: 得到 'x'，应为 closed | rectified | reported | updated | verified (got 'x', "
            "expected closed | rectified | reported | updated | verified)"
        )),
    (HAZARD, {"text": "a\x00"}, (
            "text: 得到 'a\\x00'，应为至多 4000 个不含控制字符的文字 (got 'a\\x00', expected up to "
            "4000 characters of text without control characters)"
        )),
    (FORECAST, {"divisions": []}, "divisions: 得到 []，应为 1 至 1000 项的列表 (got [], expected a list of 1 to 1000)"),
    (
        FORECAST, {"divisions": ["330723", "x"]},
        (
            "divisions[1]: 得到 'x'，应为 6、9 或 12 位行政区划代码 (got 'x', expected a division code "
            "of 6, 9 or 12 digits)"
        ),
    ),
    (FORECAST, {"colour": "green"}, (
            "colour: 得到 'green'，应为 blue | orange | red | yellow (got 'green', expected blue | "
            "orange | red | yellow)"
        )),
    (FORECAST, {"message": "x"}, (
            "message: 得到 'x'，应为 alert | cancel | update (got 'x', expected alert | cancel | "
            "update)"
        )),
    (FORECAST, {"values": {"rain": "NaN"}}, "values.rain: 得到 NaN，应为有限的数 (got NaN, expected a finite number)"),
    (FORECAST, {"values": {"": "1"}}, (
            'values: 得到 {"":"1"}，应为键为 1 至 200 个字符、不含控制字符的文字 (got {"":"1"}, '
            "expected a key that is text of 1 to 200 characters without control characters)"
        )),
    (FORECAST, {"values": {"a": "b"}}, 'values[...]: 得到 {"a":"b"}，应为对象 (got {"a":"b"}, expected an object)'),
    (FORECAST, {"references": [1]}, (
            "references[0]: 得到 1，应为 1 至 200 个字符、不含控制字符的文字 (got 1, expected text of "
            "1 to 200 characters without control characters)"
        )),
    (EVENT, {"capacity": 0}, (
            "capacity: 得到 0，应为 1 至 100000000 的整数 (got 0, expected a whole number from 1 to "
            "100000000)"
        )),
    (EVENT, {"area_m2": 0}, (
            "area_m2: 得到 0，应为平方米，大于 0 的数 (got 0, expected square metres, a number above 0)"
        )),
    (
        EVENT, {"densest_per_m2": -1},
        (
            "densest_per_m2: 得到 -1，应为每平方米人数，不小于 0 的数 (got -1, expected persons a "
            "square metre, a number of 0 or more)"
        ),
    ),
    (EVENT, {"phase": "x"}, (
            "phase: 得到 'x'，应为 closed | dispersing | open | planned | under_way (got 'x', expected "
            "closed | dispersing | open | planned | under_way)"
        )),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "changed", "text"),
    WRONG_FIELDS,
    ids=[f"{b['kind']}-{next(iter(c))}-{i}" for i, (b, c, _) in enumerate(WRONG_FIELDS)],
)
def test_a_wrong_field_is_refused_with_path_value_and_expected(
    base: dict[str, Any], changed: dict[str, Any], text: str
) -> None:
    """The whole text of each refusal."""
    assert refusal(_json(base, changed)) == text


def test_all_wrong_fields_that_types_cannot_say_are_told_at_once() -> None:
    """Price, stock and unit wrong: three faults."""
    assert refusal(_json(GRAIN, {"price": "-1", "stock_t": "NaN", "unit": "x"})) == (
        "price: 得到 -1，应为大于 0、小于 1E+12、至多 30 位的数 (got -1, expected a number above 0 "
        "and below 1E+12, at most 30 digits); stock_t: 得到 NaN，应为吨数，不小于 0 (got NaN, "
        "expected tonnes, a number of 0 or more); unit: 得到 'x'，应为已知的单位：元/kg, 元/斤, "
        "元/500g, 元/吨, KG, 50 KG, L, Unit … (got 'x', expected a known unit: 元/kg, 元/斤, "
        "元/500g, 元/吨, KG, 50 KG, L, Unit …)"
    )


NO_FACTS = [
    (b"", "得到 ''，应为 UTF-8 编码的 JSON (got '', expected JSON in UTF-8)"),
    (
        b"hello",
        (
            "得到 'hello'，应为 UTF-8 编码的 JSON（第 0 字节处有误） (got 'hello', expected JSON in "
            "UTF-8 (it breaks at byte 0))"
        ),
    ),
    (b"[]", "得到 []，应为对象 (got [], expected an object)"),
    (b"3", "得到 3，应为对象 (got 3, expected an object)"),
    (b"null", "得到 null，应为对象 (got null, expected an object)"),
    (
        b"\xff\xfe",
        (
            "得到 '��'，应为 UTF-8 编码的 JSON（第 0 字节处有误） (got '��', expected JSON in UTF-8 "
            "(it breaks at byte 0))"
        ),
    ),
    (
        b'{"kind":"grain_price","source":"\xff"}',
        (
            '得到 \'{"kind":"grain_price","source":"�"}\'，应为 UTF-8 编码的 JSON (got '
            '\'{"kind":"grain_price","source":"�"}\', expected JSON in UTF-8)'
        ),
    ),
    (
        b'{"kind":"tick","at":"2026-01-01T00:00:00Z"}{}',
        (
            '得到 \'{"kind":"tick","at":"2026-01-01T00:00:00Z"}{}\'，应为 UTF-8 编码的 JSON（第 44 '
            '字节处有误） (got \'{"kind":"tick","at":"2026-01-01T00:00:00Z"}{}\', expected JSON in '
            "UTF-8 (it breaks at byte 44))"
        ),
    ),
    (
        b'{"kind":"tick","at":NaN}',
        (
            '得到 \'{"kind":"tick","at":NaN}\'，应为 UTF-8 编码的 JSON（第 20 字节处有误） (got '
            '\'{"kind":"tick","at":NaN}\', expected JSON in UTF-8 (it breaks at byte 20))'
        ),
    ),
    (b"[" * 100_000, "无法显示的内容，应为对象 (got what cannot be shown, expected an object)"),
    (
        b'{"kind":"grain_price","revision":' + b"9" * 100_000 + b"}",
        (
            "revision: 无法显示的内容，应为 0 至 1000000 的整数 (got what cannot be shown, expected a "
            "whole number from 0 to 1000000)"
        ),
    ),
    (
        b'{"kind":"grain_price","source":' + b"[" * 90_000 + b"]" * 90_000 + b"}",
        (
            "source: 无法显示的内容，应为 1 至 200 个字符、不含控制字符的文字 (got what cannot be "
            "shown, expected text of 1 to 200 characters without control characters)"
        ),
    ),
]


@pytest.mark.parametrize(("raw", "text"), NO_FACTS, ids=[repr(raw[:24]) for raw, _ in NO_FACTS])
def test_what_is_no_fact_at_all_is_refused_in_words(raw: bytes, text: str) -> None:
    """Not JSON, not UTF-8, not an object, nested without end, a number without end."""
    assert refusal(raw) == text


def test_an_unknown_field_nested_without_end_is_refused() -> None:
    """Unknown fields are ignored, but not at the price of the stack."""
    raw = _json(GRAIN, {})[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert refusal(raw).endswith("…, expected JSON in UTF-8)")


def test_a_message_of_10_mb_is_refused_unread() -> None:
    """The size is the first thing looked at."""
    assert refusal(b"x" * 10_000_000) == (
        "共 10000000 字节，应为至多 262144 字节 (got 10000000 bytes, expected at most 262144 bytes)"
    )
    assert refusal(b"x" * 11, max_bytes=10) == "共 11 字节，应为至多 10 字节 (got 11 bytes, expected at most 10 bytes)"


def test_each_fault_has_its_parts() -> None:
    """Path, value and expected are to be had one by one."""
    with pytest.raises(BadFact) as caught:
        decoding.decode(_json(GRAIN, {"price": "-1"}))
    assert caught.value.faults == [Fault("price", "-1", facts.PRICE)]
    assert caught.value.explain == joined(caught.value.faults)


def test_names_may_have_underscores_between_digits() -> None:
    """Only of a decimal are they none."""
    assert decoding.decode(_json(GRAIN, {"point": "P_0_1", "x": "1_0"})).point == "P_0_1"  # type: ignore[union-attr]
    assert decoding.decode(_json(FORECAST, {"warning": "W1_2", "values": {"rain": "1.5"}})).id


def test_unknown_fields_are_ignored() -> None:
    """A source may say more than we know."""
    assert decoding.decode(_json(GRAIN, {"colour_of_the_bag": "blue"})) == decoding.decode(_json(GRAIN, {}))


def test_a_price_keeps_its_digits_whether_text_or_number() -> None:
    """4.60 never passes through a binary float."""
    as_number = json.dumps(GRAIN).replace('"4.60"', "4.60").encode()
    assert str(decoding.decode(as_number).price) == str(decoding.decode(_json(GRAIN, {})).price) == "4.60"  # type: ignore[union-attr]


def test_control_messages_are_read() -> None:
    """The tick and the two walls of a drill."""
    assert decoding.decode(b'{"kind":"tick","at":"2026-01-01T00:00:00Z"}') == Tick(at=T0)
    assert decoding.decode(b'{"kind":"tick","at":"2026-01-01T00:00:00Z","exercise":"d"}') == Tick(at=T0, exercise="d")
    started = b'{"kind":"drill_started","exercise":"d","source":"s","at":"2026-01-01T08:00:00+08:00"}'
    assert decoding.decode(started) == DrillStarted(exercise="d", source="s", at=T0)
    assert decoding.decode(b'{"kind":"drill_ended","exercise":"d","at":"2026-01-01T00:00:00Z"}') == DrillEnded(
        exercise="d", at=T0
    )


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            b'{"kind":"tick"}',
            "at: 未填写，应为一个值（此项必填） (got nothing, expected a value: the field is required)",
        ),
        (
            b'{"kind":"tick","at":"now"}',
            (
                "at: 得到 'now'，应为带时区的 RFC 3339 时间，如 2026-08-26T16:09:13+08:00 (got 'now', "
                "expected a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00)"
            ),
        ),
        (
            b'{"kind":"tick","at":"9999-12-31T23:59:59-08:00"}',
            (
                "at: 得到 '9999-12-31T23:59:59-08:00'，应为按 UTC 计在公元 1 至 9999 年内的时间 (got "
                "'9999-12-31T23:59:59-08:00', expected a time whose UTC lies in the years 1 to 9999)"
            ),
        ),
        (
            b'{"kind":"drill_started","exercise":"d"}',
            ("source: 未填写，应为一个值（此项必填） (got nothing, expected a value: the field is required)"),
        ),
        (
            b'{"kind":"drill_ended","at":"2026-01-01T00:00:00Z"}',
            ("exercise: 未填写，应为一个值（此项必填） (got nothing, expected a value: the field is required)"),
        ),
    ],
)
def test_a_wrong_control_message_is_refused(raw: bytes, text: str) -> None:
    """They are read as strictly as facts."""
    assert refusal(raw) == text


def test_known_at_is_when_it_was_observed_unless_said() -> None:
    """Legal reporting clocks start at known_at."""
    assert price(0, "4").known == T0
    assert price(0, "4", known_at=at(5)).known == at(5)


# -- units


@pytest.mark.parametrize(
    ("amount", "unit"),
    [
        ("4.60", "元/kg"), ("2.30", "元/斤"), ("2.30", "元/市斤"), ("4600", "元/吨"), ("2.30", "元/500g"),
        ("4.60", "KG"), ("0.0046", "元/g"), ("0.23", "元/两"), ("230", "元/担"), ("230", "50 KG"), ("4.6", "CNY/千克"),
        ("4.60", "RMB/kg"), ("4600", "MT"), ("4.60", " 元 / 公斤 "),
    ],
)  # fmt: skip
def test_one_price_in_every_unit_is_one_price(amount: str, unit: str) -> None:
    """4.60 元/kg == 2.30 元/斤 == 4600 元/吨 == 2.30 元/500g, exactly."""
    assert price(0, amount, unit=unit).per_base == Decimal("4.60")


def test_pounds_litres_and_dozens_are_of_their_own_dimension() -> None:
    """Exact factors; no bridge between dimensions."""
    assert units.measure("LB").amount * 10**8 == 45359237
    assert units.measure("元/500ml").base == "L"
    assert units.measure("Dozen") == (12, "piece", None)
    assert units.measure("XAF/KG").currency == "XAF"


@pytest.mark.parametrize(
    ("unit", "zh", "en"),
    [
        ("元/kg", "元/kg", "CNY/kg"), ("元/吨", "元/吨", "CNY/t"), ("元/500g", "元/500g", "CNY/500g"),
        ("元/斤", "元/斤", "CNY/jin"), ("元/50公斤", "元/50公斤", "CNY/50kg"), ("50 KG", "CNY/50 KG", "CNY/50 KG"),
        ("RMB/市斤", "RMB/市斤", "CNY/jin"), ("个", "CNY/个", "CNY/piece"),
    ],
)  # fmt: skip
def test_a_unit_is_told_in_both_languages(unit: str, zh: str, en: str) -> None:
    """As the line is written; and for who reads English."""
    assert units.spoken(unit, "CNY") == Words(zh=zh, en=en)


def test_every_unit_that_is_known_has_its_english() -> None:
    """None stays Chinese."""
    assert all(units.spoken(word, "CNY").en.isascii() for word in units._KNOWN)


def test_a_price_that_no_decimal_equals_is_rounded_once_to_12_digits() -> None:
    """1 元 a pound."""
    assert price(0, "1", unit="LB").per_base == Decimal("2.204622621849")


@given(
    st.decimals(min_value="0.0001", max_value="99999", places=4),
    st.sampled_from([("元/kg", 1), ("元/斤", 2), ("元/500g", 2), ("元/两", 20)]),
)
@settings(deadline=None, max_examples=100)
def test_conversion_is_exact(amount: Decimal, unit: tuple[str, int]) -> None:
    """Within a dimension of decimals nothing is rounded."""
    assert price(0, str(amount), unit=unit[0]).per_base == amount * unit[1]


# -- round trip

LABEL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
INSTANT = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001
COMMON = {
    "county": st.just("330723"), "source": LABEL, "observed_at": INSTANT, "known_at": st.none() | INSTANT,
    "reported_at": st.none() | INSTANT, "revision": st.integers(0, 9), "estimated": st.booleans(),
    "exercise": st.none() | LABEL,
}  # fmt: skip
AMOUNT = st.decimals(min_value="0.01", max_value="99999", places=2)
COUNT = st.none() | st.integers(0, 10**8)
ANY_FACT = st.one_of(
    st.builds(
        facts.GrainPriceReading, **COMMON, point=LABEL, commodity=LABEL, price=AMOUNT, currency=st.just("CNY"),
        stage=st.sampled_from(["purchase", "wholesale", "retail"]), unit=st.just("元/kg"), stock_t=st.none() | AMOUNT,
    ),
    st.builds(
        facts.HazardReport, **COMMON, report=LABEL, event=st.none() | LABEL, category=LABEL, deaths=COUNT,
        division=st.sampled_from(["330723", "330723105", "330723105000"]), loss_cny=st.none() | AMOUNT,
        status=st.sampled_from(["reported", "closed"]), rectify_by=st.none() | INSTANT, text=st.none() | LABEL,
    ),
    st.builds(
        facts.DisasterForecast, **COMMON, warning=LABEL, hazard=LABEL, colour=st.sampled_from(["blue", "red"]),
        divisions=st.just(["330723"]), message=st.sampled_from(["alert", "cancel"]), expires=st.none() | INSTANT,
        references=st.lists(LABEL, max_size=3), values=st.dictionaries(LABEL, AMOUNT, max_size=3),
    ),
    st.builds(
        facts.LargeEventStatus, **COMMON, event=LABEL, name=LABEL, venue=LABEL, phase=st.just("open"),
        capacity=st.none() | st.integers(1, 10**6), attendance=COUNT, densest_per_m2=st.none() | AMOUNT,
    ),
)  # fmt: skip


@given(ANY_FACT)
@settings(deadline=None, max_examples=200)
def test_a_fact_written_and_read_is_the_same_fact(fact: facts.AnyFact) -> None:
    """Encode, decode: equal, with the same identity and content."""
    again = decoding.decode(facts.encode(fact))
    assert again == fact
    assert (again.id, again.digest) == (fact.id, fact.digest)  # type: ignore[union-attr]


@given(ANY_FACT, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=100)
def test_identity_does_not_depend_on_zone_or_field_order(fact: facts.AnyFact, shuffle: Any) -> None:
    """One moment has one name whatever zone its reporter wrote it in, and JSON has no order."""
    fields = list(json.loads(facts.encode(fact)).items())
    shuffle.shuffle(fields)
    instants = ("observed_at", "known_at", "reported_at", "expires", "rectify_by")
    moved = {k: _in_kathmandu(v) if k in instants and v else v for k, v in fields}
    again = decoding.decode(json.dumps(moved).encode())
    assert (again.id, again.digest) == (fact.id, fact.digest)  # type: ignore[union-attr]


def _in_kathmandu(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat()


# -- identity

PINNED = {
    "price": (price(0, "4.60"), "b725523f-b62d-5d1f-9332-c35a642458c0"),
    "price of a drill": (price(0, "4.60", exercise="drill-1"), "071aad89-be8d-56ea-be15-f778b3eec96a"),
    "report": (report(0), "b585897f-940f-5b27-b421-c77b923f406c"),
    "forecast": (forecast(0), "c4e77f72-d509-5690-b829-dd83a8956d79"),
    "event": (crowd(0, 1), "cae63291-87fe-5446-a85c-f0b5229b8121"),
}


@pytest.mark.parametrize("which", PINNED)
def test_identities_never_change(which: str) -> None:
    """Everything stored is known by them: a change here would page every old alarm again."""
    fact, expected = PINNED[which]
    assert fact.id == UUID(expected)
    assert fact.id.version == 5


def test_the_identity_of_an_alert_never_changes() -> None:
    """By a fact, and by a timer."""
    of = {
        "county": "330723",
        "detector": "grain/upper",
        "subject": "P01/rice/retail",
        "before": "normal",
        "after": "line",
    }
    by_fact = alert_id(exercise=None, cause=Cause(fact=UUID(int=1), revision=2), **of)  # type: ignore[arg-type]
    by_time = alert_id(exercise=None, cause=Cause(due=T0), **of)  # type: ignore[arg-type]
    in_drill = alert_id(exercise="d", cause=Cause(due=T0), **of)  # type: ignore[arg-type]
    assert [str(one) for one in (by_fact, by_time, in_drill)] == [
        "cf40a022-e6aa-5ff2-8c59-a0734c7847a2",
        "676a5a53-f8f1-5989-b108-96828185ab67",
        "0f9d1b5d-f263-5ad1-b795-a2ada8ae58bf",
    ]


def test_a_pipeline_fault_is_named_by_its_part_subject_and_instant() -> None:
    """The same fault at the same instant is one alert; its end is another."""
    words = Words(zh="断", en="broken")
    fault = pipeline_fault(county="330723", part="provider", subject="twilio", at=T0, explain=words)
    over = pipeline_fault(county="330723", part="provider", subject="twilio", at=T0, explain=words, over=True)
    assert (str(fault.id), fault.place, fault.rises) == (
        "1b283bab-0dd3-51d2-b5cf-03633403d1be",
        "330723/provider/twilio",
        True,
    )
    assert (over.before, over.after, over.reason, over.rises) == ("line", "normal", "recovered", False)
    assert over.id != fault.id


def test_an_alert_written_and_read_is_the_same_alert() -> None:
    """On topic `alerts`; what a forecast causes carries the drill, the estimate and the history."""
    (alert,) = Bench().give(price(0, "4.60", estimated=True), appended_at=at(60 * 24 * 90)).alerts
    again = alerts.decode(alerts.encode(alert))
    assert again == alert
    assert (again.severity, again.historic, again.estimated) == (Severity.LINE, True, True)
    with pytest.raises(msgspec.ValidationError, match=r"^Object missing required field `id`$"):
        alerts.decode(b"{}")


def test_an_instant_is_named_in_utc_to_the_microsecond() -> None:
    """Summer time and odd zones fall away."""
    assert identity.utc_micros(datetime(2026, 8, 26, 16, 9, 13, 5, timezone(timedelta(hours=8)))) == (
        "2026-08-26T08:09:13.000005Z"
    )


def test_a_naive_time_has_no_name() -> None:
    """Guessing a zone would give one moment two names."""
    with pytest.raises(ValueError, match=r"^time: got 2026-01-01T00:00:00, expected a time with its offset from UTC$"):
        identity.name("fact", [datetime(2026, 1, 1)])  # noqa: DTZ001


@pytest.mark.parametrize(
    "other",
    [
        price(0, "4.60", exercise="d"), price(1, "4.60"), price(0, "4.60", point="P02"), price(0, "4.60", source="x"),
        price(0, "4.60", stage="wholesale"), price(0, "4.60", commodity="flour"),
    ],
)  # fmt: skip
def test_each_part_of_the_natural_key_counts(other: facts.GrainPriceReading) -> None:
    """And so does the drill: an exercise and a real fact never share an identity."""
    assert other.id != price(0, "4.60").id


def test_a_correction_is_the_same_fact() -> None:
    """The revision is a version, not another fact."""
    assert price(0, "4.60", revision=1).id == price(0, "4.50").id


def test_content_is_what_is_said_not_how_or_when_it_was_sent() -> None:
    """A source that sends 4.6 at night for the 4.60 of the morning has said the same."""
    said = price(0, "4.60")
    china = timezone(timedelta(hours=8))
    same = [
        price(0, "4.6"), price(0, "4.60", reported_at=at(9)), price(0, "4.60", known_at=T0),
        price(0, "4.60", observed_at=T0.astimezone(china)), price(0, "4.60", known_at=T0.astimezone(china)),
    ]  # fmt: skip
    other = [
        price(0, "4.61"),
        price(0, "4.60", estimated=True),
        price(0, "4.60", known_at=at(1)),
        price(0, "2.30", unit="元/斤"),
    ]
    assert {one.digest for one in same} == {said.digest}
    assert said.digest not in {one.digest for one in other}
    rain = [
        forecast(0, values={"a": Decimal("1.0"), "b": Decimal(2)}),
        forecast(0, values={"b": Decimal("2.00"), "a": Decimal(1)}),
    ]
    assert rain[0].digest == rain[1].digest
