"""What is said to whoever answered a proposal, or answered it badly: for texts and the command line alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from responders.clock import shown_short
from responders.decisions import Decided, Overtaken
from responders.texts import how_to_enter, how_to_say
from rules.alerts import Words
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from responders.report_acts import Reported


def said(outcome: Decided | Overtaken, to: str, now: datetime) -> Words:
    """The outcome in words, to the officer who caused or asked for it."""
    level = Severity.of(outcome.level)
    you = outcome.by == to
    match outcome:
        case Decided(number, of, yes):
            who, who_en = ("您已", "You have") if you else (f"{outcome.by}已", f"{outcome.by} has")
            return Words(
                zh=f"{who}{'同意' if yes else '不同意'}启动{level.zh}响应（请示{number}，事件{of}）。",
                en=f"{who_en} {'approved' if yes else 'rejected'} the response of {level.en}"
                f" (proposal {number}, incident {of}).",
            )
        case Overtaken(number, "approved" | "rejected", _, by, at):
            yes, when = outcome.decision == "approved", shown_short(at, now)
            who, who_en = ("您", "you") if you else (by, by)
            return Words(
                zh=f"请示{number}（{level.zh}响应）已由{who}于 {when} 答复：{'同意' if yes else '不同意'}。",
                en=f"Proposal {number} (response of {level.en}) was {outcome.decision} by {who_en} at {when}.",
            )
        case Overtaken(number, _, _, _, at, reason):
            when = shown_short(at, now)
            return Words(
                zh=f"请示{number}已于 {when} 作废（{reason}），无须答复。",
                en=f"Proposal {number} ended at {when}: no answer is needed.",
            )


def ask_again(number: int, code: int | None) -> Words:
    """A proposal wants a yes or a no, and a bare number is neither."""
    yes, no = how_to_say(number, code)
    return Words(
        zh=f"请示{number}须明确答复：回复“{yes.zh}”或“{no.zh}”。",
        en=f'Proposal {number} wants a yes or a no: reply "{yes.en}" or "{no.en}".',
    )


def entered(done: Reported) -> Words:
    """That a report is on record."""
    late = (" （逾期）", " (late)") if done.late else ("", "")
    return Words(
        zh=f"已登记：事件{done.number}的 {done.report} 已报{late[0]}。",
        en=f"Entered: {done.report} of incident {done.number} has been made{late[1]}.",
    )


def which_report(number: int, code: int | None, owed: Sequence[str]) -> Words:
    """Several are owed: the answer must name one."""
    zh, en = how_to_enter(number, code, owed[0])
    return Words(
        zh=f"请写明所报，如“{zh}”。待报：{'、'.join(owed)}。", en=f'Say which, as "{en}". Owed: {", ".join(owed)}.'
    )


def which(numbers: tuple[int, int]) -> Words:
    """The number in an answer means one proposal as a reply code and another by its own number."""
    first, second = numbers
    return Words(
        zh=f"不清楚所答是请示{first}还是请示{second}：请回复“同意 事件{first}”或“不同意 事件{first}”，以此类推。",
        en=f'Proposal {first} or {second}? Reply "approve #{first}" or "reject #{first}", or the same with #{second}.',
    )
