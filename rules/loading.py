"""A site directory's texts made into a site and its library, or every fault of them at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from rules import expectations, units
from rules.alerts import Words
from rules.facts import KINDS, MAX_NUMBER, bounded
from rules.fault import Fault, fault
from rules.library import Library
from rules.measures import FIXED
from rules.plan_loading import read_plans, translation_faults
from rules.site import Contract, Defaults, DeliveryDue, Point, Site, SiteFile, WarningLine
from rules.yaml_file import BadFiles, Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.plans import Plan


WHOLE = Decimal(100)

NO_FILE = Words(zh="没有此文件", en="no such file")
OF_THE_SITE = Words(zh="站点目录中的文件", en="a file of the site directory")
POINTS = Words(zh="监测点列表", en="a list of points")
NEW_MEASURE = Words(
    zh="固定指标和数据字段未用的名称", en="a name that neither a fixed measure nor a field of these facts has"
)
NO_SUM = Words(
    zh="highest | lowest（只有险情报告的数可以相加）", en="highest | lowest: only figures of hazard reports are added"
)
UNIQUE = Words(zh="其他监测点未用的编号", en="an id that no other point has")
ONE_LINE = Words(zh="每个品种、环节一条警戒线", en="one line for each commodity and stage")
NO_BOUND = Words(zh="upper 和 lower 都没有", en="neither upper nor lower")
A_LINE = Words(zh="一条警戒线", en="a warning line")
DAY = Words(zh="日历上的一天，如 2026-08-15", en="a day of the calendar, e.g. 2026-08-15")
PERCENT = Words(zh="大于 0、至多 100 的百分数", en="a percentage above 0 and up to 100")


def load(texts: Mapping[str, str]) -> Library:
    """`texts` maps names within the site directory (`site.yaml`, `points.yaml`, `plans/*.yaml`) to what they contain.

    Raises `BadFiles` with every fault of every file.
    """
    faults: list[Fault] = []
    site_file = _site(texts, faults)
    points = _points(texts, faults)
    site = None if site_file is None else Site(file=site_file, points=points)
    plans = _plans(texts, site, faults)
    if faults or site is None:
        raise BadFiles(sorted(faults, key=_place))
    return Library(site, plans)


def _plans(texts: Mapping[str, str], site: Site | None, faults: list[Fault]) -> list[Plan]:
    names = sorted(name for name in texts if name.startswith("plans/"))
    plans, found = read_plans([d for name in names if (d := _document(texts, name, faults))], site)
    faults += found
    return plans


def _place(wrong: Fault) -> tuple[int, str, int]:
    """Faults are told file by file, and down each file."""
    first = {"site.yaml": 0, "points.yaml": 1}
    file = wrong.file or ""
    return first.get(file, len(first)), file, wrong.line or 0


def _document(texts: Mapping[str, str], name: str, faults: list[Fault]) -> Document | None:
    if name not in texts:
        faults.append(fault("$", NO_FILE, OF_THE_SITE, name, 1))
        return None
    try:
        document = Document(name, texts[name])
    except BadFiles as bad:
        faults += bad.faults
        return None
    faults += translation_faults(document)
    return document


def _site(texts: Mapping[str, str], faults: list[Fault]) -> SiteFile | None:
    document = _document(texts, "site.yaml", faults)
    try:
        site = document.to(SiteFile) if document else None
    except BadFiles as bad:
        faults += bad.faults
        return None
    if document is not None and site is not None:
        faults += _measure_faults(document, site)
    return site


def _measure_faults(document: Document, site: SiteFile) -> Iterator[Fault]:
    """Of the site's own figures."""
    for name, one in site.measures.items():
        taken = {*FIXED, *(field.name for field in msgspec.structs.fields(KINDS[one.facts]))}
        if name in taken:
            yield document.fault(f"$.measures.{name}", name, NEW_MEASURE)
        if one.across == "sum" and one.facts != "hazard_report":
            yield document.fault(f"$.measures.{name}.across", one.across, NO_SUM)


