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

from rules import alerts, facts, identity, units
from rules.alerts import Cause, Words, alert_id, pipeline_fault
from rules.facts import BadFact, DrillEnded, DrillStarted, Tick
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
        facts.decode(raw, **options)
    return str(caught.value)


def _json(base: dict[str, Any], changed: dict[str, Any]) -> bytes:
    return json.dumps({k: v for k, v in {**base, **changed}.items() if v is not MISSING}).encode()


WRONG_FIELDS = [
    (GRAIN, {"price": "NaN"}, f"$.price: got NaN, expected {PRICE}"),
    (GRAIN, {"price": "sNaN"}, f"$.price: got sNaN, expected {PRICE}"),
    (GRAIN, {"price": "Infinity"}, f"$.price: got Infinity, expected {PRICE}"),
    (GRAIN, {"price": -1}, f"$.price: got -1, expected {PRICE}"),
    (GRAIN, {"price": 0}, f"$.price: got 0, expected {PRICE}"),
    (GRAIN, {"price": "1e12"}, f"$.price: got a number of 1 digits, expected {PRICE}"),
    (GRAIN, {"price": "1e999999999"}, f"$.price: got a number of 1 digits, expected {PRICE}"),
    (GRAIN, {"price": "9" * 200_000}, f"$.price: got a number of 200000 digits, expected {PRICE}"),
    (GRAIN, {"price": "abc"}, "$.price: got 'abc', expected a decimal number"),
    (GRAIN, {"price": "4_60"}, "$.price: got '4_60', expected a decimal number"),
    (FORECAST, {"values": {"rain": "1_0"}}, "$.values.rain: got '1_0', expected a decimal number"),
    (GRAIN, {"price": True}, "$.price: got 'true', expected a decimal number"),
    (GRAIN, {"price": None}, "$.price: got 'null', expected a decimal number"),
    (GRAIN, {"price": MISSING}, f"$.price: got nothing, expected {REQUIRED}"),
    (
        GRAIN, {"price": "999999999999", "unit": "元/g"},
        "$.price: got 999999999999, expected a price of one kg above 0 and below 1E+12, in 元/g",
    ),
    (
        GRAIN, {"price": "0.0000000000001", "unit": "元/kg"},
        "$.price: got 1E-13, expected a price of one kg above 0 and below 1E+12, in 元/kg",
    ),
    (GRAIN, {"stock_t": "-0.1"}, "$.stock_t: got -0.1, expected tonnes, a number of 0 or more"),
    (GRAIN, {"unit": "furlong"}, f"$.unit: got 'furlong', expected {KNOWN_UNIT}"),
    (GRAIN, {"unit": "元/0kg"}, f"$.unit: got '元/0kg', expected {KNOWN_UNIT}"),
    (GRAIN, {"currency": "USD"}, "$.currency: got 'USD', expected CNY, as the unit 元/kg says"),
    (GRAIN, {"currency": "cny"}, "$.currency: got 'cny', expected a currency of ISO 4217, e.g. CNY"),
    (GRAIN, {"currency": "CNY\n"}, "$.currency: got 'CNY\\n', expected a currency of ISO 4217, e.g. CNY"),
    (GRAIN, {"stage": "x"}, "$.stage: got 'x', expected purchase | wholesale | retail"),
    (GRAIN, {"stage": 3}, "$.stage: got '3', expected text"),
    (GRAIN, {"point": ""}, "$.point: got '', expected text of length >= 1"),
    (
        GRAIN, {"point": "x" * 201},
        f"$.point: got '{'x' * 79}… (203 characters), expected text of length <= 200",
    ),
    (GRAIN, {"point": "a\x00b"}, "$.point: got 'a\\x00b', expected text without control characters"),
    (GRAIN, {"point": "P01\n"}, "$.point: got 'P01\\n', expected text without control characters"),
    (GRAIN, {"county": "33072"}, "$.county: got '33072', expected a county code of 6 digits"),
    (GRAIN, {"county": "330723\n"}, "$.county: got '330723\\n', expected a county code of 6 digits"),
    (GRAIN, {"county": 330723}, "$.county: got '330723', expected text"),
    (GRAIN, {"observed_at": "2026-01-01T08:00:00"}, f"$.observed_at: got '2026-01-01T08:00:00', expected {TIME}"),
    (GRAIN, {"observed_at": "yesterday"}, f"$.observed_at: got 'yesterday', expected {TIME}"),
    (GRAIN, {"observed_at": 5}, f"$.observed_at: got '5', expected {TIME}"),
    (GRAIN, {"known_at": 5}, f"$.known_at: got '5', expected {TIME}"),
    (
        GRAIN, {"observed_at": "0001-01-01T00:00:00+08:00"},
        "$.observed_at: got '0001-01-01T00:00:00+08:00', expected a time whose UTC lies in the years 1 to 9999",
    ),
    (GRAIN, {"revision": -1}, "$.revision: got '-1', expected a whole number >= 0"),
    (GRAIN, {"revision": 1.5}, "$.revision: got '1.5', expected a whole number"),
    (GRAIN, {"revision": "1"}, "$.revision: got '1', expected a whole number"),
    (GRAIN, {"kind": "rumour"}, f"$.kind: got 'rumour', expected {KINDS}"),
    (GRAIN, {"kind": 3}, "$.kind: got '3', expected text"),
    (GRAIN, {"kind": MISSING}, f"$.kind: got nothing, expected {REQUIRED}"),
    (GRAIN, {"exercise": ""}, "$.exercise: got '', expected text of length >= 1"),
    (HAZARD, {"division": "12"}, "$.division: got '12', expected a division code of 6, 9 or 12 digits"),
    (
        HAZARD, {"division": "330724105000"},
        "$.division: got '330724105000', expected a division of county 330723",
    ),
    (HAZARD, {"deaths": -1}, "$.deaths: got '-1', expected a whole number >= 0"),
    (HAZARD, {"deaths": "2"}, "$.deaths: got '2', expected a whole number"),
    (HAZARD, {"deaths": 10**9}, "$.deaths: got '1000000000', expected a whole number <= 100000000"),
    (HAZARD, {"loss_cny": "-1"}, "$.loss_cny: got -1, expected CNY, a number of 0 or more"),
    (HAZARD, {"status": "x"}, "$.status: got 'x', expected reported | verified | updated | rectified | closed"),
    (HAZARD, {"text": "a\x00"}, "$.text: got 'a\\x00', expected text without control characters"),
    (FORECAST, {"divisions": []}, "$.divisions: got '[]', expected a list of length >= 1"),
    (
        FORECAST, {"divisions": ["330723", "x"]},
        "$.divisions[1]: got 'x', expected a division code of 6, 9 or 12 digits",
    ),
    (FORECAST, {"colour": "green"}, "$.colour: got 'green', expected blue | yellow | orange | red"),
    (FORECAST, {"message": "x"}, "$.message: got 'x', expected alert | update | cancel"),
    (FORECAST, {"values": {"rain": "NaN"}}, "$.values.rain: got NaN, expected a finite number"),
    (FORECAST, {"values": {"": "1"}}, "$.values: got '{\"\":\"1\"}', expected text of length >= 1"),
    (FORECAST, {"values": {"a": "b"}}, "$.values[...]: got '{\"a\":\"b\"}', expected a decimal number"),
    (FORECAST, {"references": [1]}, "$.references[0]: got '1', expected text"),
    (EVENT, {"capacity": 0}, "$.capacity: got '0', expected a whole number >= 1"),
    (EVENT, {"area_m2": 0}, "$.area_m2: got 0, expected square metres, a number above 0"),
    (
        EVENT, {"densest_per_m2": -1},
        "$.densest_per_m2: got -1, expected persons a square metre, a number of 0 or more",
    ),
    (EVENT, {"phase": "x"}, "$.phase: got 'x', expected planned | open | under_way | dispersing | closed"),
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
        f"$.price: got -1, expected {PRICE}; $.stock_t: got NaN, expected tonnes, a number of 0 or more;"
        f" $.unit: got 'x', expected {KNOWN_UNIT}"
    )


