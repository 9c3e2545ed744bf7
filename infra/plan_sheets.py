"""The tables of a plan as people read it, each row a cell of words for each column."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rules.alerts import Words
from rules.facts import KINDS
from rules.plan_duties import TIERS
from rules.wording import KINDS as KIND_WORDS
from rules.wording import STATUSES, grade, joined, number, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.plan_view import LevelView, PlanView
    from rules.plan_duties import Judgement, Response, Start
    from rules.vocabulary import Duration

ALWAYS = Words(zh="始终", en="always")
ALL_LEVELS = Words(zh="各级", en="all levels")
DASH = Words(zh="—", en="—")


class Sheet(NamedTuple):
    """One table of a plan."""

    title: Words
    head: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]
    inherited: bool = False


def sheets(plan: PlanView, levels: Sequence[LevelView], taken: set[str]) -> Iterator[Sheet]:
    """Every sheet, also those without rows. `taken` are the fields that the parent gives."""
    yield Sheet(
        Words(zh="分级启动", en="How each level starts"),
        (
            _w("级别", "level"),
            _w("启动方式", "start"),
            _w("立即采取的措施", "at once, also while a proposal waits"),
            SOURCE,
        ),
        tuple((one.words, one.start, _lines(one.measures), _source(plan.plan.starts.get(one.word))) for one in levels),
        "starts" in taken,
    )
    yield _escalation(plan, "escalation" in taken)
    yield _reporting(plan, "reporting" in taken)
    yield _fields(plan, "fields" in taken)
    yield _tasks(plan, "tasks" in taken)
    yield _judgements(plan, _w("升级", "Raising the level"), plan.plan.upgrade, "upgrade" in taken)
    yield _judgements(plan, _w("降级", "Lowering the level"), plan.plan.downgrade, "downgrade" in taken)
    ending = _judgements(plan, _w("响应终止", "Ending the response"), plan.plan.termination, "termination" in taken)
    by_itself = (_w("报警恢复", "the alarm returns"), _w("自动结案", "it closes by itself"), DASH, DASH)
    yield ending._replace(rows=(by_itself, *ending.rows)) if plan.plan.closes_on_return else ending
    yield _after(plan, taken)
    yield _inhibitions(plan)
    yield Sheet(
        _w("不在本县执行的条款", "Clauses out of scope: listed, not executed"),
        (_w("条款", "clause"), _w("原因", "why"), SOURCE),
        tuple((one.clause, one.why, _same(one.source)) for one in plan.plan.out_of_scope),
    )
    yield Sheet(
        _w("短信模板", "Templates of texts"),
        (_w("用途", "for"), _w("文字", "text")),
        tuple((_same(kind), words) for kind, words in plan.plan.texts.items()),
        "texts" in taken,
    )


def _escalation(plan: PlanView, inherited: bool) -> Sheet:
    policy = plan.plan.escalation
    rows = [
        (
            _w(f"第 {i} 步", f"step {i}"),
            plan.roles(step.page),
            _w(f"{span(step.wait).zh}无人签收则下一步", f"{span(step.wait).en}, then the next"),
        )
        for i, step in enumerate(policy.steps, 1)
    ]
    if policy.repeat:
        rows.append(
            (_w("重复", "repeat"), _w("以上各步", "the steps above"), _w(f"{policy.repeat} 次", f"{policy.repeat} ×"))
        )
    wait, every = span(policy.leader_wait), span(policy.last_resort_every)
    rows.append(
        (
            _w("最后", "last"),
            plan.roles(policy.leader),
            _w(
                f"{wait.zh}后每 {every.zh}一次，直到有人签收",
                f"after {wait.en} every {every.en}, until somebody answers",
            ),
        )
    )
    often = span(plan.plan.update_every)
    rows.append(
        (
            _w("同级新情况", "more of the same"),
            _w("通报已呼叫人员", "those already told"),
            _w(f"{often.zh}内至多一次", f"at most once in {often.en}"),
        )
    )
    return Sheet(
        _w("呼叫顺序", "Who is paged"),
        (_w("步骤", "step"), _w("呼叫", "page"), _w("等待", "wait")),
        tuple(rows),
        inherited,
    )


def _reporting(plan: PlanView, inherited: bool) -> Sheet:
    rows = []
    for report in plan.plan.reporting:
        sender, to = _body(plan, report.sender), _body(plan, report.to)
        within, by = span(report.within), BY[report.by]
        every = span(report.every) if report.every else None
        clock = CLOCKS[report.clock]
        rows.append(
            (
                _w(f"{sender.zh} → {to.zh}", f"{sender.en} → {to.en}"),
                by,
                _w(f"{clock.zh} {within.zh}内", f"within {within.en} {clock.en}"),
                _w(f"每 {every.zh}", f"every {every.en}") if every else DASH,
                _before(report.remind),
                _levels(report.levels),
                _same(report.source),
            )
        )
    head = (
        _w("谁报给谁", "from → to"), _w("方式", "by"), _w("时限", "within"), _w("续报", "again"),
        _w("提醒", "reminded"), LEVEL, SOURCE,
    )  # fmt: skip
    return Sheet(_w("信息报告", "Reports upward"), head, tuple(rows), inherited)


def _fields(plan: PlanView, inherited: bool) -> Sheet:
    """What a report must bring: first what every one of its kind does, then what the plan asks besides."""
    rows = []
    for kind in dict.fromkeys(one.facts for one in plan.plan.fields):
        always = [f.encode_name for f in msgspec.structs.fields(KINDS[kind]) if f.required]
        rows.append((KIND_WORDS[kind], _same(" ".join(always)), _w("共同字段", "of every one"), ALWAYS, DASH))
    measures = plan.names.measures
    for one in plan.plan.fields:
        unit = measures.unit(one.name)
        words = one.words or measures.words(one.name)
        rows.append(
            (
                KIND_WORDS[one.facts],
                _same(" ".join(measures.sent_as(one.name, one.facts))),
                _w(
                    f"{words.zh}（{unit.zh}）" if unit.zh else words.zh,
                    f"{words.en} ({unit.en})" if unit.en else words.en,
                ),
                joined(STATUSES[one.facts][status] for status in one.at) if one.at else ALWAYS,
                _same(one.source),
            )
        )
    head = (_w("数据", "facts"), _w("字段", "field"), _w("内容", "what"), _w("何时必填", "required at"), SOURCE)
    return Sheet(_w("报告要件", "What its reports must bring"), head, tuple(rows), inherited)


def _tasks(plan: PlanView, inherited: bool) -> Sheet:
    rows = tuple(
        (
            plan.department(task.department),
            task.what,
            _w(f"立案后 {span(task.within).zh}内", f"within {span(task.within).en} of opening"),
            task.evidence or DASH,
            _same(f"−{number(task.deduct)}") if task.deduct is not None else DASH,
            _levels(task.levels),
            _same(task.source),
        )
        for task in plan.plan.tasks
    )
    head = (
        _w("部门", "department"), _w("任务", "task"), _w("时限", "deadline"), _w("凭证", "evidence"),
        _w("逾期扣分", "points if late"), LEVEL, SOURCE,
    )  # fmt: skip
    return Sheet(_w("部门任务", "Tasks"), head, rows, inherited)


def _judgements(plan: PlanView, title: Words, found: Sequence[Judgement], inherited: bool) -> Sheet:
    rows = tuple(
        (one.when, plan.role(one.decides), grade(one.to) if one.to else DASH, _same(one.source)) for one in found
    )
    return Sheet(title, (_w("条件", "when"), _w("决定人", "who decides"), _w("至", "to"), SOURCE), rows, inherited)


def _after(plan: PlanView, taken: set[str]) -> Sheet:
    rows = [
        (
            plan.department(one.department),
            one.what,
            _w(f"终止后 {span(one.within).zh}内", f"within {span(one.within).en} of the end"),
            _levels(one.levels),
            _same(one.source),
        )
        for one in plan.plan.after_action
    ]
    if keep := plan.plan.retention:
        kept = span(keep.keep)
        rows.append(
            (_w("档案", "records"), _w("保存全部记录", "all records are kept"), kept, ALL_LEVELS, _same(keep.source))
        )
    head = (_w("部门", "department"), _w("事项", "what"), _w("时限", "deadline"), LEVEL, SOURCE)
    return Sheet(_w("善后与存档", "Afterwards"), head, tuple(rows), {"after_action", "retention"} <= taken)


def _inhibitions(plan: PlanView) -> Sheet:
    every, same = (
        _w("任一触发条件", "each trigger"),
        {"county": _w("全县", "the county"), "place": _w("同一事发地", "the same place")},
    )
    rows = tuple(
        (_same(rule.trigger) if rule.trigger else every, _same(rule.alarms), same[rule.same])
        for rule in plan.plan.inhibits
    )
    head = (_w("报警期间", "while it stands"), _w("只记录、不呼叫", "recorded, not paged"), _w("范围", "where"))
    return Sheet(_w("抑制", "What it holds back"), head, rows)


def _before(remind: Sequence[Duration]) -> Words:
    """When it is reminded of: as the plan says, or as `responders.reports` does where it says nothing."""
    if not remind:
        return _w("过半时、前 5 分钟", "at half time and 5 min before")
    before = [span(one) for one in remind]
    return Words(zh="、".join(f"前 {one.zh}" for one in before), en=", ".join(f"{one.en} before" for one in before))


def _body(plan: PlanView, name: str) -> Words:
    return TIERS.get(name) or plan.department(name)


def _levels(levels: Sequence[Response]) -> Words:
    if not levels:
        return ALL_LEVELS
    return Words(zh=" ".join(SHORT[level] for level in levels), en=" ".join(levels))


def _lines(words: Sequence[Words]) -> Words:
    return Words(zh="；".join(w.zh for w in words), en="; ".join(w.en for w in words)) if words else DASH


def _source(start: Start | None) -> Words:
    return _same(start.source) if start and start.source else DASH


def _same(text: str) -> Words:
    """The same in both languages: a number, a name, a source."""
    return Words(zh=text, en=text)


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


LEVEL, SOURCE = _w("级别", "levels"), _w("依据", "source")
SHORT = {"approach": "接近", "line": "警戒线", "IV": "Ⅳ", "III": "Ⅲ", "II": "Ⅱ", "I": "Ⅰ"}
BY = {"phone": _w("电话", "phone"), "written": _w("书面", "in writing")}
CLOCKS = {"known_at": _w("获知后", "of knowing"), "opened_at": _w("立案后", "of opening")}
