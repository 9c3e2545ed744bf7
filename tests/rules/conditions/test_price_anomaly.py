"""ALPS and IFPA, held against their formulas on the shared price file, and by hand; what they say and when."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.alerts import Words
from rules.conditions.alps import seasonal
from rules.conditions.ifpa import grown
from rules.conditions.months import MOST, Past, spoken
from rules.entries import encode
from tests.rules.builders import T0, Bench, memories, moves, price
from tests.rules.conditions import published
from tests.rules.conditions.stand import grades, site, stand
from tests.rules.ways import delivered, run

if TYPE_CHECKING:
    from pathlib import Path

    from rules.facts import GrainPriceReading

FITS: dict[str, Any] = {"alps": seasonal, "ifpa": grown}
AGAIN: dict[str, Any] = {"alps": published.alps, "ifpa": published.ifpa}
START = 2010 * 12
"""January 2010, for series made by hand."""
AS_PUBLISHED = {
    # ALPS: stress, alert, crisis (WFP 2014); IFPA: moderately, abnormally high (SDG 2.c.1)
    "alps": {"approach": "0.25", "line": "1", "IV": "2"},
    "ifpa": {"approach": "0.5", "line": "1"},
}


def trigger(indicator: str, **changed: Any) -> str:
    more = "".join(f", {field}: {value}" for field, value in changed.items())
    return f"when: {{detector: price_anomaly, indicator: {indicator}, source: test{more}}}"


def monthly(month: int, amount: Any, *, days: float = 14, **changed: Any) -> GrainPriceReading:
    """A retail price of rice on the 15th of a month, at noon in Wuyi."""
    when = datetime(month // 12, month % 12 + 1, 1, 4, tzinfo=UTC) + timedelta(days=days)
    return price(0, str(amount), observed_at=when, **changed)


def past(prices: dict[int, Any]) -> Past:
    found = Past()
    for month, amount in sorted(prices.items()):
        found = found.then(month, float(amount))
    return found


def years(*prices: Any) -> dict[int, Any]:
    """The same price in each month of a year."""
    return {START + 12 * year + m: amount for year, amount in enumerate(prices) for m in range(12)}


# -- against a second implementation, on the shared price file


@pytest.fixture(scope="module")
def series(test_data: Path) -> list[dict[int, Decimal]]:
    """Each market's commodity in the World Food Programme's file for China, by month."""
    found: dict[Any, dict[int, Decimal]] = defaultdict(dict)
    with (test_data / "wfp_food_prices_chn.csv").open(encoding="utf-8") as lines:
        for row in list(csv.DictReader(lines))[1:]:
            year, month, _ = map(int, row["date"].split("-"))
            found[row["market"], row["commodity"], row["unit"]][year * 12 + month - 1] = Decimal(row["price"])
    return list(found.values())


@pytest.mark.parametrize(
    ("indicator", "least_sigma", "known"),
    [("alps", "0", 704), ("alps", "0.01", 704), ("ifpa", "0", 618), ("ifpa", "0.01", 633)],
)
def test_every_value_is_that_of_the_formula(
    series: list[dict[int, Decimal]], indicator: str, least_sigma: str, known: int
) -> None:
    """Each series and month, to 1e-9; known or not known alike. Where a series always grew alike there is no IFPA."""
    assert len(series) == 16
    assert sum(agree(indicator, one, month, least_sigma) for one in series for month in one) == known


def agree(indicator: str, one: dict[int, Decimal], month: int, least_sigma: str) -> bool:
    """That both say the same of a month, and whether it can be known."""
    usual = FITS[indicator](past({m: p for m, p in one.items() if m < month}), month)
    value = usual and usual.value(float(one[month]), float(least_sigma))
    expected = AGAIN[indicator](one, month, Decimal(least_sigma))
    if value is None or expected is None:
        assert value is expected is None, spoken(month)
        return False
    assert abs(Decimal(value) - expected.value) < Decimal("1e-9") * max(1, abs(expected.value))
    assert abs(Decimal(usual.percent(float(one[month]))) - expected.percent) < Decimal("1e-9")
    return True


@pytest.mark.parametrize("indicator", FITS)
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_every_value_is_that_of_the_formula_whatever_is_missing(indicator: str, data: st.DataObject) -> None:
    """Series with gaps anywhere, also whole calendar months that never had a price."""
    amounts = st.none() | st.decimals("1", "9", places=2)
    prices = data.draw(st.lists(amounts, min_size=37, max_size=70))
    one = {START + i: amount for i, amount in enumerate(prices) if amount is not None}
    one[START + len(prices)] = data.draw(st.decimals("1", "9", places=2))
    agree(indicator, one, max(one), "0.001")


@pytest.mark.parametrize("guards", [{"least_percent": "0", "least_sigma": "0"}, {}])
@pytest.mark.parametrize("indicator", FITS)
def test_every_verdict_is_that_of_the_formula(
    series: list[dict[int, Decimal]], indicator: str, guards: dict[str, str]
) -> None:
    """As published, and behind both guards, through the engine: the same grade after every month of every series."""
    library = site(trigger(indicator, bounds=flow(AS_PUBLISHED[indicator]), **guards))
    given_alarms = 0
    for one in series:
        found = grades(Bench(library), *(monthly(m, one[m]) for m in sorted(one)))
        assert found == again(indicator, one, **guards)
        given_alarms += len(set(found) - {"normal"})
    assert given_alarms > 5


def again(indicator: str, one: dict[int, Decimal], least_percent: str = "10", least_sigma: str = "0.01") -> list[str]:
    """The grade after each month; where nothing can be known, the one before it."""
    found, now = [], "normal"
    for month in sorted(one):
        said = AGAIN[indicator](one, month, Decimal(least_sigma))
        if said is not None:
            bounds = AS_PUBLISHED[indicator].items()
            reached = [g for g, b in bounds if said.value >= Decimal(b) and said.percent >= Decimal(least_percent)]
            now = reached[-1] if reached else "normal"
        found.append(now)
    return found


def flow(bounds: dict[str, str]) -> str:
    return "{" + ", ".join(f"{grade}: {bound}" for grade, bound in bounds.items()) + "}"


# -- by hand


def test_alps_by_hand() -> None:
    """Years at 4.1, 3.9, 3.9, 4.1: no trend, 4.0 in each month, 48 errors of 0.1, 13 coefficients."""
    usual = seasonal(past(years(4.1, 3.9, 3.9, 4.1)), START + 48)
    assert usual is not None
    assert usual.expected == pytest.approx(4.0)
    assert usual.sigma == pytest.approx(sqrt(48 * 0.1**2 / (48 - 13)))
    assert usual.value(5.0, 0) == pytest.approx(1 / sqrt(0.48 / 35))


def test_alps_expects_season_and_trend() -> None:
    """A harvest low each September and a cent a month: both are usual, and nothing is left over."""
    for months, expected in ((48, 4.48), (56, 4.06)):  # January, September
        prices = {START + i: 4 + 0.01 * i - (0.5 if i % 12 == 8 else 0) for i in range(months)}
        usual = seasonal(past(prices), START + months)
        assert usual is not None
        assert usual.expected == pytest.approx(expected)
        assert usual.value(expected, 0) is None, "a series that never strayed has no σ"


def test_ifpa_by_hand() -> None:
    """December of years at 1, 1, 2, 2: growth over 12 months 0, g, 0 with weights 1, 2, 3, over 3 months none."""
    prices = years(1, 1, 2, 2)
    now = prices.popitem()[0]
    usual = grown(past(prices), now)
    assert usual is not None
    quarter, year = usual.arms
    g = 2 ** (1 / 12) - 1
    assert (quarter.mean, quarter.sigma, quarter.base) == (0, 0, 2)
    assert (year.mean, year.base) == (pytest.approx(2 * g / 3), 2)
    assert year.sigma == pytest.approx(sqrt((1 * (2 * g / 3) ** 2 + 2 * (g / 3) ** 2) / (3 * (2 - 1) / 2)))
    assert usual.value(2, 0) is None, "over 3 months it never moved"
    assert usual.value(2, 0.01) == pytest.approx(0.6 * -(2 * g / 3) / year.sigma)


# -- what there must be, before anything is said (W foodprices.vam.wfp.org, ALPS at a glance)


@pytest.mark.parametrize(("months", "known"), [(35, False), (36, True), (37, True)])
@pytest.mark.parametrize("indicator", FITS)
def test_three_years_are_the_least(indicator: str, months: int, known: bool) -> None:
    """The 37th month is the first of which something is said."""
    prices = {START + i: 4 + i % 7 for i in range(months)}
    assert (FITS[indicator](past(prices), START + months) is not None) == known


@pytest.mark.parametrize(("with_price", "known"), [(27, False), (28, True), (29, True)])
def test_alps_wants_a_price_in_seventy_percent_of_the_months(with_price: int, known: bool) -> None:
    """28 of 40."""
    kept = [*range(with_price - 14), *range(26, 40)]
    assert (seasonal(past({START + i: 4 + i % 7 for i in kept}), START + 40) is not None) == known


@pytest.mark.parametrize(("silent", "known"), [(5, True), (6, False), (7, False)])
def test_alps_wants_a_price_in_the_last_six_months(silent: int, known: bool) -> None:
    """A trend drawn on over half a year is a guess."""
    prices = {START + i: 4 + i % 7 for i in range(60)}
    assert (seasonal(past(prices), START + 60 + silent) is not None) == known


def test_a_calendar_month_that_never_had_a_price_has_no_season() -> None:
    """No September in five years: nothing is usual for September."""
    prices = {START + i: 4 + i % 7 for i in range(56) if i % 12 != 8}
    assert seasonal(past(prices), START + 56) is None
    assert seasonal(past(prices), START + 57) is not None


@pytest.mark.parametrize("without", [3, 12, 24, 27])
def test_ifpa_wants_each_price_that_it_compares_with(without: int) -> None:
    """Three months ago and a year ago; and two earlier growths of each, here the least."""
    prices = {START + i: 4 + i % 7 for i in range(36) if i != 36 - without}
    assert grown(past(prices), START + 36) is None


# -- what is said


def flat(months: int = 36, amount: str = "4.00") -> list[GrainPriceReading]:
    return [monthly(START + i, amount) for i in range(months)]


# by the floor σ is 1 % of the 4.00 that are expected: 0.04
@pytest.mark.parametrize(
    ("now", "grade"),
    [
        ("4.0099", "normal"), ("4.01", "approach"), ("4.0101", "approach"), ("4.0399", "approach"), ("4.04", "line"),
        ("4.0401", "line"), ("4.0799", "line"), ("4.08", "IV"), ("4.0801", "IV"), ("3.00", "normal"),
    ],
)  # fmt: skip
def test_alps_at_below_and_above_its_bounds(now: str, grade: str) -> None:
    """0.25 stress, 1 alert, 2 crisis (WFP 2014), half-open: 以上 includes the number."""
    bench = stand(trigger("alps", bounds=flow(AS_PUBLISHED["alps"]), least_percent=0))
    assert grades(bench, *flat(), monthly(START + 36, now))[-2:] == ["normal", grade]


@pytest.mark.parametrize(
    ("grown_to", "grade"), [("0.4999999", "normal"), ("0.5", "approach"), ("0.9999999", "approach"), ("1", "line")]
)
def test_ifpa_at_and_below_its_bounds(grown_to: str, grade: str) -> None:
    """0.5 moderately, 1 abnormally high (SDG 2.c.1). On a flat series IFPA = (0.4 · CGR₃ + 0.6 · CGR₁₂) / floor."""
    wanted = float(grown_to) * 0.01
    low, high = 4.0, 5.0
    for _ in range(200):  # the price whose two growths come to it
        middle = (low + high) / 2
        said = 0.4 * ((middle / 4) ** (1 / 3) - 1) + 0.6 * ((middle / 4) ** (1 / 12) - 1)
        low, high = (middle, high) if said < wanted else (low, middle)
    bench = stand(trigger("ifpa", bounds=flow(AS_PUBLISHED["ifpa"]), least_percent=0))
    assert grades(bench, *flat(), monthly(START + 36, f"{high:.14f}"))[-1] == grade


@pytest.mark.parametrize(("now", "grade"), [("4.3999", "normal"), ("4.40", "approach"), ("4.4001", "approach")])
@pytest.mark.parametrize("indicator", FITS)
def test_less_than_the_least_move_is_no_anomaly(indicator: str, now: str, grade: str) -> None:
    """Ten percent, however still it was before: ALPS would be 9.99, IFPA 1.75."""
    assert grades(stand(trigger(indicator)), *flat(), monthly(START + 36, now))[-1] == grade


@pytest.mark.parametrize("guards", [{}, {"least_percent": 0, "least_sigma": 0}])
@pytest.mark.parametrize("indicator", FITS)
def test_flat_prices_give_no_alarm(indicator: str, guards: dict[str, Any]) -> None:
    """Ten years at one price, also as published, where σ is nought and nothing can be said."""
    bench = stand(trigger(indicator, **guards))
    assert set(grades(bench, *flat(120, "4.37"))) == {"normal"}


@pytest.mark.parametrize("indicator", FITS)
def test_a_shock_is_told_at_once_and_ends_with_it(indicator: str) -> None:
    """A fifth up for one month."""
    bench = stand(trigger(indicator))
    facts = [*flat(40), monthly(START + 40, "4.80"), monthly(START + 41, "4.00")]
    assert grades(bench, *facts)[-3:] == ["normal", "approach", "normal"]
    assert moves(bench.alerts) == [("normal", "approach", "approached"), ("approach", "normal", "recovered")]


def test_by_default_it_is_a_notice_and_a_plan_may_ask_for_more() -> None:
    """Advice: however high, *approach* is all, until a plan writes bounds of its own."""
    shock = [*flat(), monthly(START + 36, "40")]
    assert grades(stand(trigger("alps")), *shock)[-1] == "approach"
    assert grades(stand(trigger("alps", bounds="{line: 2, III: 10}")), *shock)[-1] == "III"


def test_it_says_why_in_both_languages() -> None:
    """Month, mean price, how far from what is usual, the indicator and its bound; and that a notice is one."""
    bench = stand(trigger("alps"))
    grades(bench, *flat(), monthly(START + 36, "4.4999"), monthly(START + 37, "4.01"))
    assert [alert.explain for alert in bench.alerts] == [
        Words(
            zh="1号点 粳米（零售） 2013-01 月均价 4.50 元/kg，较季节趋势价 +12.4 %，ALPS 12.49 ≥ 1（走势提示，警戒线另行判断）",  # noqa: E501
            en="Point 1, japonica rice (retail): mean of 2013-01 4.50 CNY/kg, +12.4 % against season and trend,"
            " ALPS 12.49 ≥ 1 (a notice; the warning line is judged apart)",
        ),
        Words(
            zh="1号点 粳米（零售） 2013-02 月均价 4.01 元/kg，较季节趋势价 -1.2 %，ALPS -0.55 < 1，正常",
            en="Point 1, japonica rice (retail): mean of 2013-02 4.01 CNY/kg, -1.2 % against season and trend,"
            " ALPS -0.55 < 1, normal",
        ),
    ]


def test_it_says_why_of_ifpa_in_both_languages() -> None:
    """The rise is the greater of those over 3 and over 12 months."""
    bench = stand(trigger("ifpa", bounds="{IV: 1}"))
    grades(bench, *flat(), monthly(START + 36, "4.80"))
    assert bench.alerts[-1].explain == Words(
        zh="1号点 粳米（零售） 2013-01 月均价 4.80 元/kg，3 个月或 12 个月内 +20.0 %，IFPA 3.42 ≥ 1，Ⅳ级（一般）",
        en="Point 1, japonica rice (retail): mean of 2013-01 4.80 CNY/kg, +20.0 % within 3 or 12 months,"
        " IFPA 3.42 ≥ 1, level IV (ordinary)",
    )


def test_an_estimate_counts_and_is_told() -> None:
    """In part: of the month's readings the last was estimated."""
    bench = stand(trigger("alps"))
    grades(bench, *flat(), monthly(START + 36, "4.60", estimated=True))
    assert "月均价 4.60 元/kg（含估计值），" in bench.alerts[-1].explain.zh
    assert "mean of 2013-01 4.60 CNY/kg (estimated in part), " in bench.alerts[-1].explain.en


