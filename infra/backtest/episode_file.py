"""Labelled episodes from YAML or CSV: name, from, to, and optionally plan and place. Every fault at once."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from infra.backtest.instants import EXPECTED, instant
from rules import expectations
from rules.alerts import Words
from rules.backtest.episodes import Episode
from rules.facts import Label
from rules.fault import NOTHING, ROOT, Fault, fault
from rules.misfit import misfits
from rules.vocabulary import Identifier, Strict
from rules.yaml_file import BadFiles, Document, decoded
from streams.sources.base import RowFault
from streams.sources.csv_rows import records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_COUNTY = re.compile(r"[0-9]{6}(/|$)")
AN_EPISODE = Words(zh="至少一个时段", en="at least one episode")
EPISODES = Words(zh="时段列表", en="a list of episodes")
SUFFIXES = (".yaml", ".yml", ".csv")


class EpisodeRow(Strict, frozen=True, kw_only=True):
    """One episode as it is written."""

    name: Label
    since: Annotated[str, Meta(min_length=1)] = msgspec.field(name="from")
    to: Annotated[str, Meta(min_length=1)]
    plan: Identifier | None = None
    place: Label | None = None


class _Said(msgspec.Struct):
    """One row of either format, and where it stands."""

    line: int
    path: str
    values: Any


def load_episodes(path: Path, plans: Collection[str], counties: Collection[str]) -> list[Episode]:
    """The episodes of a file, in its order. `plans` and `counties` are those that may be named. Raises `BadFiles`."""
    name, faults = str(path), []
    episodes: list[Episode] = []
    for said in _rows(path):
        if isinstance(said, Fault):
            faults.append(said)
            continue
        wrong = [_fault(name, said, *misfit) for misfit in misfits(said.values, EpisodeRow)]
        if not wrong:
            row = msgspec.convert(said.values, EpisodeRow)
            wrong = [_fault(name, said, *one) for one in _wrong(row, plans, counties)]
            if not wrong:
                episodes.append(_episode(row))
        faults += wrong
    if not faults and not episodes:
        faults.append(fault(ROOT, NOTHING, AN_EPISODE, name))
    if faults:
        raise BadFiles(faults)
    return episodes


def _rows(path: Path) -> Iterator[_Said | Fault]:
    name = str(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        yield fault(ROOT, path.name, expectations.ends_in(SUFFIXES), name)
        return
    try:
        raw = path.read_bytes()
        yield from _csv(name, raw) if suffix == ".csv" else _yaml(name, decoded(name, raw))
    except OSError as error:
        yield fault(ROOT, expectations.failed(error), expectations.A_FILE, name)


def _csv(name: str, raw: bytes) -> Iterator[_Said | Fault]:
    for record in records(BytesIO(raw), name):
        if isinstance(record, RowFault):
            yield from (msgspec.structs.replace(one, file=name, line=record.line) for one in record.faults)
        else:
            cells = {field: cell.strip() for field, cell in record.cells.items() if cell.strip()}
            yield _Said(record.line, "$", cells)


def _yaml(name: str, text: str) -> Iterator[_Said | Fault]:
    document = Document(name, text)
    if not isinstance(document.value, list):
        yield document.fault("$", document.value, EPISODES)
        return
    for i, values in enumerate(document.value):
        yield _Said(document.line(f"$[{i}]"), f"$[{i}]", values)


def _wrong(row: EpisodeRow, plans: Collection[str], counties: Collection[str]) -> Iterator[tuple[str, object, Words]]:
    """What the types cannot say: path, value, expected."""
    times = []
    for field, text, end in (("from", row.since, False), ("to", row.to, True)):
        try:
            times.append(instant(text, end=end))
        except ValueError:
            yield f"$.{field}", text, EXPECTED
    if times == sorted(times, reverse=True) and len(times) > 1:
        yield "$.to", row.to, _later(row.since)
    if row.plan is not None and row.plan not in plans:
        yield "$.plan", row.plan, _plan_of(plans)
    if row.place is not None and _COUNTY.match(row.place) and row.place[:6] not in counties:
        yield "$.place", row.place, _place_in(counties)


def _fault(name: str, said: _Said, path: str, value: object, expected: Words) -> Fault:
    return fault(f"{said.path}{path.removeprefix(ROOT)}", value, expected, name, said.line)


def _later(since: str) -> Words:
    return Words(zh=f"晚于 from，即 {since}", en=f"later than from, {since}")


def _plan_of(plans: Collection[str]) -> Words:
    listed = " | ".join(sorted(plans))
    return Words(zh=f"本站点的预案：{listed}", en=f"a plan of the site: {listed}")


def _place_in(counties: Collection[str]) -> Words:
    listed = " | ".join(counties)
    return Words(zh=f"本站点所辖县内的地点：{listed}", en=f"a place in a county of the site: {listed}")


def _episode(row: EpisodeRow) -> Episode:
    """Until a date means until that day is over."""
    return Episode(
        name=row.name, since=instant(row.since), to=instant(row.to, end=True), plan=row.plan, place=row.place
    )
