"""The picture of a plan, laid out for an SVG: triggers → level → who → tasks. Wide for a page, narrow for a phone.

Lengths are pixels of the picture's own grid. A Chinese character is as wide as its size, a Latin one about half.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import east_asian_width

from rules.alerts import Words
from rules.wording import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infra.plan_view import LevelView, PlanView, TriggerView

SIZES = {"main": 15, "strong": 15, "small": 12}
LEADING = {"main": 21, "strong": 21, "small": 16}
PAD, GAP = 12, 16
STOPS = "，。；：、！？）】”"
WIDE = "\u3000-\u9fff\uff00-\uffef"
HEAD, PHONE, INDENT = 44, 360, 22
COLUMNS = ((0, 244), (288, 156), (486, 240), (768, 332))
"""Left edge and width of each."""
SHOWN_TASKS = 8
HEADS = (
    Words(zh="触发条件", en="trigger"),
    Words(zh="响应级别", en="level"),
    Words(zh="启动与呼叫", en="who"),
    Words(zh="部门任务", en="tasks"),
)


class Line(NamedTuple):
    """One line of text in a box. `style`: main, strong or small."""

    text: str
    style: str


class Box(NamedTuple):
    """A box with its lines, each with the y of its baseline. `kind` is its class in the style sheet."""

    x: int
    y: int
    w: int
    h: int
    kind: str
    lines: tuple[tuple[int, Line], ...]


class Diagram(NamedTuple):
    """A picture: boxes, the paths between them, and heads over its columns."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    links: tuple[str, ...]
    heads: tuple[tuple[int, Words], ...]


