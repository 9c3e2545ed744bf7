"""The words that plans, sites and scenarios are written in."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.expectations import saying

Identifier = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$(?!\n)",
        extra=saying("由 a-z、0-9、- 和 _ 组成的名称", "a name of a-z, 0-9, - and _"),
    ),
]
Duration = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{1,6}(s|m|h|d)|0)$(?!\n)",
        extra=saying("时长，如 30s、5m、24h、10d", "a duration, e.g. 30s, 5m, 24h, 10d"),
    ),
]
"""`30s`, `5m`, `24h`, `10d`."""
Role = Identifier
Level = Literal["IV", "III", "II", "I"]
Kind = Literal["grain_price", "hazard_report", "disaster_forecast", "large_event"]
Stage = Literal["purchase", "wholesale", "retail"]
Colour = Literal["blue", "yellow", "orange", "red"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: Duration) -> int:
    return 0 if duration == "0" else int(duration[:-1]) * _SECONDS[duration[-1]]


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is written in a file: a field that is not known is a fault, never ignored."""