def test_it_joins_with_others_as_any_condition_does() -> None:
    """Two points of two at once, over a restart: the memories lie in the quorum's."""
    bench = stand(
        "when: {detector: quorum, at: approach, points: {IV: 2}, source: test,"
        " of: {detector: price_anomaly, indicator: ifpa, source: test}}",
        points=2,
    )
    for fact in flat(40):
        bench.give(fact)
        bench.give(price(0, str(fact.price), observed_at=fact.observed_at, point="P02"))
    bench.restart()
    assert grades(bench, monthly(START + 40, "4.80"), monthly(START + 40, "4.80", point="P02")) == ["normal", "IV"]
    assert bench.alerts[-1].explain.zh.startswith(
        "粳米（零售） 2 个监测点中 2 个接近警戒线，如2号点 粳米（零售） 2013-05 月均价"
    )


# -- months and what is kept


def test_a_month_is_the_mean_of_its_readings_so_far() -> None:
    """4.60 alone is 15 % above what is usual; with a 4.00 it is 7.5 %; with a 4.61 it is a tenth again."""
    bench = stand(trigger("alps"))
    now = [monthly(START + 36, p, days=d) for d, p in enumerate(["4.60", "4.00", "4.61"])]
    assert grades(bench, *flat(), *now)[-3:] == ["approach", "normal", "approach"]


