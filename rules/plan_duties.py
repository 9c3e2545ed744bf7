"""What a plan asks of people, as data: who approves, which tasks and reports fall due, what ends it, what comes after.

Field texts are bilingual: they are also the descriptions in `docs/schemas/plan.schema.json`, which editors show.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from rules.alerts import Words
from rules.vocabulary import Duration, Identifier, Role, Strict

Response = Literal["line", "IV", "III", "II", "I"]
"""At what severity something is asked: a price warning line, or a response level."""
RESPONSES: tuple[Response, ...] = ("line", "IV", "III", "II", "I")
Source = Annotated[str, Meta(min_length=1, max_length=500)]

TIERS = {
    "unit": Words(zh="事发单位", en="the unit concerned"),
    "town": Words(zh="乡镇（街道）", en="township"),
    "department": Words(zh="主管部门", en="lead department"),
    "county": Words(zh="县", en="county"),
    "city": Words(zh="市", en="city"),
    "province": Words(zh="省", en="province"),
    "state": Words(zh="国务院主管部门", en="State Council department"),
}
"""Who reports to whom, besides the site's departments."""


class Start(Strict, frozen=True, kw_only=True):
    """某级别如何启动 / how the response of one level begins."""

    how: Literal["at_once", "proposed"] = "at_once"
    """at_once 立即启动；proposed 报批后启动 / it starts at once, or is proposed and starts when approved."""
    approver: Role | None = None
    """批准人的值班角色（how: proposed 必填） / the role that says yes or no; required with `how: proposed`."""
    measures: list[Words] = []
    """立即采取的措施，报批期间也不等待 / what begins at once, also while a proposal waits for its answer."""
    source: str = ""
    """依据 / where it is written."""


class Task(Strict, frozen=True, kw_only=True):
    """一项处置任务 / what one department must do by when."""

    id: Identifier
    """任务标识，预案内唯一 / its name within the plan."""
    department: Identifier
    """责任部门（site.yaml 的 departments） / the department in charge, of `departments` in `site.yaml`."""
    what: Words
    """做什么 / what is to be done."""
    within: Duration
    """时限，自立案起算 / due so long after the incident opened."""
    evidence: Words | None = None
    """需要的完成凭证 / what shows that it is done."""
    deduct: Decimal | None = None
    """逾期扣分 / points deducted when it is late."""
    levels: list[Response] = []
    """适用级别，空缺为全部 / at which levels; absent: at all of them."""
    source: Source
    """依据 / where it is written."""


class Report(Strict, frozen=True, kw_only=True):
    """一项信息报告时限 / one report upward and its deadline."""

    id: Identifier
    """报告标识，预案内唯一 / its name within the plan."""
    sender: Identifier = msgspec.field(name="from")
    """谁报 / who reports: unit town department county city province, or a department of the site."""
    to: Identifier
    """报给谁 / to whom: the same names."""
    by: Literal["phone", "written"]
    """phone 电话；written 书面 / by telephone or in writing."""
    within: Duration
    """时限 / how soon the first report is due."""
    clock: Literal["known_at", "opened_at"] = "known_at"
    """起算点:known_at 获知时,opened_at 立案时 / counted from when the reporter knew, or from the opening."""
    every: Duration | None = None
    """续报间隔 / how often it is repeated until the end; absent: once."""
    remind: list[Duration] = []
    """截止前多久提醒，空缺为过半和前 5 分钟 / how long before it is due; absent: at half time, and 5 minutes before."""
    levels: list[Response] = []
    """适用级别，空缺为全部 / at which levels; absent: at all of them."""
    source: Source
    """依据 / where it is written."""


Status = Literal["reported", "verified", "updated", "rectified", "closed"]
Phase = Literal["planned", "open", "under_way", "dispersing", "closed"]
STATUSES: dict[str, tuple[str, ...]] = {"hazard_report": get_args(Status), "large_event": get_args(Phase)}
"""What the facts of a kind go through: a forecast has no such thing."""


class ReportField(Strict, frozen=True, kw_only=True):
    """一项报告要件 / what a report under this plan must bring beyond the common fields: shown, not enforced."""

    name: Identifier
    """数据字段或指标 / a field of these facts, or a measure that they carry."""
    facts: Literal["hazard_report", "disaster_forecast", "large_event"] = "hazard_report"
    """哪种数据 / of which kind of fact."""
    words: Words | None = None
    """名称，指标可省略 / what people call it; a measure has words of its own."""
    at: list[Status | Phase] = []
    """何种状态（活动为阶段）时必填，空缺为始终 / at which status (or phase) it is required; absent: at every one."""
    source: Source
    """依据 / where it is written."""


class Judgement(Strict, frozen=True, kw_only=True):
    """由人判断的升级、降级或终止条件 / a condition that a person judges, never the engine."""

    when: Words
    """条件 / the condition."""
    decides: Role
    """谁决定 / which role decides."""
    to: Response | None = None
    """升至或降至哪一级 / to which level, where it is to one."""
    source: Source
    """依据 / where it is written."""


class AfterAction(Strict, frozen=True, kw_only=True):
    """善后与评估 / what is owed after the response has ended."""

    department: Identifier
    """责任部门 / the department in charge."""
    what: Words
    """做什么 / what is to be done."""
    within: Duration
    """时限，自响应终止起算 / due so long after the closing."""
    levels: list[Response] = []
    """适用级别，空缺为全部 / at which levels; absent: at all of them."""
    source: Source
    """依据 / where it is written."""


class Retention(Strict, frozen=True, kw_only=True):
    """档案保存 / how long the record of an incident is kept."""

    keep: Duration
    """保存期，自响应终止起算 / so long after the closing."""
    source: Source
    """依据 / where it is written."""


class OutOfScope(Strict, frozen=True, kw_only=True):
    """法定条款超出本县数据范围 / a clause of the legal text that one county cannot judge: listed, never executed."""

    clause: Words
    """条款 / what the text says."""
    why: Words
    """为何不执行 / why it is not executed here."""
    source: Source
    """依据 / where it is written."""
