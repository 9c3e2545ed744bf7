"""The grain plans of Wuyi as they ship: facts → level, cadence, duty to report. A row each, with its source.

Every row goes through the engine with the whole library in force; the source is one that the plan itself names.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.rules.builders import T0, price
from tests.rules.conditions.stand import DAY
from tests.rules.shipped import given, level, sources, wuyi

if TYPE_CHECKING:
    from rules.facts import GrainPriceReading

LINE, EMERGENCY = "grain-warning-line", "grain-emergency"
MINUTE = 1 / DAY
UNITS = {"purchase": "元/吨", "wholesale": "元/kg", "retail": "元/kg"}


def read(n: float, amount: Any, point: str = "P01", series: str = "rice/retail", **more: Any) -> GrainPriceReading:
    """A price on day n (which begins at 08:00 in Wuyi); `stock` and `delivered` in tonnes."""
    commodity, stage = series.split("/")
    tonnes = {f"{name}_t": Decimal(str(value)) for name, value in more.items()}
    where = {"point": point, "commodity": commodity, "stage": stage, "unit": UNITS[stage]}
    return price(n * DAY, str(amount), **where, **tonnes)


def prices(seen: dict[float, Any], **more: Any) -> list[GrainPriceReading]:
    return [read(n, amount, **more) for n, amount in seen.items()]


def told(facts: list[Any], trigger: str, plan: str = EMERGENCY) -> str:
    return level(given(wuyi(), facts), f"{plan}/{trigger}")


# -- the lines of each commodity and stage, and the approach: 95 % of an upper line, 103 % of a lower one

REPORTED = "fsou 16830122_3"
"""浙江省粮食应急预案: three lines; approaching or passing one is reported."""
SITE = "“接近”无法定数值"
ORDER = "site value"


@pytest.mark.parametrize(
    ("point", "series", "side", "amount", "expected", "source"),
    [
        ("P01", "rice/retail", "upper", "4.3699", "normal", SITE),
        ("P01", "rice/retail", "upper", "4.37", "approach", SITE),
        ("P01", "rice/retail", "upper", "4.3701", "approach", SITE),
        ("P01", "rice/retail", "upper", "4.5999", "approach", REPORTED),
        ("P01", "rice/retail", "upper", "4.60", "line", REPORTED),
        ("P01", "rice/retail", "upper", "4.6001", "line", REPORTED),
        ("P01", "flour/retail", "upper", "4.9399", "normal", SITE),
        ("P01", "flour/retail", "upper", "4.94", "approach", SITE),
        ("P01", "flour/retail", "upper", "4.9401", "approach", SITE),
        ("P01", "flour/retail", "upper", "5.1999", "approach", REPORTED),
        ("P01", "flour/retail", "upper", "5.20", "line", REPORTED),
        ("P01", "flour/retail", "upper", "5.2001", "line", REPORTED),
        ("P31", "rice/wholesale", "upper", "3.9899", "normal", SITE),
        ("P31", "rice/wholesale", "upper", "3.99", "approach", SITE),
        ("P31", "rice/wholesale", "upper", "3.9901", "approach", SITE),
        ("P31", "rice/wholesale", "upper", "4.1999", "approach", REPORTED),
        ("P31", "rice/wholesale", "upper", "4.20", "line", REPORTED),
        ("P31", "rice/wholesale", "upper", "4.2001", "line", REPORTED),
        ("P34", "early_rice/purchase", "upper", "3039.99", "normal", SITE),
        ("P34", "early_rice/purchase", "upper", "3040", "approach", SITE),
        ("P34", "early_rice/purchase", "upper", "3040.01", "approach", SITE),
        ("P34", "early_rice/purchase", "upper", "3199.99", "approach", REPORTED),
        ("P34", "early_rice/purchase", "upper", "3200", "line", REPORTED),
        ("P34", "early_rice/purchase", "upper", "3200.01", "line", REPORTED),
        # the order price (订单价) is a floor: who pays it keeps it
        ("P01", "early_rice/purchase", "lower", "2616.21", "normal", ORDER),
        ("P01", "early_rice/purchase", "lower", "2616.2", "normal", ORDER),
        ("P01", "early_rice/purchase", "lower", "2616.19", "approach", ORDER),
        ("P01", "early_rice/purchase", "lower", "2540.01", "approach", ORDER),
        ("P01", "early_rice/purchase", "lower", "2540", "approach", ORDER),
        ("P01", "early_rice/purchase", "lower", "2539.99", "line", ORDER),
        ("P34", "early_rice/purchase", "lower", "2300.01", "approach", ORDER),
        ("P34", "early_rice/purchase", "lower", "2300", "approach", ORDER),
        ("P34", "early_rice/purchase", "lower", "2299.99", "line", ORDER),
    ],
)
def test_a_price_at_its_line(point: str, series: str, side: str, amount: str, expected: str, source: str) -> None:
    """Of each commodity and stage at one of its points."""
    assert told([read(0, amount, point, series)], f"{side}-line", LINE) == expected
    assert source in sources(wuyi(), LINE)


def test_every_line_of_every_point_is_watched() -> None:
    """All 35 points, each of their lines: just short of it a notice; at it (a lower one: below it) the alarm."""
    hair, checked = Decimal("0.0001"), 0
    for point in wuyi().site.points.values():
        for line in point.lines:
            series = f"{line.commodity}/{line.stage}"
            for side, bound in (("upper", line.upper), ("lower", line.lower)):
                if bound is not None:
                    short, over = (bound - hair, bound) if side == "upper" else (bound, bound - hair)
                    for amount, expected in ((short, "approach"), (over, "line")):
                        assert told([read(0, amount, point.id, series)], f"{side}-line", LINE) == expected, point.id
                    checked += 1
    assert checked == 30 + 18 + 3 + 2 + 18 + 2, "rice, flour, wholesale, purchase; the floors of orders and purchase"


@pytest.mark.parametrize(
    ("over", "then", "expected"),
    [
        (("upper", "rice/retail", "4.60"), "4.508", "line"), (("upper", "rice/retail", "4.60"), "4.5079", "approach"),
        (("lower", "early_rice/purchase", "2539"), "2565.39", "line"),
        (("lower", "early_rice/purchase", "2539"), "2565.4", "approach"),
    ],
)  # fmt: skip
def test_it_ends_past_its_recovery_line(over: tuple[str, str, str], then: str, expected: str) -> None:
    """98 % of an upper line, 101 % of a lower one: a deadband against chattering (ISA-18.2; site value)."""
    side, series, amount = over
    facts = [read(0, amount, series=series), read(1, then, series=series)]
    assert told(facts, f"{side}-line", LINE) == expected


# -- cadence after scheme A, half-open without gaps

A = "fsou 168325/16832511_2"
EVERY_TEN_DAYS, WEEKLY, DAILY, YELLOW = "every ten days", "请改为每周报价一次", "请改为每日报价", "请每日报价并报库存"


def cadence(facts: list[Any]) -> str:
    """What the reporters of a point are told to do: one thing, from the alarm that stands."""
    standing = {a.detector: a for a in given(wuyi(), facts).alerts if a.subject == "P01/rice/retail"}
    said = [
        standing[f"{EMERGENCY}/{trigger}"].explain.zh.rpartition("；")[2]
        for trigger in ("weekly", "daily", "yellow")
        if f"{EMERGENCY}/{trigger}" in standing and standing[f"{EMERGENCY}/{trigger}"].after != "normal"
    ]
    assert len(said) <= 1, "never two cadences at once"
    return said[0] if said else EVERY_TEN_DAYS


@pytest.mark.parametrize(
    ("seen", "expected", "source"),
    [
        # ten days' rise of a price of 4.00
        ({0: 4, 10: "4.00"}, EVERY_TEN_DAYS, f"{A} (10 天涨 5–8 % 每周)"),
        ({0: 4, 10: "4.1999"}, EVERY_TEN_DAYS, f"{A} (10 天涨 5–8 % 每周)，改为无缝半开区间 [5, 10)"),
        ({0: 4, 10: "4.20"}, WEEKLY, f"{A} (10 天涨 5–8 % 每周)，改为无缝半开区间 [5, 10)"),
        ({0: 4, 10: "4.2001"}, WEEKLY, f"{A} (10 天涨 5–8 % 每周)，改为无缝半开区间 [5, 10)"),
        ({0: 4, 10: "4.32"}, WEEKLY, f"{A} (10 天涨 5–8 % 每周)，改为无缝半开区间 [5, 10)"),
        ({0: 4, 10: "4.36"}, WEEKLY, f"{A} (10 天涨 5–8 % 每周)，改为无缝半开区间 [5, 10)"),  # 9 %: A has a gap here
        ({0: 4, 10: "4.3999"}, WEEKLY, f"{A} (10 天涨 10–15 % 每日)，改为无缝半开区间 [10, 15)"),
        ({0: 4, 10: "4.40"}, DAILY, f"{A} (10 天涨 10–15 % 每日)，改为无缝半开区间 [10, 15)"),
        ({0: 4, 10: "4.4001"}, DAILY, f"{A} (10 天涨 10–15 % 每日)，改为无缝半开区间 [10, 15)"),
        ({0: 4, 10: "4.5999"}, DAILY, f"{A} (10 天涨 15–20 % 为黄色；以上含本数)"),
        ({0: 4, 10: "4.60"}, YELLOW, f"{A} (10 天涨 15–20 % 为黄色；以上含本数)"),
        ({0: 4, 10: "4.6001"}, YELLOW, f"{A} (10 天涨 15–20 % 为黄色；以上含本数)"),
        ({0: 4, 10: "8.00"}, YELLOW, f"{A} (10 天涨 15–20 % 为黄色；以上含本数)"),
        # and back again
        ({0: 4, 10: "4.60", 20: "4.90"}, WEEKLY, f"{A} (10 天涨 5–8 % 每周)，改为无缝半开区间 [5, 10)"),
        ({0: 4, 10: "4.40", 20: "4.50"}, EVERY_TEN_DAYS, f"{A} (10 天涨 5–8 % 每周)，改为无缝半开区间 [5, 10)"),
        # five rising days in a row, by 5 % at least (a site value)
        ({0: 400, 1: 405, 2: 410, 3: 415, 4: 419}, EVERY_TEN_DAYS, f"{A} (连续 5 天上涨)"),
        ({0: 400, 1: 405, 2: 410, 3: 415, 4: 419, 5: "419.99"}, EVERY_TEN_DAYS, "5 天涨幅不足 5 % 不提示"),
        ({0: 400, 1: 405, 2: 410, 3: 415, 4: 419, 5: "420"}, DAILY, f"{A} (连续 5 天上涨)"),
        ({0: 400, 1: 405, 2: 410, 3: 415, 4: 415, 5: "425"}, EVERY_TEN_DAYS, f"{A} (连续 5 天上涨)"),
        ({-1: 399, 0: 400, 1: 405, 2: 410, 3: 415, 4: 419, 5: "425"}, DAILY, f"{A} (连续 5 天上涨)"),
    ],
)
def test_the_cadence_follows_the_rise(seen: dict[float, Any], expected: str, source: str) -> None:
    """[0, 5) every ten days, [5, 10) weekly, [10, 15) daily, from 15 % yellow."""
    assert cadence(prices(seen)) == expected
    assert source in sources(wuyi(), EMERGENCY)


@pytest.mark.parametrize("tenths", range(200))
def test_every_rise_has_one_cadence(tenths: int) -> None:
    """No gap and no overlap anywhere between 0 and 20 %."""
    expected = EVERY_TEN_DAYS if tenths < 50 else WEEKLY if tenths < 100 else DAILY if tenths < 150 else YELLOW
    assert cadence([read(0, 4000), read(10, 4000 + 4 * tenths)]) == expected


# -- yellow, 紧急, 特急 after scheme A; yellow → IV, 紧急 → III, 特急 → II


@pytest.mark.parametrize(
    ("now", "expected"), [("4.5999", "normal"), ("4.60", "IV"), ("4.6001", "IV"), ("4.80", "IV"), ("9.99", "IV")]
)
def test_yellow(now: str, expected: str) -> None:
    """Ten days' rise from 15 % on (fsou 168325/16832511_2 art. 13)."""
    assert told([read(0, "4.00"), read(10, now)], "yellow") == expected
    assert f"{A} (10 天涨 15–20 % 为黄色；以上含本数)" in sources(wuyi(), EMERGENCY)


