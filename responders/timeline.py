"""One incident's record for people: Chinese first, English beside, Shanghai time."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from responders.clock import shown
from rules.alerts import PIPELINE_FAULT
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from responders.queries import Event, IncidentView

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
    "acknowledged": "签收告知 told of acknowledgement", "closed": "关闭告知 told of closing", "answer": "回执 answer",
}  # fmt: skip

WHY = {
    "shelf expired": "搁置到期 shelf expired", "unshelved": "取消搁置 unshelved",
    "released": "抑制解除 no longer suppressed", "returned to service": "恢复使用 returned to service",
}  # fmt: skip
"""Why an alarm that was held is given."""


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
    return "\n".join([*head, *_lines(incident.timeline, longest_run)])


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


def _grade(word: Any) -> str:
    severity = Severity.of(str(word))
    return f"{severity.zh} {severity.en}"


_WORDS: dict[str, Any] = {
    "observed": lambda e: f"监测 observed {e.detail.get('source', '')}".rstrip(),
    "alert": lambda e: f"警报 alert: {e.detail['zh']} / {e.detail['en']} [{e.detail['outcome']}]",
    "opened": lambda e: f"事件开启 opened ({_grade(e.detail['severity'])})",
    "risen": lambda e: f"升级 risen: {_grade(e.detail['before'])} → {_grade(e.detail['after'])}",
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
