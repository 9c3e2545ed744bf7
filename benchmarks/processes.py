"""Processes that a measurement starts: they end with it, also when it is killed."""

from __future__ import annotations

import ctypes
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def end_with_parent() -> None:
    """Called in the child, before it becomes the program: it dies when whoever started it dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """One process of ours, its output in a file."""

    def __init__(
        self, command: list[str], log: Path, environment: dict[str, str] | None = None, *, address: str = "",
        metrics: str = "",
    ) -> None:  # fmt: skip
        self.log, self.address, self.metrics = log, address, metrics
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one call into libc
            )  # fmt: skip

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def kill(self) -> None:
        """`kill -9`."""
        self._popen.kill()
        self._popen.wait()

    def stop(self) -> None:
        """Ask it to end; insist after a while."""
        if self.running:
            self._popen.terminate()
            try:
                self._popen.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def tail(self) -> str:
        """The end of what it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