def _points(texts: Mapping[str, str], faults: list[Fault]) -> dict[str, Point]:
    document = _document(texts, "points.yaml", faults)
    if document is None:
        return {}
    try:
        defaults = document.part("$.defaults", document.at("$.defaults"), Defaults)
    except BadFiles as bad:
        faults += bad.faults
        defaults = Defaults(source="?", cadence="1d")  # to find the faults of the points as well
    rows = document.at("$.points")
    if not isinstance(rows, list):
        faults.append(document.fault("$.points", rows, POINTS))
        return {}
    points: dict[str, Point] = {}
    for i, row in enumerate(rows):
        for point in _point(document, f"$.points[{i}]", row, defaults, faults):
            if point.id in points:
                faults.append(document.fault(f"$.points[{i}].id", point.id, UNIQUE))
            points[point.id] = point
    return points


def _point(document: Document, path: str, row: object, defaults: Defaults, faults: list[Fault]) -> Iterator[Point]:
    try:
        values = {"source": defaults.source, "cadence": defaults.cadence, **row} if isinstance(row, dict) else row
        point = document.part(path, values, Point)
    except BadFiles as bad:
        faults += bad.faults
        return
    seen: set[tuple[str, str]] = set()
    for j, line in enumerate(point.lines):
        where = f"{path}.lines[{j}]"
        try:
            units.measure(line.unit)
        except units.UnknownUnit:
            faults.append(document.fault(f"{where}.unit", line.unit, expectations.known_unit(units.EXPECTED)))
        else:
            faults += _line_faults_of_point(document, where, line)
        if (line.commodity, line.stage) in seen:
            faults.append(document.fault(where, _again(line), ONE_LINE))
        seen.add((line.commodity, line.stage))
    yield point


def _line_faults_of_point(document: Document, where: str, line: WarningLine) -> Iterator[Fault]:
    measure = units.measure(line.unit)
    if measure.currency not in (None, line.currency):
        yield document.fault(f"{where}.currency", line.currency, expectations.currency_of(measure.currency, line.unit))
    priced = True
    for side in ("upper", "lower"):
        bound: Decimal | None = getattr(line, side)
        if bound is not None and not _price(bound, measure):
            priced = False
            yield document.fault(f"{where}.{side}", bound, _price_of_one(measure.base))
    if line.normal_stock_t is not None and not (bounded(line.normal_stock_t) and line.normal_stock_t > 0):
        yield document.fault(f"{where}.normal_stock_t", line.normal_stock_t, expectations.SOME_TONNES)
    if line.contract is not None:
        yield from _contract_faults(document, f"{where}.contract", line.contract)
    if line.upper is None and line.lower is None:
        yield document.fault(where, NO_BOUND, A_LINE)
    elif priced and line.upper is not None and line.lower is not None and line.lower >= line.upper:
        yield document.fault(f"{where}.lower", line.lower, _below(line.upper))


def _contract_faults(document: Document, where: str, contract: Contract) -> Iterator[Fault]:
    if not (bounded(contract.tonnes) and contract.tonnes > 0):
        yield document.fault(f"{where}.tonnes", contract.tonnes, expectations.SOME_TONNES)
    before: DeliveryDue | None = None
    for i, due in enumerate(contract.schedule):
        path = f"{where}.schedule[{i}]"
        try:
            date.fromisoformat(due.by)
        except ValueError:
            yield document.fault(f"{path}.by", due.by, DAY)
        if not (bounded(due.percent) and 0 < due.percent <= WHOLE):
            yield document.fault(f"{path}.percent", due.percent, PERCENT)
        if before is not None and (due.by <= before.by or due.percent <= before.percent):
            yield document.fault(path, _shown(due), _more_than(before))
        before = due


def _again(line: WarningLine) -> Words:
    one = f"{line.commodity}/{line.stage}"
    return Words(zh=f"{one} 重复", en=f"{one} again")


def _price_of_one(base: str) -> Words:
    return Words(
        zh=f"每 {base} 大于 0、小于 {MAX_NUMBER:.0E} 的价格",
        en=f"a price above 0 and below {MAX_NUMBER:.0E} for one {base}",
    )


def _below(upper: Decimal) -> Words:
    return Words(zh=f"低于上限 {upper} 的价格", en=f"a price below the upper line {upper}")


def _shown(due: DeliveryDue) -> Words:
    return Words(zh=f"{due.by} 为 {due.percent} %", en=f"{due.by}: {due.percent} %")


def _more_than(before: DeliveryDue) -> Words:
    said = _shown(before)
    return Words(zh=f"晚于且多于前一项（{said.zh}）", en=f"later and more than {said.en}")


def _price(bound: Decimal, measure: units.Measure) -> bool:
    return bounded(bound) and bound > 0 and 0 < units.price_per_base(bound, measure) < MAX_NUMBER
