"""The only place that makes objects: settings in, parts that know each other out."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from infra import clock
from infra.desk_library import DeskLibrary
from infra.in_force import InForce
from responders.acknowledgement import Answers
from responders.alarm_acts import AlarmActs
from responders.audit import Audit, Heartbeat
from responders.channels.regions import TWILIO, capabilities
from responders.channels.twilio_sms import TwilioSms
from responders.desk import Desk
from responders.drills import RegisteredDrills
from responders.inbound import Inbound
from responders.ledger import Services
from responders.pager import Pager
from responders.recorder import Recorder
from responders.reminders import Reminders
from responders.roster import DutyTable
from responders.standing import decided, held, reported, standing
from responders.store import Store
from responders.texts import Texts
from responders.webhooks import TwilioWebhooks
from rules.engine import Engine
from streams import access
from streams.app import WorkerApp, build_app
from streams.producing import Producer
from streams.producing import open_producer as producer_of
from streams.settings import StreamSettings
from streams.sources.http import routes as fact_routes
from streams.sources.keys import ApiKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aiohttp import web

    from infra.settings import Settings
    from responders.channels.base import Capabilities, Channel
    from rules.alerts import Alert
    from rules.library import Library
    from streams.counters import Counters
    from streams.delivery import Deliver
    from streams.sources.http_door import Count

T = TypeVar("T")


def _as_it_is(part: T) -> T:
    return part


@dataclass(frozen=True)
class Seams:
    """Where a test of faults stands between two parts to end the process there. The product leaves each as it is."""

    deliver: Callable[[Deliver], Deliver] = _as_it_is
    """Alerts on their way to the desk."""
    channel: Callable[[Channel], Channel] = _as_it_is
    """Pages on their way to the provider, and its answer."""
    worker: Callable[[WorkerApp], WorkerApp] = _as_it_is
    """State, alerts and offsets on their way to the broker."""
    inbound: Callable[[Inbound], Inbound] = _as_it_is
    """Replies on their way to the incident."""


NO_SEAMS = Seams()


def stream_settings(settings: Settings, library: Library) -> StreamSettings:
    """How this installation's streams run."""
    kafka = settings.kafka
    return StreamSettings(
        broker=settings.broker,
        county=library.site.file.county,
        data_dir=settings.data_dir,
        worker_id=settings.worker.id,
        tick_every=settings.worker.tick_every,
        send_timeout=settings.worker.send_timeout,
        session_timeout=settings.worker.session_timeout,
        partitions=kafka.partitions,
        replication=kafka.replication,
        retention_days=kafka.retention_days,
        security_protocol=kafka.security_protocol,
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_username=kafka.sasl_username,
        sasl_password=kafka.sasl_password,
        ssl_cafile=kafka.ssl_cafile,
        ssl_certfile=kafka.ssl_certfile,
        ssl_keyfile=kafka.ssl_keyfile,
    )


async def open_producer(settings: Settings, library: Library) -> Producer:
    """The producer for command line, web and drills. Raises `AccessRefused`."""
    streams = stream_settings(settings, library)
    await access.ask(streams)
    return producer_of(streams)


def api_keys(settings: Settings) -> list[ApiKey]:
    """The keys of the facts door."""
    return [
        msgspec.convert({"name": name, **msgspec.to_builtins(key)}, ApiKey) for name, key in settings.api_keys.items()
    ]


def sources(settings: Settings, library: Library) -> frozenset[str]:
    """The sources that are known here: of the keys, and of the points. Any other name is a stranger's word."""
    keys = {key.source for key in settings.api_keys.values()}
    return frozenset(keys | {point.source for point in library.site.points.values()})


@dataclass
class DutyRoom:
    """The responders' parts of one process."""

    store: Store
    services: Services
    desk: Desk
    channels: Mapping[str, Channel]
    pager: Pager

    async def take(self, alerts: list[Alert]) -> None:
        """Hands alerts to the desk; returns once they are in the store for good."""
        await asyncio.to_thread(self.desk.take, alerts)

    def standing(self) -> dict[str, int]:
        """Open incidents, unfinished pages and alarms, in numbers."""
        return standing(self.store)

    def held(self) -> dict[str, int]:
        """Alerts that paged nobody because their alarm was held."""
        return held(self.store)

    def decided(self) -> dict[str, int]:
        """Proposals by how they were closed."""
        return decided(self.store)

    def reported(self) -> dict[str, int]:
        """Reports upward that were made, and that were missed."""
        return reported(self.store)

    async def close(self) -> None:
        for channel in self.channels.values():
            await channel.aclose()
        self.store.close()


