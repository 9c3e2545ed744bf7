"""Certificates of a test session: an authority of its own, a server on the loopback address, and a client."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests.services.process import SystemLacksError

if TYPE_CHECKING:
    from pathlib import Path

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Certificates(NamedTuple):
    """PEM files."""

    authority: Path
    """Who trusts it trusts server and client."""
    server: Path
    """Key and chain of the server, in one file as Kafka wants it."""
    client: Path
    client_key: Path


def make_certificates(directory: Path) -> Certificates:
    """Made anew, for two days."""
    directory.mkdir()
    _openssl(
        directory, "req", "-x509", *_KEY, "-keyout", "authority.key", "-out", "authority.pem", "-days", "2",
        "-subj", "/CN=authority of a test session",
    )  # fmt: skip
    _signed(directory, "server", "subjectAltName=IP:127.0.0.1")
    _signed(directory, "client", "subjectAltName=DNS:fenghuo")
    whole = directory / "server-with-key.pem"
    whole.write_text((directory / "server.key").read_text() + (directory / "server.pem").read_text())
    return Certificates(directory / "authority.pem", whole, directory / "client.pem", directory / "client.key")


def _signed(directory: Path, name: str, says: str) -> None:
    _openssl(
        directory, "req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
        "-addext", says,
    )  # fmt: skip
    _openssl(
        directory, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", "-days", "2", "-copy_extensions",
        "copy", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
    )  # fmt: skip


def _openssl(directory: Path, *arguments: str) -> None:
    found = shutil.which("openssl")
    if found is None:
        how = "apt-get install -y --no-install-recommends openssl   (or: scripts/ensure-system)"
        msg = f"openssl, which makes the certificates of Kafka's listeners, is not installed: {how}"
        raise SystemLacksError(msg)
    subprocess.run([found, *arguments], cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, check=True)
