"""One incident's record for people: Chinese first, English beside, Shanghai time."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from responders.alarm_words import outcome
from responders.response_words import MANNER, over_or_left, span
from rules.alerts import PIPELINE_FAULT
from rules.severity import Severity
from rules.shanghai import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from responders.queries import Event, IncidentView
    from rules.alerts import Words

STATUS = {
    "noticed": "已通知 noticed", "unacknowledged": "未签收 unacknowledged", "acknowledged": "已签收 acknowledged",
    "closed": "已关闭 closed", "historic": "历史记录 historic",
}  # fmt: skip
PAGE_STATE = {
    "due": "待发 due", "held": "暂缓 held", "sending": "发送中 sending", "uncertain": "结果不明 uncertain",
    "accepted": "运营商已接收 accepted", "sent": "已发出 sent", "delivered": "已送达 delivered",
    "undelivered": "未送达 undelivered", "failed": "失败 failed", "possibly_sent": "可能已发 possibly sent",
    "refused": "被拒 refused", "cancelled": "已取消 cancelled",
}  # fmt: skip
KIND = {
    "page": "呼叫 page", "notice": "通知 notice", "update": "更新 update", "recovered": "恢复 recovered",
    "acknowledged": "签收告知 told of acknowledgement", "closed": "关闭告知 told of closing",
    "decided": "批复告知 told of a decision", "reminder": "报告提醒 reminder", "answer": "回执 answer",
}  # fmt: skip

WHY = {
    "shelf expired": "搁置到期 shelf expired", "unshelved": "取消搁置 unshelved",
    "released": "抑制解除 no longer suppressed", "returned to service": "恢复使用 returned to service",
}  # fmt: skip
"""Why an alarm that was held is given."""

DECISION = {
    "approved": "同意 approved", "rejected": "不同意 rejected",
    "superseded": "被取代 superseded", "lapsed": "作废 lapsed",
}  # fmt: skip


def render(incident: IncidentView, *, longest_run: int | None = None) -> str:
    """The incident, then a line for everything that happened; runs of like events may be shortened to so many."""
    drill = "【演练 DRILL】" if incident.exercise else ""
    head = [
        f"{drill}事件 {incident.number} Incident {incident.number}: {incident.title.zh} {incident.title.en}",
        f"  {incident.headline.zh} / {incident.headline.en}",
        f"  {grade(incident.plan, incident.severity)} · {STATUS[incident.status]} · {incident.place}",
    ]
    if incident.owner:
        head.append(f"  负责人 owner: {incident.owner}")
    head += _response(incident)
    head += [
        f"  关联事件 related: {one.number} {one.title.zh} {one.title.en} · {grade(one.plan, one.severity)}"
        f" · {STATUS[one.status]}"
        for one in incident.related
    ]
    return "\n".join([*head, *_lines(incident.timeline, longest_run)])


def _response(incident: IncidentView) -> Iterator[str]:
    """What people have decided, or are to decide."""
    if incident.parent is not None:
        said = DECISION[incident.decision] if incident.decision else "待批 pending"
        yield f"  请示 proposal: 事件{incident.parent} incident {incident.parent} · {said}"
    if incident.running is not None:
        yield f"  响应 response: {grade_words(incident.running)}"
    if incident.proposal is not None:
        yield f"  待批请示 {incident.proposal} / proposal {incident.proposal} waits for its answer"


def reports(incident: IncidentView, name: Callable[[str], Words], now: datetime) -> Iterator[str]:
    """What is owed upward, one line each; `name` names who reports to whom."""
    for row in incident.reports:
        sender, receiver, manner = name(row.sender), name(row.receiver), MANNER[row.manner]
        if row.done_at is not None:
            how = f"已报 reported {shown(row.done_at)} {row.done_by}" + (f" {row.note}" if row.note else "")
        elif row.ended_at is not None:
            how = "已免 no longer owed"
        else:
            how = over_or_left(row.due_at, now)
        within = span(timedelta(seconds=row.within))
        again = f" #{row.nth}" if row.nth > 1 else ""
        yield (
            f"  报告 report {row.report}{again}: {sender.zh}须在{within.zh}内{manner.zh}报{receiver.zh}"
            f" / {sender.en} to {receiver.en} {manner.en}; {how}"
        )


def _lines(events: list[Event], longest_run: int | None) -> Iterator[str]:
    for _, run in groupby(events, key=lambda event: event.event):
        alike = list(run)
        told = alike[:longest_run]
        yield from (f"  {shown(event.at)}  {_said(event)}" for event in told)
        if left := len(alike) - len(told):
            yield f"  … 另有 {left} 条同类记录 / {left} more of the kind"


def grade(plan: str, word: str) -> str:
    """How grave, for people; a fault of the system has crossed no line."""
    if plan == PIPELINE_FAULT:
        return "系统故障 fault"
    severity = Severity.of(word)
    return f"{severity.zh} {severity.en}"


def _said(event: Event) -> str:
    said = str(_WORDS.get(event.event, lambda e: e.event)(event))
    return said if not event.who or event.who in said else f"{said} · {event.who}"


def _page(event: Event) -> str:
    d = event.detail
    text: str = (
        f"{KIND.get(d['kind'], d['kind']) if 'kind' in d else '呼叫 page'} → {event.who or ''} {d.get('to', '')}: "
    )
    reason = f" ({d['reason']})" if d.get("reason") else ""
    return text + PAGE_STATE.get(d["state"], str(d["state"])) + reason


def grade_words(word: Any) -> str:
    """A severity in both languages."""
    severity = Severity.of(str(word))
    return f"{severity.zh} {severity.en}"


def _level(word: Any) -> str:
    return grade_words(word) if word else "无 none"


def _because(event: Event) -> str:
    d = event.detail
    return (f": {d['reason']}" if d["reason"] else "") + (f" (由 by {d['by']})" if d["by"] != event.who else "")


_WORDS: dict[str, Any] = {
    "observed": lambda e: "监测 observed " + ": ".join(filter(None, (e.detail["source"], e.detail["subject"]))),
    "alert": lambda e: f"警报 alert: {e.detail['zh']} / {e.detail['en']} [{outcome(e.detail['outcome'])}]",
    "opened": lambda e: f"事件开启 opened ({grade_words(e.detail['severity'])})",
    "related": lambda e: f"关联事件 {e.detail['number']}【{e.detail['zh']}】 related incident [{e.detail['en']}]",
    "risen": lambda e: f"升级 risen: {grade_words(e.detail['before'])} → {grade_words(e.detail['after'])}",
    "step": lambda e: (
        f"第{e.detail['step']}步 step {e.detail['step']} ({e.detail['reason']}): {'、'.join(e.detail['people'])}"
    ),
    "step passed over": lambda e: f"第{e.detail['step']}步无人，跳过 step {e.detail['step']} is empty, passed over",
    "page": _page,
    "update": lambda e: f"更新 update: {e.detail['subjects']} → {e.detail['told']}",
    "reply": lambda e: f"回复 reply {e.detail['body']!r}: {e.detail['outcome']}",
    "acknowledged": lambda e: (
        f"签收 acknowledged: {e.who}" + (f" (由 by {e.detail['by']})" if e.detail["by"] != e.who else "")
        + f" [{e.detail['via']}]"
    ),
    "refused": lambda e: f"拒绝 refused: {e.who}",
    "closed": lambda e: f"关闭 closed: {e.detail['reason']}",
    "response": lambda e: (
        f"响应 response: {_level(e.detail['before'])} → {_level(e.detail['after'])} ({e.detail['why']})"
    ),
    "proposed": lambda e: (
        f"报请批准 proposed: 请示{e.detail['number']} → {e.detail['zh']} {e.detail['en']}"
        f" ({grade_words(e.detail['level'])})"
    ),
    "asked instead": lambda e: (
        f"批准人无人可呼叫，改请 nobody as {e.detail['en']}, asked instead: {'、'.join(e.detail['people'])}"
    ),
    "approved": lambda e: f"批准 approved: {grade_words(e.detail['level'])}{_because(e)}",
    "rejected": lambda e: f"不批准 rejected: {grade_words(e.detail['level'])}{_because(e)}",
    "report replaced": lambda e: f"报告时限合并 report {e.detail['report']} → {e.detail['by']}",
    "reminded": lambda e: (
        f"报告提醒 reminded: {'、'.join([*e.detail['reports'], *e.detail['late']])} → {'、'.join(e.detail['people'])}"
    ),
    "report missed": lambda e: f"报告逾期 report missed: {e.detail['report']}",
    "reported": lambda e: (
        f"已报 reported: {e.detail['report']}" + (" (逾期 late)" if e.detail["late"] else "")
        + (f" {e.detail['note']}" if e.detail["note"] else "")
    ),
    "reports ended": lambda e: f"报告终止 no longer owed: {'、'.join(e.detail['reports'])}",
    "suppressed": lambda e: f"按设计抑制 suppressed by design: {e.detail['zh']} / {e.detail['en']}",
    "absorbed": lambda e: f"并入事件 {e.detail['number']} absorbed incident {e.detail['number']}",
    "given": lambda e: f"恢复呼叫 given again: {e.detail['subject']} ({WHY[e.detail['why']]})",
    "shelved": lambda e: (
        f"搁置至 shelved until {e.detail['until']}: {e.detail['subject']}（{e.detail['reason']}）"
    ),
    "unshelved": lambda e: f"取消搁置 unshelved: {e.detail['subject']}",
    "reset": lambda e: f"复位 reset: {e.detail['subject']}",
    "out of service": lambda e: f"停用 out of service: {e.detail['what']}（{e.detail['reason']}）",
    "returned to service": lambda e: f"恢复使用 returned to service: {e.detail['what']}",
}  # fmt: skip
