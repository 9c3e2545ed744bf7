"""Grain plans of other counties and cities as example plans: the format carries them all, and grades as they say.

Each is a file in `schemes/`. A row is what was observed → the level → the clause that says so, which the plan names.
Readings are (day, price of rice in 元/kg, stock in percent of normal). Scheme A is the plan that ships:
`test_grain_plans`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from rules.severity import Severity
from tests.rules.builders import report
from tests.rules.conditions.stand import DAY, day
from tests.rules.shipped import given, level, scheme, sources

if TYPE_CHECKING:
    from rules.facts import GrainPriceReading

Seen = tuple[float, str, float]
MINUTE = 1 / DAY


def each_day(first: int, last: int, amount: str, stock: float = 90) -> list[Seen]:
    return [(n, amount, stock) for n in range(first, last + 1)]


def state(letter: str, *seen: Seen, until: float | None = None, trigger: str = "state") -> str:
    """Where one trigger of a scheme stands after these readings (and by a day, with nothing new)."""
    facts: list[Any] = [day(n, amount, stock=stock) for n, amount, stock in seen]
    if until is not None:
        facts.append(until * DAY)
    return level(given(scheme(letter), facts), f"scheme-{letter}/{trigger}")


@pytest.mark.parametrize("letter", ["b", "c", "d", "e", "f"])
def test_each_scheme_is_a_plan_without_a_fault(letter: str) -> None:
    """Loaded with its parent under every check; it reaches at least one level, and each condition names its source."""
    library = scheme(letter)
    plan = library.plans[f"scheme-{letter}"]
    assert {"scheme-" + letter, "overall"} == library.plans.keys()
    assert plan.triggers
    assert all(len(line) > 3 for line in sources(library, plan.id).splitlines())


def test_a_clause_that_looks_across_counties_is_written_and_not_executed() -> None:
    """Three counties sold out, two districts: the city's to judge."""
    for letter, said in (("d", "3 个以上县"), ("f", "2 个以上区")):
        clauses = scheme(letter).plans[f"scheme-{letter}"].out_of_scope
        assert any(said in one.clause.zh for one in clauses)


# -- B: price AND stock; each state is the one before it that has lasted (fsou 169830/16983078_1, art. 10)

B = "fsou 169830/16983078_1"
NORMAL: Seen = (0, "4.00", 100)
ALERT = [NORMAL, *each_day(2, 5, "4.80", 29.99)]  # 警戒 from day 2
TENSE = [*ALERT, *each_day(6, 12, "5.20", 9.99)]  # 紧张 from day 6
URGENT = [*TENSE, *each_day(13, 22, "6.00", 9.99)]  # 紧急 from day 13


