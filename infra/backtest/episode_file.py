"""Labelled episodes from YAML or CSV: name, from, to, and optionally plan and place. Every fault at once."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from infra.backtest.instants import EXPECTED, instant
from rules.backtest.episodes import Episode
from rules.facts import Label
from rules.misfit import Said, misfits
from rules.vocabulary import Identifier, Strict
from rules.yaml_file import BadFiles, Document, FileFault
from streams.sources.base import RowFault
from streams.sources.csv_rows import records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_COUNTY = re.compile(r"[0-9]{6}(/|$)")
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
        if isinstance(said, FileFault):
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
        faults.append(FileFault(name, 1, "$", "no episode", "at least one"))
    if faults:
        raise BadFiles(faults)
    return episodes


def _rows(path: Path) -> Iterator[_Said | FileFault]:
    name = str(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        yield FileFault(name, 1, "$", repr(path.name), f"a name that ends in {' | '.join(SUFFIXES)}")
        return
    try:
        raw = path.read_bytes()
        yield from _csv(name, raw) if suffix == ".csv" else _yaml(name, raw.decode("utf-8-sig"))
    except OSError as error:
        yield FileFault(name, 1, "$", error.strerror or str(error), "a file that can be read")
    except UnicodeDecodeError as error:
        yield FileFault(name, 1, "$", f"byte {error.start} that is not UTF-8", "text in UTF-8")


def _csv(name: str, raw: bytes) -> Iterator[_Said | FileFault]:
    for record in records(BytesIO(raw), name):
        if isinstance(record, RowFault):
            yield from (FileFault(name, record.line, one.path, one.value, one.expected) for one in record.faults)
        else:
            cells = {field: cell.strip() for field, cell in record.cells.items() if cell.strip()}
            yield _Said(record.line, "$", cells)


def _yaml(name: str, text: str) -> Iterator[_Said | FileFault]:
    document = Document(name, text)
    if not isinstance(document.value, list):
        yield document.fault("$", Said("something else"), "a list of episodes")
        return
    for i, values in enumerate(document.value):
        yield _Said(document.line(f"$[{i}]"), f"$[{i}]", values)


def _wrong(row: EpisodeRow, plans: Collection[str], counties: Collection[str]) -> Iterator[tuple[str, object, str]]:
    """What the types cannot say: path, value, expected."""
    times = []
    for field, text, end in (("from", row.since, False), ("to", row.to, True)):
        try:
            times.append(instant(text, end=end))
        except ValueError:
            yield f"$.{field}", text, EXPECTED
    if times == sorted(times, reverse=True) and len(times) > 1:
        yield "$.to", row.to, f"later than from, {row.since}"
    if row.plan is not None and row.plan not in plans:
        yield "$.plan", row.plan, f"a plan of the site: {' | '.join(sorted(plans))}"
    if row.place is not None and _COUNTY.match(row.place) and row.place[:6] not in counties:
        yield "$.place", row.place, f"a place in a county of the site: {' | '.join(counties)}"


def _fault(name: str, said: _Said, path: str, value: object, expected: str) -> FileFault:
    shown = repr(value) if isinstance(value, str) and not isinstance(value, Said) else str(value)
    where = f"{said.path}{path.removeprefix('$')}".removeprefix("$").removeprefix(".") or "$"
    return FileFault(name, said.line, where, shown, expected)


def _episode(row: EpisodeRow) -> Episode:
    """Until a date means until that day is over."""
    return Episode(
        name=row.name, since=instant(row.since), to=instant(row.to, end=True), plan=row.plan, place=row.place
    )
