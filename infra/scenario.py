"""A drill scenario as data: who takes part, which facts come when, and what is expected by when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from rules import decoding, facts
from rules.alerts import Words
from rules.fault import ROOT, Fault
from rules.refusal import refusal
from rules.vocabulary import Duration, Identifier, seconds
from rules.yaml_file import BadFiles, Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.site import Site


NOBODY = Words(zh="没有人", en="nobody")
AN_OFFICER = Words(zh="至少一名名册中的人员", en="at least one officer of the roster")
A_POINT = Words(zh="本站点的监测点", en="a point of the site")
SET_BY_DRILL = Words(zh="不填：由演练设定", en="nothing: the drill sets it")
SOME_START = datetime(2026, 1, 1, tzinfo=UTC)
"""When a scenario is tried without being played."""


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Inject(_Strict, frozen=True, kw_only=True):
    """Facts that come `at` an offset from the start; with `points`, the same fact for each of them."""

    at: Duration
    fact: dict[str, Any]
    points: list[str] | Literal["all"] | None = None
    observed: Duration = "0"
    """How long before it comes it was observed."""


class Expected(_Strict, frozen=True, kw_only=True):
    """What the scenario counts on, `within` an offset from the start."""

    event: Literal["incident", "page", "acknowledged"]
    within: Duration
    plan: Identifier
    place: str
    officer: str | None = None

    @property
    def words(self) -> Words:
        what = {
            "incident": Words(zh="事件立案", en="incident opened"),
            "page": Words(zh="呼叫送出", en="page sent"),
            "acknowledged": Words(zh="签收", en="acknowledged"),
        }[self.event]
        who = f" {self.officer}" if self.officer else ""
        return Words(zh=f"{what.zh}{who} ({self.place})", en=f"{what.en}{who} ({self.place})")


class Scenario(_Strict, frozen=True, kw_only=True):
    """One drill."""

    id: Identifier
    titles: Words
    participants: list[str]
    """Names of officers in the roster. Nobody else is ever paged."""
    source: Identifier = "drill"
    length: Duration
    """When it ends, at the latest."""
    injects: list[Inject]
    expected: list[Expected]


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of the scenario with its offset from the start."""

    offset: timedelta
    fact: facts.AnyFact


def load(file: str, text: str, site: Site) -> Scenario:
    """Reads a scenario and tries each fact of it. Raises `BadFiles`."""
    document = Document(file, text)
    scenario = document.to(Scenario)
    faults = list(_faults(document, scenario, site))
    if faults:
        raise BadFiles(faults)
    return scenario


def plan_facts(scenario: Scenario, site: Site, exercise: str, start: datetime) -> list[Planned]:
    """Every fact of the scenario, in the order in which they come."""
    planned = [
        Planned(offset=timedelta(seconds=seconds(inject.at)), fact=decoding.decode(msgspec.json.encode(values)))  # type: ignore[arg-type]
        for inject in scenario.injects
        for values in _expanded(inject, scenario, site, exercise, start)
    ]
    return sorted(planned, key=lambda p: p.offset)


def _expanded(
    inject: Inject, scenario: Scenario, site: Site, exercise: str, start: datetime
) -> Iterator[dict[str, Any]]:
    observed = start + timedelta(seconds=seconds(inject.at) - seconds(inject.observed))
    values = {
        "county": site.file.county, **inject.fact,
        "source": scenario.source, "exercise": exercise, "observed_at": observed.isoformat(),
    }  # fmt: skip
    values = {name: _number(value) if name in _WHOLE else value for name, value in values.items()}
    if inject.points is None:
        yield values
        return
    for point in _points(inject, site):
        yield {**values, "point": point}


def _points(inject: Inject, site: Site) -> list[str]:
    if inject.points != "all":
        return list(inject.points or [])
    wanted = (inject.fact.get("commodity"), inject.fact.get("stage"))
    county = str(inject.fact.get("county", site.file.county))
    return [
        p.id
        for p in site.points.values()
        if p.division.startswith(county) and any((line.commodity, line.stage) == wanted for line in p.lines)
    ]


_WHOLE = frozenset(
    f.name
    for kind in facts.KINDS.values()
    for f in msgspec.structs.fields(kind)
    if "Count" in str(f.type) or "int" in str(f.type)
)


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _faults(document: Document, scenario: Scenario, site: Site) -> Iterator[Fault]:
    if not scenario.participants:
        yield document.fault("$.participants", NOBODY, AN_OFFICER)
    for i, inject in enumerate(scenario.injects):
        yield from _inject_faults(document, f"$.injects[{i}]", inject, scenario, site)
    length = seconds(scenario.length)
    for i, expected in enumerate(scenario.expected):
        if seconds(expected.within) > length:
            yield document.fault(f"$.expected[{i}].within", expected.within, _at_most(scenario.length))


def _inject_faults(document: Document, path: str, inject: Inject, scenario: Scenario, site: Site) -> Iterator[Fault]:
    if inject.points == "all" and not _points(inject, site):
        line = f"{inject.fact.get('commodity')}/{inject.fact.get('stage')}"
        yield document.fault(f"{path}.points", inject.points, _with_a_line_for(line))
    if inject.points is not None:
        for point in (p for p in _points(inject, site) if p not in site.points):
            yield document.fault(f"{path}.points", point, A_POINT)
    for name in ("exercise", "source", "observed_at"):
        if name in inject.fact:
            yield document.fault(f"{path}.fact.{name}", inject.fact[name], SET_BY_DRILL)
    try:
        for values in _expanded(inject, scenario, site, scenario.id, SOME_START):
            fact: facts.AnyFact = decoding.decode(msgspec.json.encode(values))  # type: ignore[assignment]
            refused = refusal(site, fact)
            if refused is not None:
                yield _in_fact(document, path, refused.fault)
    except decoding.BadFact as bad:
        for wrong in bad.faults:
            yield _in_fact(document, path, wrong)


def _in_fact(document: Document, path: str, wrong: Fault) -> Fault:
    """A fault of a fact, where the file writes it."""
    inner = f"{path}.fact" if wrong.path == ROOT else f"{path}.fact.{wrong.path}"
    return msgspec.structs.replace(document.fault(inner, None, wrong.expected), value=wrong.value)


def _at_most(length: Duration) -> Words:
    return Words(zh=f"不超过演练时长 {length}", en=f"at most the length of the drill, {length}")


def _with_a_line_for(line: str) -> Words:
    return Words(zh=f"有 {line} 警戒线的监测点", en=f"points that have a line for {line}")