@pytest.mark.parametrize(
    ("seen", "expected", "source"),
    [
        # 警戒: 20 % within two days, and stock below 50 %
        ([NORMAL, (2, "4.7999", 49.99)], "normal", f"{B} (1): 1 至 2 天内涨 20 % 以上"),
        ([NORMAL, (2, "4.80", 49.99)], "IV", f"{B} (1): 1 至 2 天内涨 20 % 以上"),
        ([NORMAL, (2, "4.8001", 49.99)], "IV", f"{B} (1): 1 至 2 天内涨 20 % 以上"),
        ([NORMAL, (2, "4.80", 50)], "normal", f"{B} (1): 低于正常库存的 50 %"),
        ([NORMAL, (2, "4.80", 50.01)], "normal", f"{B} (1): 低于正常库存的 50 %"),
        ([NORMAL, (2, "9.00", 100)], "normal", f"{B} (1): 低于正常库存的 50 %"),
        # 紧张: that for four days, 30 %, stock below 30 %
        ([*ALERT, (6 - MINUTE, "5.20", 29.99)], "IV", f"{B} (2): 警戒持续 4 天以上"),
        ([*ALERT, (6, "5.20", 29.99)], "III", f"{B} (2): 警戒持续 4 天以上"),
        ([*ALERT, (6, "5.1999", 29.99)], "IV", f"{B} (2): 涨 30 % 以上"),
        ([*ALERT, (6, "5.2001", 29.99)], "III", f"{B} (2): 涨 30 % 以上"),
        ([*ALERT, (6, "5.20", 30)], "IV", f"{B} (2): 低于 30 %"),
        ([*ALERT, (6, "5.20", 30.01)], "IV", f"{B} (2): 低于 30 %"),
        # 紧急: that for a week, 50 %, stock below 10 %
        ([*TENSE, (13 - MINUTE, "6.00", 9.99)], "III", f"{B} (3): 紧张持续一周以上"),
        ([*TENSE, (13, "6.00", 9.99)], "II", f"{B} (3): 紧张持续一周以上"),
        ([*TENSE, (13, "5.9999", 9.99)], "III", f"{B} (3): 涨 50 % 以上"),
        ([*TENSE, (13, "6.0001", 9.99)], "II", f"{B} (3): 涨 50 % 以上"),
        ([*TENSE, (13, "6.00", 10)], "III", f"{B} (3): 低于 10 %"),
        ([*TENSE, (13, "6.00", 10.01)], "III", f"{B} (3): 低于 10 %"),
        # 特急: that for ten days, 100 %
        ([*URGENT, (23 - MINUTE, "8.00", 9.99)], "II", f"{B} (4): 紧急持续 10 天以上"),
        ([*URGENT, (23, "8.00", 9.99)], "I", f"{B} (4): 紧急持续 10 天以上"),
        ([*URGENT, (23, "7.9999", 9.99)], "II", f"{B} (4): 涨 100 % 以上"),
        ([*URGENT, (23, "8.0001", 9.99)], "I", f"{B} (4): 涨 100 % 以上"),
    ],
)
def test_b_price_and_stock(seen: list[Seen], expected: str, source: str) -> None:
    """Both, and each state only out of the one before it."""
    assert state("b", *seen) == expected
    assert source in sources(scheme("b"), "scheme-b")


def test_b_no_state_is_skipped_however_far_the_price_jumps() -> None:
    """Twice as dear in two days with empty stores is 警戒 until it has lasted; a break begins it anew."""
    assert state("b", NORMAL, (2, "8.00", 1)) == "IV"
    assert state("b", NORMAL, *each_day(2, 4, "8.00", 1), (5, "8.00", 60), (6, "8.00", 1)) == "normal"


# -- C: one of several ways to each state (Guangzhou, fsou 168256/16825628_1)

C = "fsou 168256/16825628_1"
TENSE_C = [NORMAL, *each_day(1, 6, "4.00"), (7, "5.20", 29.99)]  # 紧张 from day 7 (borrowed from B, a site value)


@pytest.mark.parametrize(
    ("seen", "until", "expected", "source"),
    [
        # 紧张, whose figures were not read: those of B within a week
        ([NORMAL, (7, "5.1999", 29.99)], None, "normal", f"紧张的数值未读到，借用 {B} (2)"),
        ([NORMAL, (7, "5.20", 29.99)], None, "IV", f"紧张的数值未读到，借用 {B} (2)"),
        ([NORMAL, (7, "5.2001", 29.99)], None, "IV", f"紧张的数值未读到，借用 {B} (2)"),
        ([NORMAL, (7, "5.20", 30)], None, "normal", f"紧张的数值未读到，借用 {B} (2)"),
        # 紧急: 紧张 for a week, or a week's rise of 50 %, or stock below 10 %
        (TENSE_C, 14 - MINUTE, "IV", f"{C} (三): 紧张持续一周以上"),
        (TENSE_C, 14, "III", f"{C} (三): 紧张持续一周以上"),
        (TENSE_C, 14 + MINUTE, "III", f"{C} (三): 紧张持续一周以上"),
        ([NORMAL, (7, "5.9999", 90)], None, "normal", f"{C} (三): 一周内涨 50 % 以上"),
        ([NORMAL, (7, "6.00", 90)], None, "III", f"{C} (三): 一周内涨 50 % 以上"),
        ([NORMAL, (7, "6.0001", 90)], None, "III", f"{C} (三): 一周内涨 50 % 以上"),
        ([(0, "4.00", 10.01)], None, "normal", f"{C} (三): 低于正常库存量的 10 %"),
        ([(0, "4.00", 10)], None, "normal", f"{C} (三): 低于正常库存量的 10 %"),
        ([(0, "4.00", 9.99)], None, "III", f"{C} (三): 低于正常库存量的 10 %"),
        # 特急: 紧急 for ten days, whichever way it came; or a week's rise of 100 %
        ([(0, "4.00", 9.99)], 10 - MINUTE, "III", f"{C} (四): 紧急持续 10 天以上"),
        ([(0, "4.00", 9.99)], 10, "II", f"{C} (四): 紧急持续 10 天以上"),
        ([NORMAL, (7, "6.00", 90)], 17, "II", f"{C} (四): 紧急持续 10 天以上"),
        (TENSE_C, 24 - MINUTE, "III", f"{C} (四): 紧急持续 10 天以上"),
        (TENSE_C, 24, "II", f"{C} (四): 紧急持续 10 天以上"),
        ([NORMAL, (7, "7.9999", 90)], None, "III", f"{C} (四): 一周内涨 100 % 以上"),
        ([NORMAL, (7, "8.00", 90)], None, "II", f"{C} (四): 一周内涨 100 % 以上"),
        ([NORMAL, (7, "8.0001", 90)], None, "II", f"{C} (四): 一周内涨 100 % 以上"),
    ],
)
def test_c_price_or_stock_or_time(seen: list[Seen], until: float | None, expected: str, source: str) -> None:
    """One fulfilled criterion is enough."""
    assert state("c", *seen, until=until) == expected
    assert source in sources(scheme("c"), "scheme-c")


