"""A real Chromium, spoken to over its DevTools protocol: pages are looked at, clicked and typed into."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.error
import urllib.request
from itertools import count
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.services.process import ServerProcess, SystemLacksError

if TYPE_CHECKING:
    from types import TracebackType

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_HOW = "apt-get install -y --no-install-recommends chromium fonts-noto-cjk   (or: scripts/ensure-system)"
_ALONE = (  # nothing of the world is asked for, and nothing of this machine is kept
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
PATIENCE = 25.0
"""A deadline, not a wait: how long something may take to be seen on a busy machine."""


class Chromium(ServerProcess):
    """One browser, with a profile of its own that goes with it. `remove` it."""

    name = "chromium"

    def prepare(self) -> None:
        """Nothing: Chromium makes its profile."""

    def command(self) -> list[str]:
        found = next(filter(None, map(shutil.which, NAMES)), None)
        if found is None:
            raise SystemLacksError(f"Chromium is not installed: {_HOW}")
        profile = self.directory / "profile"
        return [found, *_ALONE, f"--user-data-dir={profile}", f"--remote-debugging-port={self.port}", "about:blank"]

    def is_ready(self) -> bool:
        try:
            return bool(self._endpoint())
        except (urllib.error.URLError, OSError):
            return False

    def page(self, url: str) -> Page:
        """A new tab, once it is entered."""
        return Page(self._endpoint(), url)

    def _endpoint(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/version", timeout=5) as answer:
            return str(json.load(answer)["webSocketDebuggerUrl"])


class Page:
    """One tab. On leaving it, nothing may have gone wrong in it: no exception, no refused or foreign request."""

    def __init__(self, endpoint: str, url: str) -> None:
        self._endpoint, self.url = endpoint, url
        self.complaints: list[str] = []
        self._numbers, self._answers = count(1), dict[int, asyncio.Future[dict[str, Any]]]()
        self._session: str | None = None

    async def __aenter__(self) -> Page:
        self._http = aiohttp.ClientSession()
        self._socket = await self._http.ws_connect(self._endpoint, max_msg_size=0)
        self._reading = asyncio.create_task(self._read())
        self._target = (await self.ask("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self.ask("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.ask(f"{domain}.enable")
        await self.ask("Page.navigate", url=self.url)
        await self.until("document.readyState === 'complete'", "the page is loaded")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await self.ask("Target.closeTarget", targetId=self._target)
        await self._socket.close()
        await self._http.close()
        await self._reading
        if kind is None:
            assert self.complaints == []

    # -- looking

    async def value(self, expression: str) -> Any:
        """What an expression of the page's own language is worth; a promise is awaited."""
        said = await self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def until(self, condition: str, what: str, within: float = PATIENCE) -> None:
        """Until it holds. It is looked at again whenever something on the page changes."""
        holds = await self.value(f"""new Promise((said) => {{
            const look = () => {{ if ({condition}) {{ watch.disconnect(); said(true); }} }};
            const watch = new MutationObserver(look);
            watch.observe(document, {{ subtree: true, childList: true, characterData: true, attributes: true }});
            document.addEventListener("readystatechange", look);
            setTimeout(() => {{ watch.disconnect(); said(false); }}, {within * 1000});
            look();
        }})""")
        assert holds, f"{what}: not within {within:g} s; on the page:\n{await self.text()}"

    async def text(self) -> str:
        """All that a person can read on it."""
        return str(await self.value("document.body.innerText"))

    async def has_size(self, width: int, height: int) -> None:
        """It is shown on a screen of this size, in CSS pixels."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    # -- touching

    async def click(self, element: str) -> None:
        """Press and release the mouse in the middle of what the expression names, as a person would."""
        await self.value(f"({element}).scrollIntoView({{ block: 'center' }})")
        box = await self.value(f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])"
                               f"(({element}).getBoundingClientRect().toJSON())")  # fmt: skip
        for kind in ("mousePressed", "mouseReleased"):
            await self.ask("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    async def types(self, text: str) -> None:
        """Into whatever has the focus."""
        await self.ask("Input.insertText", text=text)

    # -- the protocol

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        session = {"sessionId": self._session} if self._session else {}
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **session})
        async with asyncio.timeout(2 * PATIENCE):
            said = await answer
        assert "error" not in said, f"{method}: {said['error']}"
        return dict(said["result"])

    async def _read(self) -> None:
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            else:
                self._note(said["method"], said["params"])

    def _note(self, event: str, told: dict[str, Any]) -> None:
        match event:
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(told["exceptionDetails"], ensure_ascii=False))
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                self.complaints.append(told["entry"]["text"])
            case "Network.requestWillBeSent" if not told["request"]["url"].startswith((self.url, "data:")):
                self.complaints.append(f"asked for {told['request']['url']}")
