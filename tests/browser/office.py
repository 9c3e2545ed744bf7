"""An installation as a person sets it up to look around: `fenghuo run`, `fenghuo sandbox`, and the page of phones."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra.sandbox import ACCOUNT, NUMBER, TOKEN
from infra.site_files import example_site
from responders.queries import list_incidents
from responders.store import Store
from tests.end_to_end.system import FENGHUO, Process
from tests.services.process import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from responders.queries import IncidentLine
    from tests.browser.chromium import Page

YEARS = {"from": "2026-01-01T00:00:00+08:00", "to": "2036-01-01T00:00:00+08:00"}


class Sandbox(Process):
    """The sandbox phone network as a process."""

    def is_ready(self) -> bool:
        return self.get("/") is not None


class Office:
    """The example site with officers of the test. `close` it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        console, phones = free_port(), free_port()
        self.url = f"http://127.0.0.1:{phones}/"
        sections = {
            "console": {"public_url": f"http://127.0.0.1:{console}"},
            "sandbox": {"listen": f"127.0.0.1:{phones}"},
            "twilio": {
                "account_sid": ACCOUNT, "auth_token": TOKEN, "from_number": NUMBER, "api_base": self.url.rstrip("/"),
            },
        }  # fmt: skip
        lines = [f'site = "{example_site()}"']
        for section, values in sections.items():
            lines += [f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
        (directory / "fenghuo.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._store = Store(f"sqlite:///{directory}/var/fenghuo.db")
        self._processes = [Sandbox("sandbox", directory, [*FENGHUO, "sandbox"])]
        self._processes.append(Process("run", directory, [*FENGHUO, "run"]))
        self._processes[0].port, self._processes[1].port = phones, console

    def opens(self) -> Office:
        """Provision, and start both."""
        self.fenghuo("provision")
        for process in self._processes:
            process._launch()
        for process in self._processes:
            process.wait_until_ready()
        return self

    def close(self) -> None:
        for process in self._processes:
            process.stop()
        self._store.close()

    def imports(self, **officers: tuple[str, str]) -> None:
        """Put officers on the roster, on duty for years: name=(role, number)."""
        roster = {
            "officers": [
                {"name": name, "contacts": [{"channel": "twilio", "address": number}]}
                for name, (_, number) in officers.items()
            ],
            "duty": [{"role": role, "officer": name, **YEARS} for name, (role, _) in officers.items()],
        }
        self._file("roster.yaml", roster)
        self.fenghuo("roster", "import", "roster.yaml")

    def observes(self, price: str, point: str = "P01") -> None:
        """A retail price of rice, now."""
        fact = {
            "kind": "grain_price", "county": "330723", "source": "wuyi-grain-office", "point": point,
            "commodity": "rice", "stage": "retail", "price": price, "currency": "CNY", "unit": "元/kg",
            "observed_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        self._file("fact.json", fact)
        self.fenghuo("emit", "fact.json")

    def incident(self) -> IncidentLine:
        """The newest."""
        with self._store.read() as connection:
            return list_incidents(connection)[0]

    def fenghuo(self, *arguments: str) -> str:
        """A command of the command line; what it printed."""
        done = subprocess.run(
            [*FENGHUO, *arguments], cwd=self.directory, env=dict(os.environ), capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"fenghuo {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _file(self, name: str, content: object) -> None:
        (self.directory / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")  # which is YAML


class Card:
    """An officer's phone on the page, by the name that a person would look for."""

    def __init__(self, page: Page, name: str) -> None:
        self._page, self.name = page, name
        self.element = (
            "[...document.querySelectorAll('.phone')].find("
            f"(phone) => phone.querySelector('.name').textContent === {json.dumps(name)})"
        )

    async def appears(self) -> None:
        await self._page.until(self.element, f"the phone of {self.name} is on the page")

    async def shows(self, *texts: str) -> None:
        """All of these can be read on it."""
        await self.appears()
        for text in texts:
            condition = f"({self.element})?.innerText.includes({json.dumps(text)})"
            await self._page.until(condition, f"{self.name}'s phone shows {text}")

    async def replies(self, text: str) -> None:
        """Typed into its field, and sent by its button."""
        await self._page.click(f"({self.element}).querySelector('input')")
        await self._page.types(text)
        await self._page.click(f"({self.element}).querySelector('.send')")
