"""What a Faust app needs to be told when its broker is a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def embedded_settings() -> dict[str, Any]:
    """Settings of `faust.App` for the embedded broker.

    `store`: tables live in memory and come back from their changelog, which is in the same file.
    `topic_disable_leader`, `table_standby_replicas`: there is one worker and no other to elect.
    `producer_linger`, `stream_recovery_delay`: waits that only pay on a network with several workers.
    `stream_wait_empty`: at a stop, what is not acknowledged stays unacknowledged and comes again.
    """
    return {
        "store": "memory://",
        "topic_disable_leader": True,
        "topic_replication_factor": 1,
        "table_standby_replicas": 0,
        "consumer_auto_offset_reset": "earliest",
        "producer_linger": 0,
        "stream_recovery_delay": 0.0,
        "stream_wait_empty": False,
        "broker_commit_interval": 0.5,
        "web_enabled": False,
    }


def log_path(url: str) -> Path:
    """The file that a broker address names: `sqlite:////absolute/file.db` or `sqlite:///relative.db`."""
    parts = urlsplit(url)
    path = unquote(parts.path).removeprefix("/")
    if parts.scheme != "sqlite" or parts.netloc or not path:
        message = f"broker: got {url!r}, expected sqlite:////absolute/path.db or sqlite:///relative/path.db"
        raise ValueError(message)
    return Path(path)