CLIMBING = prices({10 * n: 4 * 1.16**n for n in range(3)})
"""16 % every ten days: yellow from day 10 on."""
CLIMBING_ON = [*CLIMBING, read(30, 4 * 1.16**3)]


@pytest.mark.parametrize(
    ("facts", "expected", "source"),
    [
        # yellow for ten days → 紧急; 紧急 for another fifteen → 特急
        ([*CLIMBING[:2], (20 - MINUTE) * DAY], "normal", f"{A} (黄色持续 10 天为紧急)"),
        ([*CLIMBING[:2], 20 * DAY], "III", f"{A} (黄色持续 10 天为紧急)"),
        ([*CLIMBING, (20 + MINUTE) * DAY], "III", f"{A} (黄色持续 10 天为紧急)"),
        ([*CLIMBING_ON, (35 - MINUTE) * DAY], "III", f"{A} (紧急持续 15 天为特急：黄色 10 天后再 15 天)"),
        ([*CLIMBING_ON, 35 * DAY], "II", f"{A} (紧急持续 15 天为特急：黄色 10 天后再 15 天)"),
        ([*CLIMBING_ON, (35 + MINUTE) * DAY], "II", f"{A} (紧急持续 15 天为特急：黄色 10 天后再 15 天)"),
        # five days' rise with the stock down: 50 % and 50 %, 100 % and 80 %
        ([read(0, 4, stock=100), read(5, "5.9999", stock=50)], "normal", f"{A} (5 天涨 50 % / 100 %)"),
        ([read(0, 4, stock=100), read(5, "6.00", stock=50)], "III", f"{A} (5 天涨 50 % / 100 %)"),
        ([read(0, 4, stock=100), read(5, "6.0001", stock=50)], "III", f"{A} (5 天涨 50 % / 100 %)"),
        ([read(0, 4, stock=100), read(5, "6.00", stock="50.01")], "normal", f"{A} (库存降 50 % / 80 %)"),
        ([read(0, 4, stock=100), read(5, "6.00", stock="49.99")], "III", f"{A} (库存降 50 % / 80 %)"),
        ([read(0, 4, stock=100), read(5, "7.9999", stock=20)], "III", f"{A} (5 天涨 50 % / 100 %)"),
        ([read(0, 4, stock=100), read(5, "8.00", stock=20)], "II", f"{A} (5 天涨 50 % / 100 %)"),
        ([read(0, 4, stock=100), read(5, "8.0001", stock=20)], "II", f"{A} (5 天涨 50 % / 100 %)"),
        ([read(0, 4, stock=100), read(5, "8.00", stock="20.01")], "III", f"{A} (库存降 50 % / 80 %)"),
        ([read(0, 4, stock=100), read(5, "8.00", stock="19.99")], "II", f"{A} (库存降 50 % / 80 %)"),
        ([read(0, 4), read(5, "9.00")], "normal", f"{A} (库存降 50 % / 80 %)"),  # stock not told is not nought
    ],
)
def test_urgent_and_most_urgent(facts: list[Any], expected: str, source: str) -> None:
    """紧急 and 特急, each by time or by price and stock (fsou 168325/16832511_2 art. 14)."""
    assert told(facts, "urgent") == expected
    assert source in sources(wuyi(), EMERGENCY)


