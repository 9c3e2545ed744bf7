"""A PostgreSQL server for the tests, from the system's binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.services.process import ServerFailedError, ServerProcess, SystemLacksError, accepts_connections

USER = "fenghuo"
_HOW = "apt-get install -y --no-install-recommends postgresql   (or: scripts/ensure-system)"

_CLUSTER = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]

# What only matters when the machine itself dies is off; what a killed server must keep, it keeps.
_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
max_connections = 100
shared_buffers = '32MB'
dynamic_shared_memory_type = mmap
fsync = off
full_page_writes = off
log_min_messages = warning
"""


def binary(name: str) -> str:
    """A program of the newest PostgreSQL on this system (Debian keeps servers out of PATH)."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        msg = f"the PostgreSQL server ({name}) is not installed: {_HOW}"
        raise SystemLacksError(msg)
    return found


def _major(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


class PostgresServer(ServerProcess):
    """One server; `create_database` gives each test a database of its own."""

    name = "postgres"
    end_signal = signal.SIGINT  # "fast": sessions are disconnected, and it ends

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count(1)

    def identity(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root: then it runs as the unprivileged user that its package made."""
        if os.geteuid() != 0:
            return {}
        for name in ("postgres", "nobody"):
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        msg = "no unprivileged user (postgres, nobody) to run PostgreSQL as"
        raise SystemLacksError(msg)

    def command(self) -> list[str]:
        """The server in the foreground."""
        return [binary("postgres"), "-D", str(self.directory / "data")]

    def prepare(self) -> None:
        """Make the cluster, with its sockets beside it."""
        initdb, identity = binary("initdb"), self.identity()  # says first what is missing
        if identity:
            os.chown(self.directory, identity["user"], identity["group"])
        data = self.directory / "data"
        done = subprocess.run(
            [initdb, f"--pgdata={data}", f"--username={USER}", *_CLUSTER],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **identity,
        )
        if done.returncode:
            msg = f"initdb failed:\n{done.stdout}{done.stderr}"
            raise ServerFailedError(msg)
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(_SETTINGS.format(port=self.port, sockets=self.directory))

    def is_ready(self) -> bool:
        """Whether a client can ask a question."""
        if not accepts_connections(self.port):
            return False
        try:
            self._administer(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            return False
        return True

    def _administer(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, dbname="postgres", connect_timeout=5, autocommit=True
        ) as connection:
            connection.execute(statement)

    def create_database(self) -> str:
        """A fresh, empty database; its URL as SQLAlchemy wants it."""
        name = f"test_{next(self._numbers)}"
        self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Drop it, whoever is still connected."""
        name = urlsplit(url).path.lstrip("/")
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
