"""The installation under test: real processes, started by the documented commands, and what a test asks of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from infra.settings import load
from infra.site_files import read_library
from infra.wiring import open_producer, services_of, stream_settings
from responders import page_states
from responders.acknowledgement import Answers
from responders.queries import IncidentView, list_incidents, show_incident
from responders.roster_import import bring as bring_roster
from responders.schema import alerts, incidents, pages
from responders.store import Store
from rules.facts import KINDS
from tests.end_to_end.county import OFFICERS, SOURCES, County, code, make_roster, make_site
from tests.end_to_end.phones import ACCOUNT, OURS, TOKEN, Phone, Phones
from tests.services.process import ServerFailedError, ServerProcess, free_port, wait_until
from tests.streams.harness import _delete_topics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.end_to_end.county import Fact

ROOT = Path(__file__).parents[2]
FENGHUO = [str(Path(sys.executable).parent / "fenghuo")]
PATIENCE = 25.0
# aiokafka says so, as an error, while a new broker makes its topic of groups; it asks again.
FRESH_BROKER = re.compile("GroupCoordinatorNotAvailableError")


class Pair(NamedTuple):
    """A broker and a database that are used together, and the processes that run on them."""

    name: str
    broker: str
    database: str
    commands: tuple[str, ...]


def embedded(directory: Path) -> Pair:
    """All in one process, in two files."""
    return Pair("embedded", f"sqlite:///{directory}/broker.db", f"sqlite:///{directory}/fenghuo.db", ("run",))


def kafka_postgres(bootstrap: str, database: str) -> Pair:
    """Each job in a process of its own."""
    return Pair("kafka", f"kafka://{bootstrap}", database, ("worker", "responder", "console"))


class Process(ServerProcess):
    """One of our processes."""

    stop_seconds = 25.0
    start_seconds = 60.0

    def __init__(self, name: str, directory: Path, command: Sequence[str], **settings: str) -> None:
        super().__init__()
        self.metrics_port = free_port()
        self.name = name
        self._directory = directory
        self._command = list(command)
        self._settings = settings
        self._read_up_to = 0

    def command(self) -> list[str]:
        """The command, with what is particular to this process in its environment."""
        listen = {"CONSOLE__LISTEN": self.port, "METRICS__LISTEN": self.metrics_port}
        told = {**{key: f"127.0.0.1:{port}" for key, port in listen.items()}, **self._settings}
        return ["/usr/bin/env", *(f"FENGHUO_{key}={value}" for key, value in told.items()), *self._command]

    def start(self) -> None:
        """Start, also after it has ended by itself."""
        if not self.is_running() and self._keeper is not None:
            self._wait_for_end()
        super().start()

    def is_ready(self) -> bool:
        """Whether every part of it works."""
        return self.get("/readyz") is not None

    def get(self, path: str, port: int | None = None) -> str | None:
        """What it answers; None when it does not, or says no."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=5) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            return None

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        total = 0.0
        for line in (self.get("/metrics", self.metrics_port) or "").splitlines():
            has = all(f'{key}="{value}"' in line for key, value in labels.items())
            if line.startswith((f"{name}_total", f"{name}{{")) and has:
                total += float(line.rpartition(" ")[2])
        return total

    def wait_until_ready(self) -> None:
        """Until every part of it works."""
        try:
            wait_until(self.is_ready, f"{self.name} is ready", seconds=self.start_seconds, alive=self.is_running)
        except ServerFailedError as failure:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
            raise ServerFailedError(f"{failure}: {self.get('/readyz')}\n{tail}") from failure

    def wait_for_end(self, within: float = PATIENCE) -> None:
        """Until it has ended by itself."""
        wait_until(lambda: not self.is_running(), f"{self.name} has ended", seconds=within)
        self._wait_for_end()

    def new_lines(self) -> list[dict[str, Any]]:
        """What it has logged since the last time that this was asked."""
        if not self.log.exists():
            return []
        raw = self.log.read_bytes()[self._read_up_to :]
        raw = raw[: raw.rfind(b"\n") + 1]
        self._read_up_to += len(raw)
        return [_parsed(line) for line in raw.decode(errors="replace").splitlines() if line.strip()]


