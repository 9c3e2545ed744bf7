"""Runs one server for a test session, and ends it when the session is gone, however that went.

Run as a script: its standard input is a pipe that only the session holds. When it closes, because the session
ended, crashed or was killed, the server and its children are ended and its directory is removed.
(PR_SET_PDEATHSIG would not do: it fires when the *thread* that started the server ends; set-uid clears it.)
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

GRACE_SECONDS = 5


def family(pid: int) -> list[int]:
    """The process and all its descendants, parents first."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [pid, *(one for text in lists for child in text.split() for one in family(int(child)))]


def signal_family(pid: int, signum: signal.Signals) -> None:
    """Signal the process and all its descendants; those already gone are none of our concern."""
    for member in family(pid):
        try:
            os.kill(member, signum)
        except ProcessLookupError:
            continue


def _end_when_session_is_gone(server: subprocess.Popen[bytes], order: dict[str, object], gone: threading.Event) -> None:
    while os.read(0, 1024):  # not through sys.stdin: its lock would be held when the interpreter ends
        continue
    gone.set()
    signal_family(server.pid, signal.SIGCONT)
    server.send_signal(int(str(order["end_signal"])))
    try:
        server.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        signal_family(server.pid, signal.SIGKILL)
        server.wait()
    shutil.rmtree(str(order["directory"]), ignore_errors=True)


def main() -> int:
    """Start the server that argv describes, tell its pid on standard output, and end with its exit code."""
    order = json.loads(sys.argv[1])
    with Path(order["log"]).open("ab") as log:
        server = subprocess.Popen(
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=order["directory"],
            **order["identity"],
        )
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    gone = threading.Event()
    ending = threading.Thread(target=_end_when_session_is_gone, args=(server, order, gone), daemon=True)
    ending.start()
    code = server.wait()
    if gone.is_set():
        ending.join()
    return code & 0xFF


if __name__ == "__main__":
    sys.exit(main())
