"""A contingency plan as data: what triggers it, at which level, and who is paged in which order."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.alerts import Words
from rules.expectations import saying
from rules.plan_duties import (
    AfterAction,
    Judgement,
    OutOfScope,
    Report,
    ReportField,
    Response,
    Retention,
    Start,
    Task,
)
from rules.triggers import Trigger
from rules.vocabulary import Duration, Identifier, Role, Strict

_SOME_TIME = saying("大于 0 的时长，如 30s、5m、1h", "a duration above 0, e.g. 30s, 5m, 1h")
_ALARMS = saying("预案，或“预案/触发条件”", "a plan, or plan/trigger")


class Step(Strict, frozen=True, kw_only=True):
    """Everybody on these roles is paged at once; unanswered, the next step follows after `wait`."""

    page: list[Role]
    wait: Duration


class Escalation(Strict, frozen=True, kw_only=True):
    """The steps, `1 + repeat` times, then `leader`, then `leader` again every `last_resort_every` for ever."""

    steps: Annotated[list[Step], Meta(min_length=1)]
    repeat: Annotated[int, Meta(ge=0, le=20)] = 0
    leader: Annotated[list[Role], Meta(min_length=1)]
    leader_wait: Duration = "5m"
    last_resort_every: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3}(s|m|h)$(?!\n)", extra=_SOME_TIME)] = "5m"


class Inhibition(Strict, frozen=True, kw_only=True):
    """While an alarm of this plan stands, lesser ones are recorded, not paged (`rules.inhibition` says which)."""

    trigger: Identifier | None = None
    """Which trigger of this plan holds the others back; absent: each of them."""
    alarms: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63})?$(?!\n)", extra=_ALARMS)]
    """What it holds back: the alarms of a `plan`, or of one `plan/trigger`."""
    same: Literal["county", "place"]
    """Of the same county, or only of the greater alarm's own place and what lies in it."""


class Plan(Strict, frozen=True, kw_only=True):
    """一个应急预案 / one plan of the library."""

    id: Identifier
    """预案标识 / its name in the library."""
    parent: Identifier | None = None
    """上级预案：未写的继承字段取自它 / the plan from which the fields that are not written here are taken."""
    titles: Words
    """预案名称 / its title."""
    tag: Words
    """短信开头括号内的词 / the word in brackets before every text, e.g. 粮价预警."""
    basis: Annotated[list[str], Meta(min_length=1)]
    """法律与预案依据 / law and plan it stands on, with the source of each figure beside the figure."""
    scope: list[Literal["county", "commodity", "stage", "category", "hazard", "event", "division", "point"]] = (
        msgspec.field(default_factory=lambda: ["county"])
    )
    """一个事发地是什么 / what a place is: one open incident per plan and place."""
    triggers: list[Trigger] = []
    """触发条件；总体预案可无 / what opens an incident; a plan that is only a parent has none."""
    out_of_scope: list[OutOfScope] = []
    """超出本县数据范围、只列出不执行的条款 / clauses that one county cannot judge: listed, never executed."""
    inhibits: list[Inhibition] = []
    """抑制哪些报警 / which lesser alarms are recorded, not paged."""
    closes_on_return: bool = False
    """恢复即结案 / the incident closes by itself when the alarm returns."""

    escalation: Escalation
    """呼叫与逐级升级（可继承） / who is paged in which order (inherited)."""
    starts: dict[Response, Start] = {}
    """各级如何启动、由谁批准（可继承） / how each level starts and who approves (inherited); without it: at once."""
    texts: dict[Literal["page", "notice", "update", "recovered"], Words] = {}
    """短信模板（可继承）,空缺用内置 / templates of texts (inherited); those left out are built in."""
    update_every: Duration = "10m"
    """同级新情况最多多久通报一次（可继承） / at most one update text in this time (inherited)."""
    tasks: list[Task] = []
    """部门任务（可继承） / what each department must do by when (inherited)."""
    reporting: list[Report] = []
    """信息报告时限（可继承） / reports upward and their deadlines (inherited)."""
    fields: list[ReportField] = []
    """报告要件（可继承） / what its reports must bring beyond the common fields (inherited)."""
    upgrade: list[Judgement] = []
    """升级条件（可继承） / when people raise the level (inherited)."""
    downgrade: list[Judgement] = []
    """降级条件（可继承） / when people lower it (inherited)."""
    termination: list[Judgement] = []
    """终止条件（可继承） / when people end the response (inherited)."""
    after_action: list[AfterAction] = []
    """善后与评估（可继承） / what is owed after the end (inherited)."""
    retention: Retention | None = None
    """档案保存（可继承） / how long the record is kept (inherited)."""


_canonical = msgspec.json.Encoder(order="deterministic")


def version(plan: Plan) -> str:
    """The content hash by which a plan in force is known: 16 hex digits of SHA-256 over its canonical JSON."""
    return sha256(_canonical.encode(plan)).hexdigest()[:16]