NO_FACTS = [
    (b"", "$: got '', expected JSON in UTF-8 (Input data was truncated)"),
    (b"hello", "$: got 'hello', expected JSON in UTF-8 (JSON is malformed: invalid character (byte 0))"),
    (b"[]", "$: got '[]', expected an object"),
    (b"3", "$: got '3', expected an object"),
    (b"null", "$: got 'null', expected an object"),
    (b"\xff\xfe", "$: got '\ufffd\ufffd', expected JSON in UTF-8 (JSON is malformed: invalid character (byte 0))"),
    (
        b'{"kind":"grain_price","source":"\xff"}',
        '$: got \'{"kind":"grain_price","source":"\ufffd"}\', expected JSON in UTF-8'
        " ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte)",
    ),
    (
        b'{"kind":"tick","at":"2026-01-01T00:00:00Z"}{}',
        '$: got \'{"kind":"tick","at":"2026-01-01T00:00:00Z"}{}\', expected JSON in UTF-8'
        " (JSON is malformed: trailing characters (byte 44))",
    ),
    (
        b'{"kind":"tick","at":NaN}',
        '$: got \'{"kind":"tick","at":NaN}\', expected JSON in UTF-8 (JSON is malformed: invalid character (byte 20))',
    ),
    (b"[" * 100_000, "$: got ?, expected an object"),
    (
        b'{"kind":"grain_price","revision":' + b"9" * 100_000 + b"}",
        "$.revision: got ?, expected a whole number within bounds",
    ),
    (b'{"kind":"grain_price","source":' + b"[" * 90_000 + b"]" * 90_000 + b"}", "$.source: got ?, expected text"),
]


