"""A contingency plan as data: what triggers it, at which level, and who is paged in which order."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.alerts import SeverityWord, Words

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$(?!\n)")]
Duration = Annotated[str, Meta(pattern=r"^([0-9]{1,6}(s|m|h|d)|0)$(?!\n)")]
"""`30s`, `5m`, `24h`, `10d`."""
Role = Identifier
Level = Literal["IV", "III", "II", "I"]
Kind = Literal["grain_price", "hazard_report", "disaster_forecast", "large_event"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: Duration) -> int:
    return 0 if duration == "0" else int(duration[:-1]) * _SECONDS[duration[-1]]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Persistence(_Strict, frozen=True, kw_only=True):
    """How long a condition must hold before it counts: so many readings, or so long on the data's own clock."""

    readings: Annotated[int, Meta(ge=1, le=32)] = 1
    duration: Duration = "0"


class Ratio(_Strict, frozen=True, kw_only=True):
    """Where the approach band begins and an alarm ends, as shares of the line. For a lower line they lie above 1."""

    approach: Decimal
    recovery: Decimal
    source: str


class LineTrigger(_Strict, frozen=True, kw_only=True, tag_field="detector", tag="warning_line"):
    """Watches each point's own warning lines (`points.yaml`)."""

    id: Identifier
    facts: Literal["grain_price"]
    stages: list[Literal["purchase", "wholesale", "retail"]]
    side: Literal["upper", "lower"] = "upper"
    ratio: Ratio
    persistence: Persistence = Persistence()


class Row(_Strict, frozen=True, kw_only=True):
    """One criterion: a measure of the fact and the bound of each level it reaches. Bounds include the number (以上)."""

    measure: Identifier
    levels: dict[Level, Decimal] = {}
    colours: dict[Level, Literal["blue", "yellow", "orange", "red"]] = {}
    """For measure `colour`, in place of `levels`."""
    unit: Words = Words(zh="", en="")
    source: str

    @property
    def bounds(self) -> dict[str, Decimal | str]:
        """The bound of each level: a number or a colour."""
        return {str(level): bound for level, bound in [*self.levels.items(), *self.colours.items()]}


class TableTrigger(_Strict, frozen=True, kw_only=True, tag_field="detector", tag="table"):
    """Watches reports: one fulfilled criterion is enough, the highest level reached counts."""

    id: Identifier
    facts: Kind
    rows: Annotated[list[Row], Meta(min_length=1)]
    where: dict[Identifier, list[str]] = {}
    """Fields that must have one of the values."""


Trigger = LineTrigger | TableTrigger


class Step(_Strict, frozen=True, kw_only=True):
    """Everybody on these roles is paged at once; unanswered, the next step follows after `wait`."""

    page: list[Role]
    wait: Duration


class Escalation(_Strict, frozen=True, kw_only=True):
    """The steps, `1 + repeat` times, then `leader`, then `leader` again every `last_resort_every` for ever."""

    steps: Annotated[list[Step], Meta(min_length=1)]
    repeat: Annotated[int, Meta(ge=0, le=20)] = 0
    leader: Annotated[list[Role], Meta(min_length=1)]
    leader_wait: Duration = "5m"
    last_resort_every: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3}(s|m|h)$(?!\n)")] = "5m"


class Inhibition(_Strict, frozen=True, kw_only=True):
    """While an alarm of this plan stands, lesser ones are recorded, not paged (`rules.inhibition` says which)."""

    trigger: Identifier | None = None
    """Which trigger of this plan holds the others back; absent: each of them."""
    alarms: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63})?$(?!\n)")]
    """What it holds back: the alarms of a `plan`, or of one `plan/trigger`."""
    same: Literal["county", "place"]
    """Of the same county, or only of the greater alarm's own place and what lies in it."""


class Plan(_Strict, frozen=True, kw_only=True):
    """One plan of the library."""

    id: Identifier
    titles: Words
    tag: Words
    """The word in brackets before every text, e.g. 粮价预警."""
    basis: list[str]
    """Law and plan it stands on, with the source of each figure beside the figure."""
    scope: list[Literal["county", "stage", "category", "hazard", "event", "division", "point"]]
    """What a place is: one open incident per plan and place."""
    triggers: Annotated[list[Trigger], Meta(min_length=1)]
    escalation: Escalation
    texts: dict[Literal["page", "notice", "update", "recovered"], Words] = {}
    """Jinja2 templates; those left out are built in."""
    update_every: Duration = "10m"
    closes_on_return: bool = False
    starts: dict[SeverityWord, Literal["at_once", "proposed"]] = {}
    """Per severity: the response starts at once (default) or is proposed to an approver."""
    inhibits: list[Inhibition] = []


def latches(trigger: object) -> bool:
    """Whether the trigger's alarm stays, after its return, until a person resets it."""
    return bool(getattr(trigger, "latch", False))


_canonical = msgspec.json.Encoder(order="deterministic")


def version(plan: Plan) -> str:
    """The content hash by which a plan in force is known: 16 hex digits of SHA-256 over its canonical JSON."""
    return sha256(_canonical.encode(plan)).hexdigest()[:16]