@pytest.mark.parametrize(("days", "expected"), [(30, "II"), (31, "normal"), (32, "normal")])
def test_c_a_reserve_that_is_just_enough_for_a_month(days: int, expected: str) -> None:
    """仅够 1 个月: thirty days or fewer. Of two stores' reports the least counts (fsou 168256/16825628_1 (四))."""
    told = [
        report(n, report=name, category="grain_supply", values={"reserve_days": Decimal(left)})
        for n, (name, left) in enumerate([("A", 90), ("B", days)])
    ]
    assert level(given(scheme("c"), told), "scheme-c/reserve") == expected
    assert f"{C} (四): 储备粮仅够 1 个月" in sources(scheme("c"), "scheme-c")


# -- D: more than a bound, not at it (Nantong, fsou 173640/17364034_2)

D = "fsou 173640/17364034_2"
TENSE_D = [NORMAL, (7, "5.2001", 90)]  # over 30 % from day 7, 紧张 from day 10, 紧急 from day 20, 特急 from day 35


@pytest.mark.parametrize(
    ("seen", "until", "expected", "source"),
    [
        # 紧张: more than 30 % in a week, for three days
        ([NORMAL, (7, "5.1999", 90)], 10, "normal", "ntfabu.com 13926710: 一周内涨幅超过 30 %，持续超过 3 天"),
        ([NORMAL, (7, "5.20", 90)], 10, "normal", "ntfabu.com 13926710: 一周内涨幅超过 30 %，持续超过 3 天"),
        (TENSE_D, 10 - MINUTE, "normal", "ntfabu.com 13926710: 一周内涨幅超过 30 %，持续超过 3 天"),
        (TENSE_D, 10, "IV", "ntfabu.com 13926710: 一周内涨幅超过 30 %，持续超过 3 天"),
        # 紧急: 紧张 for ten days, or more than 50 % in a week
        (TENSE_D, 20 - MINUTE, "IV", f"{D} (2): 紧张持续 10 天以上"),
        (TENSE_D, 20, "III", f"{D} (2): 紧张持续 10 天以上"),
        ([NORMAL, (7, "5.9999", 90)], None, "normal", f"{D} (2): 一周内涨幅超过 50 %"),
        ([NORMAL, (7, "6.00", 90)], None, "normal", f"{D} (2): 一周内涨幅超过 50 %"),
        ([NORMAL, (7, "6.0001", 90)], None, "III", f"{D} (2): 一周内涨幅超过 50 %"),
        # 特急: 紧急 for fifteen days, or more than 100 % in a week
        (TENSE_D, 35 - MINUTE, "III", f"{D} (3): 紧急持续 15 天以上"),
        (TENSE_D, 35, "II", f"{D} (3): 紧急持续 15 天以上"),
        ([NORMAL, (7, "6.0001", 90)], 22 - MINUTE, "III", f"{D} (3): 紧急持续 15 天以上"),
        ([NORMAL, (7, "6.0001", 90)], 22, "II", f"{D} (3): 紧急持续 15 天以上"),
        ([NORMAL, (7, "7.9999", 90)], None, "III", f"{D} (3): 一周内涨幅超过 100 %"),
        ([NORMAL, (7, "8.00", 90)], None, "III", f"{D} (3): 一周内涨幅超过 100 %"),
        ([NORMAL, (7, "8.0001", 90)], None, "II", f"{D} (3): 一周内涨幅超过 100 %"),
    ],
)
def test_d_more_than_a_week_s_rise(seen: list[Seen], until: float | None, expected: str, source: str) -> None:
    """超过 does not include the number."""
    assert state("d", *seen, until=until) == expected
    assert source in sources(scheme("d"), "scheme-d")