# -- the duty to report after scheme E


@pytest.mark.parametrize(("now", "expected"), [("4.7999", "normal"), ("4.80", "IV"), ("4.8001", "IV")])
def test_three_days_of_twenty_percent_are_reported(now: str, expected: str) -> None:
    """The county reports at once: IV, whose reports to the city fall due by themselves (cnfood.net 72376)."""
    assert told([read(0, "4.00"), read(3, now)], "report-duty") == expected
    assert "郑州 3 天涨 20 % 即报, cnfood.net 72376" in sources(wuyi(), EMERGENCY)
    due = {one.id: one.within for one in wuyi().plans[EMERGENCY].reporting if "IV" in one.levels and one.to == "city"}
    assert (due["county-city-phone"], due["county-city-written"]) == ("30m", "60m")


# -- many points at once, for two days (浙江省粮食应急预案: retail above its line is an emergency; how many: site value)

RETAIL = [point for point in wuyi().site.points if point <= "P30"][:20]


def everywhere(over: int, then: float) -> list[Any]:
    """20 points report, so many of them at their line; and the clock runs to a day."""
    return [*(read(0, "4.60" if n < over else "4.00", p) for n, p in enumerate(RETAIL)), then * DAY]


@pytest.mark.parametrize(
    ("over", "days", "expected"),
    [
        (2, 2, "normal"), (3, 2 - MINUTE, "normal"), (3, 2, "IV"), (4, 2, "IV"),  # 10, 15, 20 %
        (9, 2, "IV"), (10, 2 - MINUTE, "normal"), (10, 2, "III"), (11, 2, "III"),  # 45, 50, 55 %
    ],
)  # fmt: skip
def test_many_points_over_their_line(over: int, days: float, expected: str) -> None:
    """15 % of the points that report are level IV, 50 % level III, once it has lasted two days."""
    assert told(everywhere(over, days), "many-points") == expected
    assert REPORTED in sources(wuyi(), EMERGENCY)


# -- deliveries under contract: half of 320 t by the end of 10 August 2027, all by 10 September


@pytest.mark.parametrize(
    ("by", "delivered", "expected"),
    [
        ("2027-08-10", 0, "normal"),  # the day is not over
        ("2027-08-11", 128.1, "normal"), ("2027-08-11", 128, "approach"), ("2027-08-11", 127.9, "approach"),
        ("2027-08-11", 64.1, "approach"), ("2027-08-11", 64, "IV"), ("2027-08-11", 63.9, "IV"),
        ("2027-09-11", 288.1, "normal"), ("2027-09-11", 288, "approach"), ("2027-09-11", 224.1, "approach"),
        ("2027-09-11", 224, "IV"), ("2027-09-11", 320, "normal"),
    ],
)  # fmt: skip
def test_deliveries_that_lag_behind_their_contract(by: str, delivered: float, expected: str) -> None:
    """Ten percentage points behind the schedule are a notice, thirty level IV (site value)."""
    morning = (datetime.fromisoformat(f"{by}T08:00:00+08:00") - T0).days
    assert told([read(morning, "2700", series="early_rice/purchase", delivered=delivered)], "deliveries") == expected
    assert "站点值 site value" in sources(wuyi(), EMERGENCY)
