"""The demonstration: the real system on the embedded broker, SQLite and the sandbox phone network, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import select

from infra import clock
from infra.demo_site import COUNTY, Series, generated_points, make_file_site, make_synthetic_site
from infra.processes import EVERYTHING, run
from infra.sandbox import ACCOUNT, NUMBER, TOKEN
from infra.settings import ConsoleSettings, KafkaSettings, MetricsSettings, Settings, TwilioSettings, make_directories
from infra.site_files import example_roster, mapping_file, read_library
from infra.wiring import duty_room, open_producer, stream_settings
from responders.migrations import migrate
from responders.page_states import PENDING
from responders.queries import show_incident
from responders.roster_import import bring
from responders.sandbox.network import SandboxNetwork
from responders.schema import contacts, incidents, pages
from responders.store import Store
from responders.timeline import render
from rules.facts import GrainPriceReading
from streams.provision import provision
from streams.sources.base import FactRow, RowFault
from streams.sources.emit import emit, rows_of
from streams.sources.files import FactFile
from streams.sources.generate import Surge, season
from streams.sources.mapping import load_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from rules.library import Library
    from streams.producing import Producer
    from streams.sources.mapping import CsvMapping

T = TypeVar("T")
DAYS = 120
PACE = 0.05
"""Seconds between two days of the data: fast, and slow enough to stop near the day of the crossing."""
WFP_COLUMNS = {"pricetype", "priceflag", "usdprice"}
HIGHEST_SHOWN = 5
POLL = 0.05


class Script(NamedTuple):
    """What is played: readings by day, and what is said before."""

    days: list[list[GrainPriceReading]]
    introduction: str
    series: list[Series]


class NotPlayable(ValueError):
    """The file has nothing that could be played."""


def prepare(data: Path | None, directory: Path) -> Script:
    """Makes the temporary site and the readings. Raises `NotPlayable`."""
    site = directory / "site"
    if data is None:
        make_synthetic_site(site)
        return _synthetic(read_library(site))
    mapping = _mapping(data)
    readings, refused = _read(data, mapping)
    if not readings:
        raise NotPlayable(f"{data}: 没有可用的价格行 / no usable price row{'; ' + str(refused[0]) if refused else ''}")
    series = make_file_site(site, readings, data.stem, mapping)
    days: dict[object, list[GrainPriceReading]] = {}
    for reading in sorted(readings, key=lambda r: r.observed_at):
        days.setdefault(reading.observed_at.date(), []).append(reading)
    told = (
        f"{data}: {len(readings)} 条价格，{len({s.point for s in series})} 个市场；"
        f"临时警戒线 = 1.15 × 各序列前 12 个值的中位数\n"
        f"{len(readings)} prices of {len({s.point for s in series})} markets; temporary lines: "
        f"1.15 × the median of each series' first 12 values"
    )
    if refused:
        told += f"\n{len(refused)} 行未读 / rows not read, e.g. {refused[0]}"
    return Script(list(days.values()), told, series)


def _synthetic(library: Library) -> Script:
    """A season that ends in the surge, so that the crossing is of today."""
    start = clock.utc_now().replace(microsecond=0) - timedelta(days=Surge.of_season(DAYS).top + 1)
    now = clock.utc_now()
    days: dict[object, list[GrainPriceReading]] = {}
    for reading in season(
        generated_points(library.site), library.site.file.county, start, clock.randomness(1), days=DAYS
    ):
        arrives = reading.reported_at or reading.observed_at
        if arrives <= now:
            days.setdefault(arrives.date(), []).append(reading)
    told = (
        "合成数据（非真实观测）：武义县示例站点 35 个监测点的一季粮价\n"
        "SYNTHETIC prices, never observed: a season at the 35 points of the example site"
    )
    return Script(list(days.values()), told, [])


def _mapping(data: Path) -> CsvMapping | None:
    """The one that ships, for files that have its columns."""
    try:
        with data.open("rb") as stream:
            header = set(stream.readline().decode("utf-8-sig").strip().split(","))
    except (OSError, UnicodeDecodeError) as error:
        raise NotPlayable(f"{data}: {error}") from None
    shipped = mapping_file("wfp_food_prices")
    return load_mapping(shipped) if shipped and header >= WFP_COLUMNS else None


def _read(data: Path, mapping: CsvMapping | None) -> tuple[list[GrainPriceReading], list[RowFault]]:
    rows = list(FactFile(data, mapping=mapping, given={"county": COUNTY, "kind": "grain_price"}).rows())
    facts = [r.fact for r in rows if isinstance(r, FactRow) and isinstance(r.fact, GrainPriceReading)]
    of_one_county = [f for f in facts if f.county == facts[0].county]
    return of_one_county, [r for r in rows if isinstance(r, RowFault)]


class Demonstration:
    """One run of it. `interactive`: somebody is at the terminal and may reply on the page."""

    def __init__(self, script: Script, directory: Path, say: Callable[[str], None], *, interactive: bool) -> None:
        self._script, self._directory, self._say, self._interactive = script, directory, say, interactive
        self._network = SandboxNetwork(clock.utc_now, ACCOUNT, TOKEN, from_numbers=(NUMBER,))

    async def play(self, stay: Callable[[], bool]) -> int:
        """Plays, and keeps running while `stay` until interrupted. The exit code."""
        base = await self._network.start()
        settings = self._settings(base)
        self._network.inbound_url = f"{settings.console.url}/webhooks/twilio/inbound"
        library = read_library(Path(settings.site))
        await asyncio.to_thread(self._set_up, settings, library)
        stop, ready = asyncio.Event(), asyncio.Event()
        system = asyncio.ensure_future(run(settings, EVERYTHING, stop=stop, ready=ready))
        try:
            await self._first(system, _until(ready))
            self._say(f"电话页面 / phones: {base}   接口 / console: {settings.console.url}")
            async with await open_producer(settings, library) as producer:
                crossed = await self._first(system, self._until_paged(settings, producer))
            if crossed is not None:
                await self._first(system, self._answer(settings, library, crossed))
                self._say(f"全部短信见 / all texts: {base}")
            if stay():
                self._say("继续运行，按 Ctrl-C 结束 / running on; Ctrl-C ends it")
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([system])
            return 0
        finally:
            stop.set()
            with contextlib.suppress(asyncio.CancelledError):
                await system
            await self._network.stop()

    def _settings(self, phones: str) -> Settings:
        at = f"127.0.0.1:{_free_port()}"
        directory = self._directory
        return Settings(
            broker=f"sqlite:///{directory}/var/broker.db",
            database=f"sqlite:///{directory}/var/fenghuo.db",
            site=str(directory / "site"),
            data_dir=str(directory / "var"),
            kafka=KafkaSettings(partitions=1),
            console=ConsoleSettings(listen=at),
            metrics=MetricsSettings(listen=f"127.0.0.1:{_free_port()}"),
            twilio=TwilioSettings(account_sid=ACCOUNT, auth_token=TOKEN, from_number=NUMBER, api_base=phones),
            log_level="warning",
        )

    def _set_up(self, settings: Settings, library: Library) -> None:
        make_directories(settings)
        provision(stream_settings(settings, library))
        store = Store(settings.database)
        try:
            migrate(store)
            store.run(lambda connection: bring(connection, example_roster()), wake=False)
            with store.read() as connection:
                for row in connection.execute(select(contacts)):
                    self._network.register(row.address, row.officer)
        finally:
            store.close()

    async def _until_paged(self, settings: Settings, producer: Producer) -> int | None:
        """Plays day by day until an incident pages somebody: its id, or None at the end of the data."""
        store = Store(settings.database)
        sent = 0
        try:
            for number, day in enumerate(self._script.days, 1):
                summary = await emit(rows_of(day, "demo"), producer, clock.utc_now)
                sent += summary.accepted
                if number % 20 == 0 or number == len(self._script.days):
                    self._say(f"  {day[0].observed_at:%Y-%m-%d}  {sent} 条数据已送入 / facts sent")
                await asyncio.sleep(PACE)
                found = await asyncio.to_thread(_paged_incident, store)
                if found is not None:
                    return found
            return await self._last_look(store)
        finally:
            store.close()

    async def _last_look(self, store: Store) -> int | None:
        """What was sent last may still be on its way."""
        for _ in range(100):
            await asyncio.sleep(POLL)
            found = await asyncio.to_thread(_paged_incident, store)
            if found is not None:
                return found
        self._say("没有价格越过警戒线 / no price crossed its line")
        for s in sorted(self._script.series, key=lambda s: -s.highest_ratio)[:HIGHEST_SHOWN]:
            self._say(
                f"  最高 / highest {s.highest_ratio:.3f} × 警戒线 line {s.line:f}  {s.point} {s.commodity} {s.stage}"
            )
        return None

    async def _answer(self, settings: Settings, library: Library, incident: int) -> None:
        room = duty_room(settings, library)
        try:
            while (page := await asyncio.to_thread(_page_of, room.store, incident)) is None:  # noqa: ASYNC110 - the store is asked
                await asyncio.sleep(POLL)
            number, body = page
            self._say(f"\n☎ {number}\n{body}\n")
            if self._interactive:
                self._say(f"请在 {self._network.base_url} 上回复 {_code(body)} / reply {_code(body)} on the page")
            else:
                await asyncio.sleep(1.0)
                self._say(f"(演示代为回复 {_code(body)} / the demonstration replies {_code(body)} itself)")
                await self._network.phone(number).replies(_code(body))
            while not await asyncio.to_thread(_confirmed, room.store, incident):  # noqa: ASYNC110
                await asyncio.sleep(POLL)
            self._say(await asyncio.to_thread(_timeline, room.store, incident))
        finally:
            await room.close()

    @staticmethod
    async def _first(system: asyncio.Future[int], work: Coroutine[Any, Any, T]) -> T:
        """Waits for the work; if the system ends before, says so."""
        task = asyncio.ensure_future(work)
        either: set[asyncio.Future[Any]] = {system, task}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            raise RuntimeError("the system ended before the demonstration did; its log says why")
        return task.result()


async def _until(event: asyncio.Event) -> None:
    await event.wait()


def _timeline(store: Store, number: int) -> str:
    with store.read() as connection:
        found = show_incident(connection, number)
    return render(found, longest_run=3) if found else ""


def _code(body: str) -> str:
    """The reply code that a page asks for."""
    found = re.search(r"回复\s*(\d+)", body)
    return found[1] if found else "1"


def _paged_incident(store: Store) -> int | None:
    with store.read() as connection:
        crossed = incidents.c.status == "unacknowledged", incidents.c.severity == "line"
        query = select(incidents.c.number).where(*crossed).order_by(incidents.c.number)
        found: int | None = connection.execute(query.limit(1)).scalar_one_or_none()
    return found


def _page_of(store: Store, incident: int) -> tuple[str, str] | None:
    """The first page of an incident that has left: to whom, and what it says."""
    with store.read() as connection:
        query = (
            select(pages.c.address, pages.c.body)
            .join(incidents, incidents.c.id == pages.c.incident)
            .where(incidents.c.number == incident, pages.c.kind == "page", pages.c.left_at.is_not(None))
            .order_by(pages.c.left_at)
        )
        found = connection.execute(query.limit(1)).one_or_none()
    return None if found is None else (found.address, found.body)


def _confirmed(store: Store, incident: int) -> bool:
    """Acknowledged, and the officer has been told so."""
    with store.read() as connection:
        status = connection.execute(select(incidents.c.status).where(incidents.c.number == incident)).scalar_one()
        waiting = connection.execute(select(pages.c.id).where(pages.c.state.in_(PENDING)).limit(1)).first()
    return status in ("acknowledged", "closed") and waiting is None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