class OfflineRoom(NamedTuple):
    """What a command needs of the responders."""

    store: Store
    services: Services


def services_of(library: Library | InForce) -> Services:
    """What desk, escalation and inbound texts need to know of the world; given `InForce` they follow it."""
    site = library.library.site if isinstance(library, InForce) else library.site
    return Services(
        library=DeskLibrary(library),
        roster=DutyTable(),
        drills=RegisteredDrills(),
        texts=Texts(site.file.duty_phone),
        capabilities=_capabilities,
    )


def _capabilities(channel: str, number: str) -> Capabilities | None:
    return capabilities(TWILIO, number) if channel == "twilio" else None


def duty_room(
    settings: Settings, library: Library | InForce, seams: Seams = NO_SEAMS, store: Store | None = None
) -> DutyRoom:
    """Desk and pager on the settings' database and provider. Call it in the event loop that will run the pager."""
    store = store or Store(settings.database)
    services = services_of(library)
    desk = Desk(store, services, clock.utc_now)
    twilio = settings.twilio
    channels = {
        "twilio": seams.channel(
            TwilioSms(
                twilio.account_sid,
                twilio.auth_token,
                twilio.from_number,
                api_base=twilio.api_base,
                proxy=twilio.proxy,
                timeout=twilio.timeout,
            )
        )
    }
    pager = Pager(
        store,
        services,
        desk,
        channels,
        clock.utc_now,
        public_url=settings.console.url,
        owner=settings.worker.id,
        jitter=clock.randomness().random,
    )
    return DutyRoom(store, services, desk, channels, pager)


@contextmanager
def duty_room_offline(settings: Settings, library: Library | InForce) -> Iterator[OfflineRoom]:
    """Store and services for a command that ends at once."""
    store = Store(settings.database)
    try:
        yield OfflineRoom(store, services_of(library))
    finally:
        store.close()


def heartbeat(settings: Settings, room: DutyRoom) -> Heartbeat:
    """The each-minute audit, and the outside watch that hears of it."""
    audit = Audit(room.store, room.services, room.desk, clock.utc_now)
    answers = Answers(room.store, room.services, clock.utc_now)
    reminders = Reminders(room.store, room.services, room.desk, clock.utc_now)
    return Heartbeat(audit, answers, settings.heartbeat.url, reminders=reminders)


def alarm_acts(settings: Settings, room: OfflineRoom) -> AlarmActs:
    """What a command may do about alarms."""
    desk = Desk(room.store, room.services, clock.utc_now)
    longest = timedelta(hours=settings.alarms.longest_shelf_hours)
    return AlarmActs(room.store, room.services, desk, clock.utc_now, longest_shelf=longest)


def worker_app(
    settings: Settings,
    in_force: InForce,
    room: DutyRoom,
    counters: Counters,
    fatal: Callable[[str], None],
    seams: Seams = NO_SEAMS,
) -> WorkerApp:
    """The Faust app of one worker."""
    streams = stream_settings(settings, in_force.library)
    engine = Engine(in_force.library, in_force.find, in_force.content)
    deliver = seams.deliver(room.take)
    return seams.worker(build_app(streams, engine, deliver, clock.utc_now, fatal=fatal, counters=counters))


def web_routes(
    settings: Settings, room: DutyRoom, producer: Producer, keys: list[ApiKey], count: Count, seams: Seams = NO_SEAMS
) -> list[web.RouteDef]:
    """The doors of the console: facts, receipts, inbound texts."""
    recorder = Recorder(room.store, room.services, room.desk, clock.utc_now)
    inbound = seams.inbound(Inbound(room.store, room.services, clock.utc_now))
    webhooks = TwilioWebhooks(settings.twilio.auth_token, settings.console.url, recorder, inbound)
    return [*fact_routes(producer, keys, clock.utc_now, count=count), *webhooks.routes()]