def test_a_month_is_one_of_wuyi() -> None:
    """Eight hours before midnight in Greenwich the next one has begun: what is read then is no part of the old one."""
    bench = stand(trigger("alps"))
    old = monthly(START + 47, "4.60", days=30.4)  # 31 December 13:36 UTC: the month's mean is 4.30
    new = monthly(START + 48, "4.60", days=-0.5)  # 31 December 16:00 UTC
    assert grades(bench, *flat(48), old, new)[-2:] == ["normal", "approach"]


@pytest.mark.parametrize("indicator", FITS)
def test_what_comes_later_never_changes_what_was_said(series: list[dict[int, Decimal]], indicator: str) -> None:
    """Whether the file ends in 2018 or 2020: the alerts until 2018 are the same, to the last letter."""
    library = site(trigger(indicator, least_percent=0))
    for one in series[:4]:
        facts = [monthly(m, one[m]) for m in sorted(one)]
        whole, part = Bench(library), Bench(library)
        grades(whole, *facts)
        grades(part, *facts[:60])
        assert whole.alerts[: len(part.alerts)] == part.alerts


def test_a_late_or_corrected_reading_changes_what_is_usual() -> None:
    """July had been ten times as dear, which came late and was a slip of the finger: 4.40 is a notice again."""
    bench = stand(trigger("alps"))
    facts = [fact for i, fact in enumerate(flat()) if i != 30]
    grades(bench, *facts, monthly(START + 36, "4.40"))
    when = monthly(START + 37, "4.40").observed_at
    late, corrected = monthly(START + 30, "40.00"), monthly(START + 30, "4.00", revision=1)
    assert moves(bench.alerts) == [("normal", "approach", "approached")]
    assert moves(bench.give(late, appended_at=when).alerts) == [("approach", "normal", "late")]
    assert moves(bench.give(corrected, appended_at=when).alerts) == [("normal", "approach", "corrected")]