@pytest.mark.parametrize(("raw", "text"), NO_FACTS, ids=[repr(raw[:24]) for raw, _ in NO_FACTS])
def test_what_is_no_fact_at_all_is_refused_in_words(raw: bytes, text: str) -> None:
    """Not JSON, not UTF-8, not an object, nested without end, a number without end."""
    assert refusal(raw) == text


def test_an_unknown_field_nested_without_end_is_refused() -> None:
    """Unknown fields are ignored, but not at the price of the stack."""
    raw = _json(GRAIN, {})[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert refusal(raw).endswith(
        "expected JSON in UTF-8 (maximum recursion depth exceeded while deserializing an object)"
    )


def test_a_message_of_10_mb_is_refused_unread() -> None:
    """The size is the first thing looked at."""
    assert refusal(b"x" * 10_000_000) == "$: got 10000000 bytes, expected at most 262144 bytes"
    assert refusal(b"x" * 11, max_bytes=10) == "$: got 11 bytes, expected at most 10 bytes"


def test_each_fault_has_its_parts() -> None:
    """Path, value and expected are to be had one by one."""
    with pytest.raises(BadFact) as caught:
        facts.decode(_json(GRAIN, {"price": "-1"}))
    assert caught.value.faults == [facts.FieldFault("$.price", "-1", PRICE)]


def test_names_may_have_underscores_between_digits() -> None:
    """Only of a decimal are they none."""
    assert facts.decode(_json(GRAIN, {"point": "P_0_1", "x": "1_0"})).point == "P_0_1"  # type: ignore[union-attr]
    assert facts.decode(_json(FORECAST, {"warning": "W1_2", "values": {"rain": "1.5"}})).id


def test_unknown_fields_are_ignored() -> None:
    """A source may say more than we know."""
    assert facts.decode(_json(GRAIN, {"colour_of_the_bag": "blue"})) == facts.decode(_json(GRAIN, {}))


def test_a_price_keeps_its_digits_whether_text_or_number() -> None:
    """4.60 never passes through a binary float."""
    as_number = json.dumps(GRAIN).replace('"4.60"', "4.60").encode()
    assert str(facts.decode(as_number).price) == str(facts.decode(_json(GRAIN, {})).price) == "4.60"  # type: ignore[union-attr]


def test_control_messages_are_read() -> None:
    """The tick and the two walls of a drill."""
    assert facts.decode(b'{"kind":"tick","at":"2026-01-01T00:00:00Z"}') == Tick(at=T0)
    assert facts.decode(b'{"kind":"tick","at":"2026-01-01T00:00:00Z","exercise":"d"}') == Tick(at=T0, exercise="d")
    started = b'{"kind":"drill_started","exercise":"d","source":"s","at":"2026-01-01T08:00:00+08:00"}'
    assert facts.decode(started) == DrillStarted(exercise="d", source="s", at=T0)
    assert facts.decode(b'{"kind":"drill_ended","exercise":"d","at":"2026-01-01T00:00:00Z"}') == DrillEnded(
        exercise="d", at=T0
    )


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'{"kind":"tick"}', f"$.at: got nothing, expected {REQUIRED}"),
        (b'{"kind":"tick","at":"now"}', f"$.at: got 'now', expected {TIME}"),
        (
            b'{"kind":"tick","at":"9999-12-31T23:59:59-08:00"}',
            "$.at: got '9999-12-31T23:59:59-08:00', expected a time whose UTC lies in the years 1 to 9999",
        ),
        (b'{"kind":"drill_started","exercise":"d"}', f"$.source: got nothing, expected {REQUIRED}"),
        (b'{"kind":"drill_ended","at":"2026-01-01T00:00:00Z"}', f"$.exercise: got nothing, expected {REQUIRED}"),
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
    again = facts.decode(facts.encode(fact))
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
    again = facts.decode(json.dumps(moved).encode())
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
