"""What Kafka and PostgreSQL have in common as processes of a test session."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.services import lifeline
from tests.services.lifeline import signal_family

if TYPE_CHECKING:
    from collections.abc import Callable

# Below the range of ports that Linux takes for outgoing connections: ours stay free while a server restarts.
_PORTS = range(20_000, 32_000)
_handed_out: set[int] = set()


class SystemLacksError(Exception):
    """The system lacks what a server needs; the text names it, and the command that installs it."""


class ServerFailedError(Exception):
    """A server that should run does not; the text ends with the end of its log."""


def free_port() -> int:
    """A free loopback port that this session has not handed out before."""
    start = _PORTS.start + (os.getpid() * 37) % len(_PORTS)
    for port in chain(range(start, _PORTS.stop), range(_PORTS.start, start)):
        if port not in _handed_out and _is_free(port):
            _handed_out.add(port)
            return port
    msg = f"no free loopback port in {_PORTS.start}..{_PORTS.stop - 1}"
    raise ServerFailedError(msg)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def accepts_connections(port: int) -> bool:
    """Whether somebody listens on the loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(
    ready: Callable[[], bool], what: str, *, seconds: float, alive: Callable[[], bool] = lambda: True
) -> None:
    """Ask `ready` until it says yes; fail at the deadline, or as soon as it can no longer come true."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not ready():
        if not alive():
            msg = f"{what}: the process ended before that"
            raise ServerFailedError(msg)
        if time.monotonic() > deadline:
            msg = f"{what}: not within {seconds:g} s"
            raise ServerFailedError(msg)
        pause.wait(0.05)


class ServerProcess:
    """A server in a temporary directory of its own, with the session's lifeline to it."""

    name = "server"
    end_signal = signal.SIGTERM
    stop_seconds = 30.0
    start_seconds = 60.0

    def __init__(self) -> None:
        self.port = free_port()
        self._directory: Path | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._pid = 0

    # What a kind of server says of itself.

    def command(self) -> list[str]:
        """The command that runs the server in the foreground."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Lay out the directory before the first start."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether a real client is served."""
        raise NotImplementedError

    def identity(self) -> dict[str, Any]:
        """As whom the server runs, as keyword arguments of `subprocess`."""
        return {}

    # What all do.

    @property
    def directory(self) -> Path:
        """Where data, configuration and log of this server are, for as long as it is not removed."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix=f"fenghuo-{self.name}-"))
        return self._directory

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self.directory / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """The server's own process id."""
        return self._pid

    def is_running(self) -> bool:
        """Whether the process is there (it may be paused)."""
        return self._keeper is not None and self._keeper.poll() is None

    def start(self) -> None:
        """Start and return when a client is served."""
        if self.is_running():
            return
        if self._directory is None:
            self.prepare()
        self._launch()
        try:
            wait_until(self.is_ready, f"{self.name} is ready", seconds=self.start_seconds, alive=self.is_running)
        except ServerFailedError as failure:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])
            self.kill()
            msg = f"{failure}\n{tail}"
            raise ServerFailedError(msg) from failure

    def _launch(self) -> None:
        order = {
            "command": self.command(),
            "directory": str(self.directory),
            "log": str(self.log),
            "identity": self.identity(),
            "end_signal": int(self.end_signal),
        }
        keeper = subprocess.Popen(
            [sys.executable, "-I", lifeline.__file__, json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert keeper.stdout is not None
        said = keeper.stdout.readline()
        self._keeper, self._pid = keeper, int(said or 0)

    def stop(self) -> None:
        """End in the orderly way; the data stay for the next start."""
        if self.is_running():
            self.resume()
            with contextlib.suppress(ProcessLookupError):  # it ended by itself, and its keeper has not noticed yet
                os.kill(self._pid, self.end_signal)
            self._wait_for_end()

    def kill(self) -> None:
        """End as a power cut does (`SIGKILL`); the data stay for the next start."""
        if self.is_running():
            signal_family(self._pid, signal.SIGKILL)
            self._wait_for_end()

    def _wait_for_end(self) -> None:
        keeper = self._keeper
        assert keeper is not None
        try:
            keeper.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            signal_family(self._pid, signal.SIGKILL)
            keeper.wait(self.stop_seconds)
        for pipe in (keeper.stdin, keeper.stdout):
            assert pipe is not None
            pipe.close()
        self._keeper, self._pid = None, 0

    def pause(self) -> None:
        """Freeze (`SIGSTOP`): connections stay open, nobody answers."""
        signal_family(self._pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause` (`SIGCONT`)."""
        signal_family(self._pid, signal.SIGCONT)

    def restart(self) -> None:
        """Stop and start again: the same ports, the same data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop for good and leave nothing behind."""
        self.stop()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None
