"""An installation as the README makes one: a settings file, `fenghuo provision`, and the documented processes.

Its site has one plan whose place is the point, so that every event of a benchmark is an incident of its own with one
page; nobody answers, and the next step is far away.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import aiohttp
import msgspec

from benchmarks.processes import Process
from infra import clock
from infra.sandbox import ACCOUNT, NUMBER, TOKEN
from infra.settings import Settings, load
from infra.site_files import read_library
from rules.facts import GrainPriceReading, encode
from tests.services.process import free_port

if TYPE_CHECKING:
    from rules.library import Library

COUNTY, SOURCE, KEY = "330723", "bench", "benchmark-key"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
FENGHUO = str(Path(sys.executable).with_name("fenghuo"))
_WORDS = {"zh": "测量", "en": "benchmark"}


def event(number: int) -> str:
    """The name of an event, which is also its point and stands in its text."""
    return f"B{number:05d}"


def crossing(number: int, *, at: datetime | None = None) -> bytes:
    """A price over the line of the event's point."""
    return reading(event(number), "4.90", at or clock.utc_now())


def reading(point: str, price: str, at: datetime) -> bytes:
    """A fact as it travels."""
    return encode(
        msgspec.convert(
            {
                "kind": "grain_price", "county": COUNTY, "source": SOURCE, "point": point, "commodity": "rice",
                "stage": "retail", "observed_at": at, "price": price, "currency": "CNY", "unit": "元/kg",
            },
            GrainPriceReading,
        )
    )  # fmt: skip


class Installation:
    """One installation in a directory. Use it with `with`: what it started ends with it."""

    def __init__(self, directory: Path, broker: str, database: str, provider: str, *, points: int) -> None:
        self.directory = directory
        self.listen = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.listen}"
        directory.mkdir(parents=True, exist_ok=True)
        _write_site(directory / "site", points)
        _write_settings(directory, broker, database, provider, self.url)
        self._processes: list[Process] = []

    @property
    def settings(self) -> Settings:
        """As a process reads them."""
        return load(self.directory / "fenghuo.toml", {})

    @property
    def library(self) -> Library:
        """The site's."""
        return read_library(self.directory / "site")

    def __enter__(self) -> Self:
        self.do("provision")
        self.do("roster", "import", str(self.directory / "roster.yaml"))
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            if process.running:
                process.stop()

    def do(self, *command: str) -> None:
        """Run one command to its end."""
        done = subprocess.run(
            [FENGHUO, *command], cwd=self.directory, capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"fenghuo {' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")

    def start(self, part: str, *, listen: str = "", worker: str = "worker-1") -> Process:
        """Start `fenghuo PART`; `console` and `run` listen at the installation's address, the others where told."""
        at = self.listen if part in ("console", "run") else listen or f"127.0.0.1:{free_port()}"
        environment = {
            **os.environ, "FENGHUO_CONFIG": str(self.directory / "fenghuo.toml"),
            "FENGHUO_CONSOLE__LISTEN": at, "FENGHUO_WORKER__ID": worker,
            "FENGHUO_METRICS__LISTEN": (metrics := f"127.0.0.1:{free_port()}"),
        }  # fmt: skip
        log = self.directory / f"{part}-{worker}.log"
        addresses = {"address": f"http://{at}", "metrics": f"http://{metrics}/metrics"}
        process = Process([FENGHUO, part], log, environment, **addresses)
        self._processes.append(process)
        return process

    async def ready(self, process: Process, within: float = 60.0) -> None:
        """Wait until it says that every part of it works."""
        url = f"{process.address}/readyz"
        async with aiohttp.ClientSession() as session, asyncio.timeout(within):
            while True:
                if not process.running:
                    raise RuntimeError(f"it has ended:\n{process.tail()}")
                try:
                    async with session.get(url) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)

    async def all_started(self, *parts: str) -> list[Process]:
        """Start these parts, each a process, and wait for all."""
        processes = [self.start(part) for part in parts]
        for process in processes:
            await self.ready(process)
        return processes


def parts_for(broker: str) -> tuple[str, ...]:
    """The documented processes: all in one on the embedded broker, three on Kafka."""
    return ("run",) if broker.startswith("sqlite") else ("worker", "responder", "console")


def _write_site(site: Path, points: int) -> None:
    (site / "plans").mkdir(parents=True, exist_ok=True)
    line = {"commodity": "rice", "stage": "retail", "upper": "4.60", "unit": "元/kg"}
    files = {
        "site.yaml": {
            "county": COUNTY, "name": _WORDS, "duty_role": "duty_officer", "duty_phone": "000",
            "page_within": "36500d", "divisions": {f"{COUNTY}001000": _WORDS},
            "roles": dict.fromkeys(("grain_duty", "duty_leader"), _WORDS),
            "synthetic": "测量用站点 / a site for measurements",
        },
        "points.yaml": {
            "defaults": {"source": SOURCE, "cadence": "10d"},
            "points": [
                {"id": event(n), "name": {"zh": event(n), "en": event(n)}, "division": f"{COUNTY}001000",
                 "lines": [line]}
                for n in range(points)
            ],
        },
        "plans/bench.yaml": {
            "id": "bench", "titles": _WORDS, "tag": _WORDS, "basis": ["none: for measurements"], "scope": ["point"],
            "triggers": [
                {"id": "upper-line", "when": {
                    "detector": "warning_line", "stages": ["retail"], "side": "upper",
                    "ratio": {"approach": "0.95", "recovery": "0.98", "source": "none"},
                }}
            ],
            "escalation": {
                "steps": [{"page": ["grain_duty"], "wait": "12h"}],
                "leader": ["duty_leader"], "leader_wait": "12h", "last_resort_every": "12h",
            },
        },
    }  # fmt: skip
    for name, value in files.items():
        (site / name).write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def _write_settings(directory: Path, broker: str, database: str, provider: str, url: str) -> None:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    text = f"""\
site = "site"
broker = "{broker}"
database = "{database}"
[kafka]
partitions = 4
[console]
public_url = "{url}"
[twilio]
account_sid = "{ACCOUNT}"
auth_token = "{TOKEN}"
from_number = "{NUMBER}"
api_base = "{provider}"
[api_keys.bench]
sha256 = "{digest}"
source = "{SOURCE}"
counties = ["{COUNTY}"]
kinds = ["grain_price"]
"""
    (directory / "fenghuo.toml").write_text(text, encoding="utf-8")
    start = datetime.now(UTC) - timedelta(days=1)
    roles = {"grain_duty": "甲", "duty_officer": "乙", "duty_leader": "丙"}
    roster = {
        "officers": [
            {"name": name, "contacts": [{"channel": "twilio", "address": f"+1202555011{n}"}]}
            for n, name in enumerate(roles.values())
        ],
        "duty": [
            {"role": role, "officer": name, "from": start.isoformat(), "to": (start + timedelta(days=90)).isoformat()}
            for role, name in roles.items()
        ],
    }
    (directory / "roster.yaml").write_text(json.dumps(roster, ensure_ascii=False, indent=1), encoding="utf-8")
    (directory / "var").mkdir(exist_ok=True)
