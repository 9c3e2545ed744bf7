"""One worker process per log file: a lock that the system gives back however the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from streams.embedded.errors import WorkerAlreadyRunning


class WorkerLock:
    """The right to consume from a log file. Appending needs no lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise naming the process that holds it."""
        # The file is never removed: unlinking would let two workers hold locks on two files of one name.
        descriptor = os.open(f"{self.path}.worker.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "?"
            os.close(descriptor)
            raise WorkerAlreadyRunning(str(self.path), holder) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.ftruncate(descriptor, 0)
            os.close(descriptor)