def wide(plan: PlanView) -> Diagram:
    """Four columns; a row for each level, the least grave on top, so that each says what it adds."""
    (_, first), *columns = COLUMNS
    rows: list[list[Box]] = []
    top = HEAD
    for level in plan.levels:
        texts = (_level(level, columns[0][1]), _who(plan, level, columns[1][1]), _tasks(plan, level, columns[2][1]))
        kinds = (f"level l-{level.word}", "who", "tasks")
        boxes = [_box(x, 0, w, kind, said) for (x, w), kind, said in zip(columns, kinds, texts, strict=True) if said]
        height = max(box.h for box in boxes)
        rows.append([_moved(box, top + (height - box.h) // 2) for box in boxes])
        top += height + GAP
    triggers = _spread([_box(0, 0, first, "trigger", _trigger(t, first)) for t in plan.triggers], HEAD, top - GAP)
    links = [_curve(*ends) for row in rows for ends in pairwise(row)]
    for trigger, box in zip(plan.triggers, triggers, strict=True):
        reached = [row[0] for level, row in zip(plan.levels, rows, strict=True) if trigger.id in level.triggers]
        links += [_curve(box, row) for row in reached]
    boxes = [*triggers, *(box for row in rows for box in row)]
    heads = tuple((x, words) for (x, _), words in zip(COLUMNS, HEADS, strict=True))
    return Diagram(COLUMNS[-1][0] + COLUMNS[-1][1], _bottom(boxes), tuple(boxes), tuple(links), heads)


def narrow(plan: PlanView) -> Diagram:
    """One column; the levels hang on a rail under the triggers."""
    boxes = [_box(0, 0, PHONE, "trigger", _trigger(t, PHONE)) for t in plan.triggers]
    for level in plan.levels:
        hung, inner = PHONE - INDENT, PHONE - 2 * INDENT
        reached = _wrapped(f"← {' · '.join(level.triggers)}", "small", hung) if level.triggers else []
        boxes.append(_box(INDENT, 0, hung, f"level l-{level.word}", [*_level(level, hung), *reached]))
        boxes += [
            _box(2 * INDENT, 0, inner, kind, said)
            for kind, said in (("who", _who(plan, level, inner)), ("tasks", _tasks(plan, level, inner)))
            if said
        ]
    gaps = [GAP if box.kind.startswith("level") else GAP // 3 for box in boxes[1:]]
    tops = accumulate((box.h + gap for box, gap in zip(boxes, gaps, strict=False)), initial=0)
    boxes = [_moved(box, top) for box, top in zip(boxes, tops, strict=False)]
    rail = max((box.y + box.h for box in boxes if box.kind == "trigger"), default=0)
    links = [f"M{INDENT // 2} {rail} V{box.y + 20} H{INDENT}" for box in boxes if box.kind.startswith("level")]
    return Diagram(PHONE, _bottom(boxes), tuple(boxes), tuple(links), ())


def _trigger(trigger: TriggerView, width: int) -> list[Line]:
    lines = _wrapped(trigger.id, "strong", width)
    for mark, one in (("", trigger.described), *(("· ", part) for part in trigger.described.parts)):
        lines += [*_wrapped(f"{mark}{one.says.zh}", "main", width), *_wrapped(f"{mark}{one.says.en}", "small", width)]
    if trigger.described.reaches <= {"approach"}:
        lines.append(Line("仅通知，不启动响应 / a notice only", "small"))
    return lines


def _level(level: LevelView, width: int) -> list[Line]:
    return [*_wrapped(level.words.zh, "strong", width), *_wrapped(level.words.en, "small", width)]


def _who(plan: PlanView, level: LevelView, width: int) -> list[Line]:
    """How it starts; whom the first step pages stands at the first level, as it is the same at all of them."""
    lines = [*_wrapped(level.start.zh, "strong", width), *_wrapped(level.start.en, "small", width)]
    if level == plan.levels[0]:
        first = plan.roles(plan.plan.escalation.steps[0].page)
        lines += _wrapped(f"各级均先呼叫{first.zh}", "main", width)
        lines += _wrapped(f"first page at every level: {first.en}", "small", width)
    return lines


def _tasks(plan: PlanView, level: LevelView, width: int) -> list[Line]:
    """What the level adds to the one below it."""
    lines: list[Line] = []
    below = _below(plan, level)
    kept = below.tasks if below and all(task in level.tasks for task in below.tasks) else ()
    new = [task for task in level.tasks if task not in kept]
    if below and kept:
        zh, en = below.words.zh.partition("（")[0], below.words.en.partition(" (")[0]
        lines.append(Line(f"{zh}的任务，另加：" if new else f"同{zh}", "strong"))
        lines.append(Line(f"as {en}, and:" if new else f"as {en}", "small"))
    for task in new[:SHOWN_TASKS]:
        department, within = plan.department(task.department), span(task.within)
        lines += _wrapped(f"{within.zh} {department.zh}：{task.what.zh}", "main", width)
        lines += _wrapped(f"{within.en}, {department.en}: {task.what.en}", "small", width)
    if (more := len(new) - SHOWN_TASKS) > 0:
        lines.append(Line(f"另 {more} 项 / {more} more", "small"))
    return lines


def _below(plan: PlanView, level: LevelView) -> LevelView | None:
    position = plan.levels.index(level)
    return plan.levels[position - 1] if position else None


def _box(x: int, y: int, w: int, kind: str, lines: Sequence[Line]) -> Box:
    ends = list(accumulate((LEADING[line.style] for line in lines), initial=y + PAD))
    placed = tuple((end - 5, line) for end, line in zip(ends[1:], lines, strict=True))
    return Box(x, y, w, ends[-1] - y + PAD, kind, placed)


def _bottom(boxes: Sequence[Box]) -> int:
    return max((box.y + box.h for box in boxes), default=0)


def _moved(box: Box, y: int) -> Box:
    return _box(box.x, y, box.w, box.kind, [line for _, line in box.lines])


def _spread(boxes: list[Box], top: int, bottom: int) -> list[Box]:
    """The boxes under each other, in the middle of what there is."""
    needed = sum(box.h + GAP for box in boxes) - GAP
    y = top + max(0, (bottom - top - needed) // 2)
    found = []
    for box in boxes:
        found.append(_moved(box, y))
        y += box.h + GAP
    return found


def _curve(start: Box, end: Box) -> str:
    x1, y1, x2, y2 = start.x + start.w, start.y + start.h // 2, end.x, end.y + end.h // 2
    if abs(y1 - y2) < 4:  # noqa: PLR2004 - boxes of a row, whose middles differ by rounding
        return f"M{x1} {y1} H{x2}"
    middle = (x1 + x2) // 2
    return f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"


def _wrapped(text: str, style: str, box: int) -> list[Line]:
    """The text in lines that fit a box: Chinese breaks anywhere, Latin between words."""
    lines, line, width, room = [], "", 0.0, box - 2 * PAD
    for word in _words(text):
        long = text_width(word, SIZES[style])
        if line and width + long > room:
            lines.append(line.rstrip())
            line, width = "", 0.0
            word = word.lstrip()  # noqa: PLW2901 - the space was at the break
        line, width = line + word, width + long
    return [Line(one, style) for one in (*lines, line) if one]


def _words(text: str) -> Iterable[str]:
    """Pieces between which a line may end: single Chinese characters, Latin words; no line begins with a stop."""
    return re.findall(rf"[{WIDE}][{STOPS}]*|[ ]?[^ {WIDE}]+| ", text)


def text_width(text: str, size: int) -> float:
    return sum(size if east_asian_width(c) in "WFA" else size * 0.52 for c in text)