# -- E: when a county reports (Zhengzhou, cnfood.net 72376; Nanyang, lsj.nanyang.gov.cn 344575)


@pytest.mark.parametrize(
    ("trigger", "prices", "expected", "source"),
    [
        ("three-days", {0: "4.00", 3: "4.7999"}, "normal", "cnfood.net 72376: 3 天内涨 20 % 以上"),
        ("three-days", {0: "4.00", 3: "4.80"}, "IV", "cnfood.net 72376: 3 天内涨 20 % 以上"),
        ("three-days", {0: "4.00", 3: "4.8001"}, "IV", "cnfood.net 72376: 3 天内涨 20 % 以上"),
        ("without-a-break", {0: 4, 1: 4.2, 2: 4.4, 3: 4.6, 4: 4.8, 5: 5.2}, "normal", "344575: 连续涨幅超 30 %"),
        ("without-a-break", {0: 4, 1: 4.2, 2: 4.4, 3: 4.6, 4: 4.8, 5: 5.1999}, "normal", "344575: 连续涨幅超 30 %"),
        ("without-a-break", {0: 4, 1: 4.2, 2: 4.4, 3: 4.6, 4: 4.8, 5: 5.2001}, "IV", "344575: 连续涨幅超 30 %"),
        ("without-a-break", {0: 4, 1: 4.2, 2: 4.4, 3: 4.4, 4: 4.8, 5: 5.3}, "normal", "连续 5 天上涨为“连续”"),
        ("without-a-break", {-1: 3.9, 0: 4, 1: 4.2, 2: 4.4, 3: 4.6, 4: 4.8, 5: 5.3}, "IV", "连续 5 天上涨为“连续”"),
    ],
)
def test_e_report_duty(trigger: str, prices: dict[int, Any], expected: str, source: str) -> None:
    """In three days; or day after day."""
    assert state("e", *((n, str(amount), 90.0) for n, amount in prices.items()), trigger=trigger) == expected
    assert source in sources(scheme("e"), "scheme-e")


# -- F: how far AND (how long OR how many goods) (Qingdao, bandao.cn 2487885)

F = "bandao.cn 2487885"
GOODS = ("rice", "flour", "oil")


@pytest.mark.parametrize(
    ("after", "amount", "expected", "source"),
    [
        (1, "5.1999", "normal", f"{F}: 日涨幅超过 30 %"),
        (1, "5.20", "normal", f"{F}: 日涨幅超过 30 %"),
        (1, "5.2001", "approach", f"{F}: 日涨幅超过 30 %"),
        (7, "5.5999", "normal", f"{F}: 周涨幅超过 40 %"),
        (7, "5.60", "normal", f"{F}: 周涨幅超过 40 %"),
        (7, "5.6001", "approach", f"{F}: 周涨幅超过 40 %"),
    ],
)
def test_f_a_price_that_moved_so_far_is_a_notice(after: int, amount: str, expected: str, source: str) -> None:
    """Whether it may spread is for people to say."""
    assert state("f", NORMAL, (after, amount, 90), trigger="moved") == expected
    assert source in sources(scheme("f"), "scheme-f")