def test_fifteen_years_are_kept() -> None:
    """The memory of thirty years of months is not larger than that of fifteen, gaps or not."""
    bench = stand(trigger("alps"))
    sizes = []
    for i in range(360):
        if not 200 < i < 230:
            bench.give(monthly(START + i, f"4.{i % 100:02}"))
            (entry,) = bench.table.values()
            sizes.append(len(encode(entry)))
    assert max(sizes) < 10_000
    assert max(sizes[-50:]) < max(sizes[-100:-50]) + 100


def test_the_past_begins_with_a_price_and_ends_fifteen_years_later() -> None:
    """A gap is months without a price; one longer than everything begins anew."""
    whole = past({START + i: i + 1 for i in range(MOST + 10)})
    assert (whole.first, len(whole.prices), whole.price(START + 9)) == (START + 10, MOST, None)
    gap = whole.then(START + MOST + 13, 7.0)
    assert (gap.prices[-4:], gap.price(START + MOST + 13)) == ([MOST + 10, None, None, None, 7.0][-4:], 7.0)
    assert whole.then(START + 9999, 7.0) == Past(START + 9999, [7.0])
    assert list(past({START: 1, START + 2: 2}).known()) == [(START, 1), (START + 2, 2)]


def test_a_memory_comes_back_as_it_was() -> None:
    """Over a restart after every reading: the same alerts, and the same memory."""
    facts = [*flat(40), *(monthly(START + 40, p, days=d) for d, p in enumerate(["4.80", "4.10"]))]
    for indicator in FITS:
        calm, restless = stand(trigger(indicator)), stand(trigger(indicator))
        for fact in facts:
            calm.give(fact)
            restless.give(fact)
            restless.restart()
        assert restless.alerts == calm.alerts != []
        assert memories(restless.table) == memories(calm.table)


