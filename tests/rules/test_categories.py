"""Kinds of hazard reports are the site's: plans name these alone, a report of another kind is refused by name."""

from __future__ import annotations

import pytest

from rules.alerts import Words
from rules.describe import describe
from rules.loading import load
from rules.names import Names
from rules.yaml_file import BadFiles
from tests.rules.builders import HAZARD, SITE, Bench, forecast, report, texts

CATEGORIES = (
    "categories: {flood: {zh: 洪涝, en: flood}, typhoon: {zh: 台风, en: typhoon}, mine: {zh: 矿山, en: mines}}\n"
)
OVERDUE = """\
id: overdue
titles: {zh: 隐患, en: Hazards}
tag: {zh: 隐患, en: HAZARDS}
basis: [test]
triggers: [{id: it, when: {detector: overdue, where: {category: [mien]}, days: {IV: 1}, source: t}}]
escalation: {steps: [{page: [duty_officer], wait: 5m}], leader: [duty_leader]}
"""
WARNED = OVERDUE.replace("id: overdue", "id: warned").replace(
    "{detector: overdue, where: {category: [mien]}, days: {IV: 1}, source: t}",
    "{detector: table, facts: disaster_forecast, where: {hazard: [rainstorm, rainstrom, smog]},"
    " rows: [{measure: colour, colours: {IV: blue}, source: t}]}",
)


def faults(more: str = "", **plans: str) -> list[str]:
    with pytest.raises(BadFiles) as bad:
        load(texts(site=SITE + more, **plans))
    return str(bad.value).splitlines()


def test_a_category_that_the_site_does_not_name_is_a_fault_with_all_that_it_does() -> None:
    """It would watch for what nobody ever reports."""
    zh = "应为 site.yaml 的 categories 之一：flood, mine, typhoon"
    en = "expected one of `categories` in site.yaml: flood, mine, typhoon"
    assert faults(CATEGORIES, overdue=OVERDUE, relief=HAZARD.replace("[flood, typhoon]", "[flood, typhon]")) == [
        f"plans/overdue.yaml:5 triggers[0].when.where.category[0]: 得到 'mien'，{zh} (got 'mien', {en})",
        f"plans/relief.yaml:11 triggers[0].when.where.category[1]: 得到 'typhon'，{zh} (got 'typhon', {en})",
    ]


def test_a_site_without_categories_takes_any() -> None:
    """In plans and in reports."""
    assert "overdue" in load(texts(overdue=OVERDUE)).plans
    assert Bench(load(texts())).give(report(0, category="mien")).rejected is None


def test_a_hazard_that_is_no_warning_signal_is_a_fault_unless_the_site_names_it() -> None:
    """The signals are the same everywhere; a county may have others."""
    (rainstrom, smog) = faults(warned=WARNED)
    assert rainstrom.startswith("plans/warned.yaml:5 triggers[0].when.where.hazard[1]: 得到 'rainstrom'，应为")
    assert "预警信号或 site.yaml 的 hazards 之一：cold_wave, drought, " in rainstrom
    assert ".where.hazard[2]: 得到 'smog'" in smog
    (only,) = faults("hazards: {smog: {zh: 雾霾, en: smog}}\n", warned=WARNED)
    assert "rainstrom" in only


def test_of_a_site_that_cannot_be_read_nothing_is_said_of_categories() -> None:
    """Its one fault is enough."""
    with pytest.raises(BadFiles) as bad:
        load(texts(site="", overdue=OVERDUE, warned=WARNED))
    assert len(bad.value.faults) == 1


def test_a_report_of_another_kind_is_refused_with_the_kinds_there_are() -> None:
    """As a price of an unknown point is: no plan would hear of it, and nobody would notice."""
    bench = Bench(load(texts(site=SITE + CATEGORIES)))
    assert bench.give(report(0, category="flod", deaths=30)) == (
        {}, [],
        ("unknown_category", Words(
            zh="category：得到 'flod'，应为 flood | mine | typhoon",
            en="category: got 'flod', expected flood | mine | typhoon",
        )),
    )  # fmt: skip
    assert [a.after for a in bench.give(report(0, deaths=30)).alerts] == ["I"]
    assert bench.give(forecast(0, hazard="locusts")).rejected is None, "who issues warnings names them"


def test_a_drills_report_of_another_kind_is_refused_too() -> None:
    """An exercise is the real pipeline."""
    bench = Bench(load(texts(site=SITE + CATEGORIES)))
    bench.start_drill("D1", topic="hazard-reports")
    refused = bench.give(report(1, category="flod", source="drill", exercise="D1")).rejected
    assert refused is not None
    assert refused.reason == "unknown_category"


def test_people_read_the_sites_words() -> None:
    """Of categories and of hazards; what has none stands as it is."""
    more = f"{CATEGORIES}hazards: {{smog: {{zh: 雾霾, en: smog}}}}\n"
    plan = WARNED.replace("rainstrom, smog", "smog")
    library = load(texts(site=SITE + more, warned=plan))
    names = Names.of(library.site)
    whens = {name: library.plans[name].triggers[0].when for name in ("relief", "warned")}
    assert "（类别为 洪涝、台风）" in describe(whens["relief"], names).says.zh
    assert "（灾种为 暴雨、雾霾）" in describe(whens["warned"], names).says.zh
    assert "(category flood, typhoon)" in describe(whens["relief"], Names()).says.en
    bench = Bench(library)
    bench.give(forecast(0, "blue", hazard="smog"))
    assert bench.alerts[0].explain == Words(
        zh="王宅镇 雾霾 预警信号蓝色，Ⅳ级（一般）", en="Wangzhai smog warning signal blue, level IV (ordinary)"
    )