@pytest.mark.parametrize(
    ("after", "amount", "lasting", "expected", "source"),
    [
        # IV: more than 30 % in a day or 40 % in a week, for five days
        (1, "5.2001", 5 - MINUTE, "normal", f"{F}: 持续 5 天以上为Ⅳ级"),
        (1, "5.2001", 5, "IV", f"{F}: 持续 5 天以上为Ⅳ级"),
        (1, "5.2001", 5 + MINUTE, "IV", f"{F}: 持续 5 天以上为Ⅳ级"),
        (1, "5.20", 5, "normal", f"{F}: 持续 5 天以上为Ⅳ级"),
        (7, "5.60", 5, "normal", f"{F}: 持续 5 天以上为Ⅳ级"),
        (7, "5.6001", 5, "IV", f"{F}: 持续 5 天以上为Ⅳ级"),
        # III: more than 50 % or 60 %, for seven days
        (1, "6.0001", 7 - MINUTE, "IV", f"{F}: 持续 7 天以上为Ⅲ级"),
        (1, "6.0001", 7, "III", f"{F}: 持续 7 天以上为Ⅲ级"),
        (1, "6.00", 7, "IV", f"{F}: 持续 7 天以上为Ⅲ级"),
        (7, "6.40", 7, "IV", f"{F}: 持续 7 天以上为Ⅲ级"),
        (7, "6.4001", 7, "III", f"{F}: 持续 7 天以上为Ⅲ级"),
        # II: more than 70 % or 80 %
        (1, "6.80", 7, "III", f"{F}: 涨幅超过 70 % / 80 %"),
        (1, "6.8001", 7 - MINUTE, "IV", f"{F}: 涨幅超过 70 % / 80 %"),
        (1, "6.8001", 7, "II", f"{F}: 涨幅超过 70 % / 80 %"),
        (7, "7.20", 7, "III", f"{F}: 涨幅超过 70 % / 80 %"),
        (7, "7.2001", 7, "II", f"{F}: 涨幅超过 70 % / 80 %"),
    ],
)
def test_f_so_far_and_so_long(after: int, amount: str, lasting: float, expected: str, source: str) -> None:
    """The price stays where it went."""
    seen = [(n, amount, 90.0) for n in range(after, after + int(lasting) + 1)]
    assert state("f", NORMAL, *seen, until=after + lasting, trigger="lasting") == expected
    assert source in sources(scheme("f"), "scheme-f")


@pytest.mark.parametrize(
    ("dear", "amount", "expected", "source"),
    [
        (1, "5.2001", "normal", f"{F}: 2 种以上商品为Ⅳ级"),
        (2, "5.2001", "IV", f"{F}: 2 种以上商品为Ⅳ级"),
        (2, "5.20", "normal", f"{F}: 2 种以上商品为Ⅳ级"),
        (3, "5.2001", "IV", f"{F}: 2 种以上商品为Ⅳ级"),
        (2, "6.0001", "IV", f"{F}: 3 种以上商品为Ⅲ级"),
        (3, "6.00", "IV", f"{F}: 3 种以上商品为Ⅲ级"),
        (3, "6.0001", "III", f"{F}: 3 种以上商品为Ⅲ级"),
        (3, "6.80", "III", f"{F}: 涨幅超过 70 % / 80 %"),
        (2, "6.8001", "IV", f"{F}: 涨幅超过 70 % / 80 %"),
        (3, "6.8001", "II", f"{F}: 涨幅超过 70 % / 80 %"),
    ],
)
def test_f_so_far_and_so_many_goods(dear: int, amount: str, expected: str, source: str) -> None:
    """So many of rice, flour and oil go from 4.00 to this within a day."""
    facts: list[GrainPriceReading] = [day(0, "4.00", commodity=good) for good in GOODS]
    facts += [day(1, amount, commodity=good) for good in GOODS[:dear]]
    bench = given(scheme("f"), facts)
    found = [level(bench, f"scheme-f/{trigger}") for trigger in ("two-goods", "three-goods", "three-goods-grave")]
    assert max(found, key=Severity.of) == expected
    assert source in sources(scheme("f"), "scheme-f")


def test_f_the_same_goods_at_two_points_are_one_kind() -> None:
    """Rice at both points: one."""
    bench = given(scheme("f"), [day(n, a, point=p) for n, a in ((0, "4.00"), (1, "9.00")) for p in (1, 2)])
    assert level(bench, "scheme-f/two-goods") == "normal"