def _parsed(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {"level": "error", "event": line}  # whatever is not a log line is not meant to be there
    return found if isinstance(found, dict) else {"level": "error", "event": line}


class System:
    """An installation. `starts` it, speak to it, `close` it."""

    def __init__(self, directory: Path, phones: Phones, pair: Pair, **settings: Any) -> None:
        self.directory, self.phones, self.pair = directory, phones, pair
        self.processes: dict[str, Process] = {}
        self.expected_errors: list[re.Pattern[str]] = []
        self.complaint = ""  # what the last command said on standard error
        self._counties = iter(range(10_000))
        self._console = free_port()
        make_site_once(directory / "site")
        self._write_settings(settings)
        self.settings = load(directory / "fenghuo.toml", {})
        self.library = read_library(Path(self.settings.site))
        self.store = Store(self.settings.database)
        self.officers = {name: phones.of(name, numbers[0]) for name, numbers in OFFICERS.items()}
        self.phones.network.inbound_url = f"{self.console_url}/webhooks/twilio/inbound"

    # -- starting and ending

    def _write_settings(self, settings: dict[str, Any]) -> None:
        sections: dict[str, Any] = {
            "": {"broker": self.pair.broker, "database": self.pair.database, "site": "site", "data_dir": "var"},
            "kafka": {"partitions": 4},
            "worker": {"send_timeout": 10.0},
            "console": {"public_url": self.console_url},
            "twilio": {
                "account_sid": ACCOUNT, "auth_token": TOKEN, "from_number": OURS,
                "api_base": self.phones.base_url, "timeout": 2.0,
            },
        }  # fmt: skip
        for key, value in settings.items():
            section, _, name = key.rpartition("__")
            sections[section][name] = value
        counties = [c.code for c in map(County, ["330723", *map(code, range(40))])]
        for source, kind in SOURCES.items():
            sections[f"api_keys.{source}"] = {
                "sha256": hashlib.sha256(secret_of(source).encode()).hexdigest(), "source": source,
                "counties": counties, "kinds": [kind],
            }  # fmt: skip
        lines = [
            line
            for section, values in sections.items()
            for line in ([f"[{section}]"] if section else []) + [f"{k} = {json.dumps(v)}" for k, v in values.items()]
        ]
        (self.directory / "fenghuo.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def console_url(self) -> str:
        """Where the world reaches it."""
        return f"http://127.0.0.1:{self._console}"

    def provisioned(self) -> System:
        """By the documented commands: topics, database, roster."""
        if self.pair.broker.startswith("kafka:"):
            _delete_topics(stream_settings(self.settings, self.library))
        self.fenghuo("provision")
        make_roster(self.directory / "roster.yaml")
        self.fenghuo("roster", "import", "roster.yaml")
        return self

    def process(self, command: str, name: str = "", *, entry: Sequence[str] = FENGHUO, **settings: str) -> Process:
        """A process of the system, not started yet; the one that has the console listens where the world looks."""
        process = Process(name or command, self.directory, [*entry, command], **settings)
        if command in ("run", "console"):
            process.port = self._console
        self.processes[process.name] = process
        return process

    def started(self, *, entry: Sequence[str] = FENGHUO) -> System:
        """All processes of its pair, side by side."""
        made = [self.process(command, entry=entry) for command in self.pair.commands]
        for process in made:
            process._launch()
        for process in made:
            process.wait_until_ready()
        return self

    @property
    def worker(self) -> Process:
        """The process in which facts are judged."""
        return self.processes["run" if "run" in self.processes else "worker"]

    @property
    def responder(self) -> Process:
        """The process that pages."""
        return self.processes["run" if "run" in self.processes else "responder"]

    @property
    def console(self) -> Process:
        """The process that answers requests."""
        return self.processes["run" if "run" in self.processes else "console"]

    def close(self) -> None:
        """Ends every process by its pid."""
        for process in self.processes.values():
            if process.is_running():
                process.resume()
                os.kill(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            process.stop()
            if process._keeper is not None:
                process._wait_for_end()
        self.store.close()

    def fenghuo(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """A command of the command line; what it printed."""
        done = subprocess.run(
            [*FENGHUO, *arguments],
            cwd=self.directory,
            env={**os.environ, **{f"FENGHUO_{key}": value for key, value in environment.items()}},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"fenghuo {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        self.complaint = done.stderr
        return done.stdout

    # -- what is said to it

    @staticmethod
    def now() -> str:
        """The instant of an observation."""
        return datetime.now(UTC).isoformat()

    def county(self) -> County:
        """A county in which nothing has happened yet."""
        return County(code(next(self._counties)))

    def emits(self, *facts: Fact) -> None:
        """Sources send facts through the HTTP door: 202, once the broker has them."""
        by_source: dict[str, list[Fact]] = {}
        for fact in facts:
            by_source.setdefault(fact["source"], []).append(fact)
        for source, some in by_source.items():
            self._post(source, some)

    def _post(self, source: str, facts: list[Fact]) -> None:
        if len(facts) == 1:
            status, said = self.post(json.dumps(facts[0]).encode(), key=secret_of(source))
            assert status == 202, f"{status}: {said}"
            return
        body = "\n".join(map(json.dumps, facts)).encode()
        status, said = self.post(body, key=secret_of(source), kind="application/x-ndjson")
        assert status in (200, 202, 207), f"{status}: {said[:1000]}"

    def post(self, body: bytes, *, key: str, kind: str = "application/json") -> tuple[int, str]:
        """The HTTP door, as it answers."""
        headers = {"Content-Type": kind, "Authorization": f"Bearer {key}"}
        url = f"{self.console_url}/api/v1/facts"
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310, our own
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310, our own
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def appends(self, *facts: Fact) -> None:
        """A producer of somebody's writes to the topics themselves: no door has looked at it."""
        asyncio.run(self._append(facts))

    def appends_raw(self, topic: str, key: bytes | None, value: bytes, partition: int | None = None) -> None:
        """Somebody's producer writes whatever it likes, where it likes."""

        async def append() -> None:
            async with await open_producer(self.settings, self.library) as producer:
                await producer.append(topic, key, value, partition=partition)

        asyncio.run(append())

    async def _append(self, facts: Sequence[Fact]) -> None:
        async with await open_producer(self.settings, self.library) as producer:
            for fact in facts:
                await producer.send(KINDS[fact["kind"]].topic, fact["county"].encode(), json.dumps(fact).encode())

    def started_command(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that goes on while the test does. `finished` reads what it said."""
        return subprocess.Popen(
            [*FENGHUO, *arguments], cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def import_roster(self, **duties: Any) -> None:
        """A new roster, while everything runs."""
        path = self.directory / "roster-2.yaml"
        make_roster(path, **duties)
        self.store.run(lambda connection: bring_roster(connection, path), wake=False)

    # -- what is asked of it

    def phone(self, name: str) -> Phone:
        """The phone of the officer whose name ends so."""
        return next(phone for officer, phone in self.officers.items() if officer.endswith(name))

    def incident(self, number: int) -> IncidentView:
        """One incident with all that happened."""
        with self.store.read() as connection:
            found = show_incident(connection, number)
        assert found is not None, f"there is no incident {number}"
        return found

    def at(self, place: str) -> list[IncidentView]:
        """Every incident of a place, the oldest first, drills included; without what they propose."""
        with self.store.read() as connection:
            there = incidents.c.place == place, incidents.c.parent.is_(None)
            query = select(incidents.c.number).where(*there).order_by(incidents.c.number)
            numbers = list(connection.execute(query).scalars())
        return [self.incident(number) for number in numbers]

    def only(self, place: str) -> IncidentView:
        """The one incident of a place."""
        found = self.at(place)
        assert len(found) == 1, f"expected one incident at {place}, got {[(i.number, i.status) for i in found]}"
        return found[0]

    def until(self, fulfilled: Callable[[], object], what: str, within: float = PATIENCE) -> None:
        """Waits for what can be observed, with a deadline."""
        wait_until(lambda: bool(fulfilled()), what, seconds=within)

    def alert_ids(self, counties: set[str] | None = None) -> set[str]:
        """Every alert that the desk has taken, of these counties where they are given."""
        with self.store.read() as connection:
            rows = list(connection.execute(select(alerts.c.id, alerts.c.place)))
        return {row.id for row in rows if counties is None or row.place.partition("/")[0] in counties}

    def count(self, *where: Any) -> int:
        """Pages of which this holds."""
        with self.store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(pages).where(*where)).scalar_one())

    # -- the strict close of a test

    def expects_error(self, pattern: str) -> None:
        """An error line that belongs to this test."""
        self.expected_errors.append(re.compile(pattern))

    def only_these_errors(self, *patterns: str) -> None:
        """At the end of a storm, whose texts nobody reads one by one: no error but of these kinds."""
        self.expected_errors += map(re.compile, patterns)
        self.phones.forget()
        self.assert_clean()

    def settle(self) -> None:
        """Ends what a test has left open, quietly: the next one begins in peace."""
        self.phones.well_again()
        answers = Answers(self.store, services_of(self.library), lambda: datetime.now(UTC))
        with self.store.read() as connection:
            left = list_incidents(connection, only_open=True)
        for incident in left:
            for officer in OFFICERS:
                if type(answers.close(incident.number, officer, "end of the test")).__name__ != "Refused":
                    break
        self.settled()

    def settled(self) -> None:
        """Until nothing waits to be sent or to be heard of."""
        pending = pages.c.state.in_(page_states.PENDING)
        self.until(lambda: not self.count(pending), "every page is settled", 60)

    def uncertain(self, incident: int) -> bool:
        """Whether it is not known yet what became of a page of an incident."""
        return any(page.state in ("sending", "uncertain", "accepted", "sent") for page in self.incident(incident).pages)

    def finished(self, topic: str) -> float:
        """Messages of a topic whose state and alerts are durable, since the worker's start."""
        return self.worker.metric("fenghuo_messages_finished", topic=topic)

    def assert_clean(self) -> None:
        """No text that was not waited for, no error that was not expected."""
        errors = [
            f"{process.name}: {json.dumps(line, ensure_ascii=False)[:600]}"
            for process in self.processes.values()
            for line in process.new_lines()
            if line.get("level") in ("error", "critical")
            and not any(
                pattern.search(json.dumps(line, ensure_ascii=False))
                for pattern in [FRESH_BROKER, *self.expected_errors]
            )
        ]
        self.expected_errors.clear()
        unexpected = self.phones.unexpected()
        self.phones.forget()
        assert not unexpected, "unexpected texts:\n" + "\n".join(unexpected)
        assert not errors, "errors that the test did not expect:\n" + "\n".join(errors)


def make_site_once(site: Path) -> None:
    """Unless the test has brought its own."""
    if not site.exists():
        make_site(site)


def new_directory() -> Path:
    """A directory of a system's own, removed with its processes."""
    return Path(tempfile.mkdtemp(prefix="fenghuo-system-"))


def secret_of(source: str) -> str:
    """The secret of a source's door."""
    return f"key of {source}"
