"""A site directory's texts made into a site and its library, or every fault of them at once."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from rules import units
from rules.facts import KINDS, MAX_NUMBER, Label, bounded
from rules.library import Library
from rules.measures import COLOURS, MEASURES
from rules.misfit import Said
from rules.plans import LineTrigger, Plan, Row, TableTrigger
from rules.severity import LEVELS
from rules.site import Point, Site, SiteFile, WarningLine
from rules.vocabulary import Duration
from rules.yaml_file import BadFiles, Document, FileFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Defaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source: Label
    cadence: Duration


def load(texts: Mapping[str, str]) -> Library:
    """`texts` maps names within the site directory (`site.yaml`, `points.yaml`, `plans/*.yaml`) to what they contain.

    Raises `BadFiles` with every fault of every file.
    """
    faults: list[FileFault] = []
    site_file = _site(texts, faults)
    points = _points(texts, faults)
    plans = _plans(texts, faults)
    if faults or site_file is None:
        raise BadFiles(faults)
    site = Site(file=site_file, points=points)
    return Library(site, plans)


def _document(texts: Mapping[str, str], name: str, faults: list[FileFault]) -> Document | None:
    if name not in texts:
        faults.append(FileFault(name, 1, "$", "no such file", "a file of the site directory"))
        return None
    try:
        return Document(name, texts[name])
    except BadFiles as bad:
        faults += bad.faults
        return None


def _site(texts: Mapping[str, str], faults: list[FileFault]) -> SiteFile | None:
    document = _document(texts, "site.yaml", faults)
    try:
        return document.to(SiteFile) if document else None
    except BadFiles as bad:
        faults += bad.faults
        return None


def _points(texts: Mapping[str, str], faults: list[FileFault]) -> dict[str, Point]:
    document = _document(texts, "points.yaml", faults)
    if document is None:
        return {}
    try:
        defaults = document.part("$.defaults", document.at("$.defaults"), _Defaults)
    except BadFiles as bad:
        faults += bad.faults
        defaults = _Defaults(source="?", cadence="1d")  # to find the faults of the points as well
    rows = document.at("$.points")
    if not isinstance(rows, list):
        faults.append(document.fault("$.points", rows, "a list of points"))
        return {}
    points: dict[str, Point] = {}
    for i, row in enumerate(rows):
        for point in _point(document, f"$.points[{i}]", row, defaults, faults):
            if point.id in points:
                faults.append(document.fault(f"$.points[{i}].id", point.id, "an id that no other point has"))
            points[point.id] = point
    return points


def _point(document: Document, path: str, row: object, defaults: _Defaults, faults: list[FileFault]) -> Iterator[Point]:
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
            faults.append(document.fault(f"{where}.unit", line.unit, f"a known unit: {units.EXPECTED}"))
        else:
            faults += _line_faults_of_point(document, where, line)
        if (line.commodity, line.stage) in seen:
            faults.append(
                document.fault(
                    where, Said(f"{line.commodity}/{line.stage} again"), "one line for each commodity and stage"
                )
            )
        seen.add((line.commodity, line.stage))
    yield point


def _line_faults_of_point(document: Document, where: str, line: WarningLine) -> Iterator[FileFault]:
    measure = units.measure(line.unit)
    if measure.currency not in (None, line.currency):
        yield document.fault(f"{where}.currency", line.currency, f"{measure.currency}, as the unit {line.unit} says")
    priced = True
    for side in ("upper", "lower"):
        bound: Decimal | None = getattr(line, side)
        if bound is not None and not _price(bound, measure):
            priced = False
            yield document.fault(
                f"{where}.{side}", bound, f"a price above 0 and below {MAX_NUMBER:.0E} for one {measure.base}"
            )
    if line.upper is None and line.lower is None:
        yield document.fault(where, Said("neither upper nor lower"), "a warning line")
    elif priced and line.upper is not None and line.lower is not None and line.lower >= line.upper:
        yield document.fault(f"{where}.lower", line.lower, f"a price below the upper line {line.upper}")


def _price(bound: Decimal, measure: units.Measure) -> bool:
    return bounded(bound) and bound > 0 and 0 < units.price_per_base(bound, measure) < MAX_NUMBER


def _plans(texts: Mapping[str, str], faults: list[FileFault]) -> list[Plan]:
    plans: dict[str, Plan] = {}
    read: list[tuple[Document, Plan]] = []
    for name in sorted(n for n in texts if n.startswith("plans/")):
        document = _document(texts, name, faults)
        if document is None:
            continue
        try:
            plan = document.to(Plan)
        except BadFiles as bad:
            faults += bad.faults
            continue
        if plan.id in plans:
            faults.append(document.fault("$.id", plan.id, "an id that no other plan has"))
        plans[plan.id] = plan
        read.append((document, plan))
        faults += _plan_faults(document, plan)
    for document, plan in read:
        faults += _inhibition_faults(document, plan, plans)
    return list(plans.values())


def _inhibition_faults(document: Document, plan: Plan, plans: Mapping[str, Plan]) -> Iterator[FileFault]:
    """A rule that names what there is not would hold nothing back, and nobody would notice."""
    known = {f"{other.id}/{trigger.id}" for other in plans.values() for trigger in other.triggers} | plans.keys()
    for i, rule in enumerate(plan.inhibits):
        if rule.trigger is not None and f"{plan.id}/{rule.trigger}" not in known:
            yield document.fault(f"$.inhibits[{i}].trigger", rule.trigger, "a trigger of this plan")
        if rule.alarms not in known:
            yield document.fault(f"$.inhibits[{i}].alarms", rule.alarms, "a plan of the library, or plan/trigger")


def _plan_faults(document: Document, plan: Plan) -> Iterator[FileFault]:
    """What the types cannot say of a plan."""
    ids: set[str] = set()
    for i, trigger in enumerate(plan.triggers):
        path = f"$.triggers[{i}]"
        if trigger.id in ids:
            yield document.fault(f"{path}.id", trigger.id, "an id that no other trigger of the plan has")
        ids.add(trigger.id)
        fields = {f.name for f in msgspec.structs.fields(KINDS[trigger.facts])}
        for j, part in enumerate(plan.scope):
            if part not in fields:
                yield document.fault(
                    f"$.scope[{j}]", part, f"a field of {trigger.facts}, which trigger {trigger.id} watches"
                )
        if isinstance(trigger, LineTrigger):
            yield from _line_faults(document, path, trigger)
        else:
            yield from _table_faults(document, path, trigger, fields)


def _line_faults(document: Document, path: str, trigger: LineTrigger) -> Iterator[FileFault]:
    approach, recovery = trigger.ratio.approach, trigger.ratio.recovery
    wrong = [share for share in ("approach", "recovery") if not bounded(getattr(trigger.ratio, share))]
    for share in wrong:
        yield document.fault(f"{path}.ratio.{share}", getattr(trigger.ratio, share), "a share of the line, e.g. 0.95")
    if wrong:
        return
    if trigger.side == "upper" and not 0 < approach <= recovery <= 1:
        yield document.fault(
            f"{path}.ratio",
            Said(f"approach {approach}, recovery {recovery}"),
            "0 < approach <= recovery <= 1 for an upper line",
        )
    if trigger.side == "lower" and not approach >= recovery >= 1:
        yield document.fault(
            f"{path}.ratio",
            Said(f"approach {approach}, recovery {recovery}"),
            "approach >= recovery >= 1 for a lower line",
        )


def _table_faults(document: Document, path: str, trigger: TableTrigger, fields: set[str]) -> Iterator[FileFault]:
    for field in trigger.where:
        if field not in fields:
            yield document.fault(f"{path}.where.{field}", field, f"a field of {trigger.facts}")
    for j, row in enumerate(trigger.rows):
        where = f"{path}.rows[{j}]"
        measure = MEASURES.get(row.measure)
        if measure is None or trigger.facts not in measure.kinds:
            known = sorted(name for name, m in MEASURES.items() if trigger.facts in m.kinds)
            yield document.fault(f"{where}.measure", row.measure, f"a measure of {trigger.facts}: {', '.join(known)}")
            continue
        yield from _bound_faults(document, where, row)


def _bound_faults(document: Document, path: str, row: Row) -> Iterator[FileFault]:
    wanted, unwanted = ("colours", "levels") if row.measure == "colour" else ("levels", "colours")
    if getattr(row, unwanted) or not getattr(row, wanted):
        yield document.fault(
            path,
            Said(unwanted if getattr(row, unwanted) else f"no {wanted}"),
            f"{wanted} for measure {row.measure}",
        )
        return
    below: Decimal | None = None
    for level in (level.word for level in LEVELS):
        bound = row.bounds.get(level)
        if bound is None:
            continue
        rank = Decimal(COLOURS.index(bound)) if isinstance(bound, str) else bound
        if not bounded(rank) or (wanted == "levels" and rank <= 0):
            # a bound of 0 would be reached by every report that says nothing happened
            yield document.fault(f"{path}.{wanted}.{level}", bound, f"a number above 0 and below {MAX_NUMBER:.0E}")
            continue
        if below is not None and rank <= below:
            yield document.fault(f"{path}.{wanted}.{level}", bound, "a bound above that of the level below it")
        below = rank