MONTHS = st.builds(
    lambda month, amount, days, revision: monthly(T0.year * 12 + month, amount, days=days, revision=revision),
    st.integers(0, 3), st.sampled_from(["4.00", "4.20", "4.60", "9.00"]), st.sampled_from([3, 14]), st.integers(0, 2),
)  # fmt: skip


@pytest.mark.parametrize("indicator", FITS)
@given(data=st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_of_arrival_ends_in_the_same_state(indicator: str, data: st.DataObject) -> None:
    """Three years stand; what follows comes in any order, repeated, corrected, between ticks and restarts."""
    before = [monthly(T0.year * 12 - 36 + i, f"4.{i % 5}0") for i in range(36)]
    facts, ways = data.draw(delivered(lambda: MONTHS, minutes=120 * 24 * 60))
    library = site(trigger(indicator))
    first, second = (run([*before, *way], library, "grain-prices", until=130 * 24 * 60) for way in ways)
    assert memories(first.table) == memories(second.table)
    newest = {(f.id): f for f in sorted(facts, key=lambda f: f.revision)}.values()
    assert (first.alerts[-1].after if first.alerts else "normal") == expected(indicator, [*before, *newest])


def expected(indicator: str, facts: list[Any]) -> str:
    """What the formula says after the last month of all of them."""
    readings: dict[int, list[Decimal]] = defaultdict(list)
    for fact in facts:
        readings[fact.observed_at.year * 12 + fact.observed_at.month - 1].append(fact.price)
    one = {month: sum(found) / len(found) for month, found in readings.items()}
    now = "normal"
    for month in sorted(one):
        said = AGAIN[indicator](one, month, Decimal("0.01"))
        if said is not None:
            now = "approach" if said.value >= 1 and said.percent >= 10 else "normal"
    return now
