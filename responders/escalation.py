"""Escalation, pure: a frozen policy, where an incident stands in it, what became of its pages, now → what to do.

The steps are gone through `1 + repeat` times, then the leader, then the leader again every `last_resort_every` for
ever: there is no position after which nothing comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from responders import duties as plan_duties
from responders import library as libraries
from responders.duties import Duties
from rules.alerts import PIPELINE_FAULT, Words
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.plans import Plan

RECHECK = timedelta(seconds=15)
"""How soon a step whose pages the provider holds back is looked at again."""


class FrozenStep(msgspec.Struct, frozen=True):
    """Who is paged, by role, and how long is waited for an answer."""

    roles: tuple[str, ...]
    wait: int


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All that an incident needs of its plan, as it was when the incident opened (C4)."""

    plan: str
    version: str
    tag: Words
    titles: Words
    texts: dict[str, Words]
    steps: tuple[FrozenStep, ...]
    repeat: int
    leader: FrozenStep
    last_resort_every: int
    duty_role: str
    update_every: int
    closes_on_return: bool
    people: dict[str, tuple[str, ...]]
    """Per role the officers on duty when the incident opened."""
    duties: Duties = Duties()


class Position(msgspec.Struct, frozen=True):
    """One place in the flattened sequence."""

    number: int
    roles: tuple[str, ...]
    wait: timedelta
    last_resort: bool
    """Comes again for ever; is never passed over and never left early."""


def roles_of(plan: Plan | None, duty_role: str) -> tuple[str, ...]:
    """Every role that the plan may page or ask, each once."""
    escalation = plan.escalation if plan else libraries.built_in_escalation(duty_role)
    named = [role for step in escalation.steps for role in step.page]
    asked = plan_duties.roles_of(plan) if plan else ()
    return tuple(dict.fromkeys([*named, *escalation.leader, duty_role, *asked]))


def freeze(
    plan: Plan | None, plan_id: str, version: str, people: Mapping[str, tuple[str, ...]], duty_role: str
) -> Policy:
    """The policy of a plan; without one, the built-in that reaches the site's duty role."""
    escalation = plan.escalation if plan else libraries.built_in_escalation(duty_role)
    return Policy(
        plan=plan_id,
        version=version,
        tag=plan.tag if plan else libraries.built_in_tag(plan_id),
        titles=plan.titles if plan else libraries.built_in_titles(plan_id),
        texts={str(key): words for key, words in plan.texts.items()} if plan else {},
        steps=tuple(FrozenStep(tuple(step.page), seconds(step.wait)) for step in escalation.steps),
        repeat=escalation.repeat,
        leader=FrozenStep(tuple(escalation.leader), seconds(escalation.leader_wait)),
        last_resort_every=seconds(escalation.last_resort_every),
        duty_role=duty_role,
        update_every=seconds(plan.update_every) if plan else 600,
        closes_on_return=plan.closes_on_return if plan else plan_id == PIPELINE_FAULT,
        people=dict(people),
        duties=plan_duties.freeze(plan),
    )


def asking(policy: Policy, approver: str, people: Mapping[str, tuple[str, ...]], page: Words) -> Policy:
    """The policy of a proposal: the approver as often as the plan repeats, then the leader with him, for ever."""
    leader = tuple(dict.fromkeys([approver, *policy.leader.roles]))
    return msgspec.structs.replace(
        policy,
        steps=(FrozenStep((approver,), policy.steps[0].wait),),
        leader=FrozenStep(leader, policy.leader.wait),
        texts={"page": page},
        people=dict(people),
        duties=Duties(),
    )


def steps_of(policy: Policy) -> int:
    """How many positions come before the leader's."""
    return len(policy.steps) * (1 + policy.repeat)


def position(policy: Policy, number: int) -> Position:
    """The place with this number; the first is 1, and there is one for every number."""
    length = steps_of(policy)
    if number <= length:
        step = policy.steps[(number - 1) % len(policy.steps)]
        return Position(number, step.roles, timedelta(seconds=step.wait), last_resort=False)
    if number == length + 1:
        return Position(number, policy.leader.roles, timedelta(seconds=policy.leader.wait), last_resort=False)
    return Position(number, policy.leader.roles, timedelta(seconds=policy.last_resort_every), last_resort=True)


@dataclass(frozen=True)
class StepPages:
    """What became of the pages of the present step."""

    first_left_at: datetime | None = None
    pending: int = 0
    lost: int = 0


@dataclass(frozen=True)
class Page:
    """Page this position now."""

    position: Position
    reason: str


@dataclass(frozen=True)
class Wait:
    """Nothing to do before then."""

    until: datetime
    reason: str


Decision = Page | Wait


def decide(policy: Policy, number: int, step_at: datetime, pages: StepPages, now: datetime) -> Decision:
    """What an open, unacknowledged incident does now. `number` 0: nothing has been paged yet."""
    if number == 0:
        return Page(position(policy, 1), "first step")
    here = position(policy, number)
    if pages.first_left_at is not None:
        return _after_wait(policy, here, max(step_at, pages.first_left_at), now, "unanswered")
    if pages.pending:
        # The provider holds them back, or nobody knows yet: the step is not spent.
        return Wait(now + RECHECK, "the step's pages have not left yet")
    if here.last_resort:
        return _after_wait(policy, here, step_at, now, "last resort")
    reason = "every page failed" if pages.lost else "empty step"
    return Page(position(policy, number + 1), reason)


def _after_wait(policy: Policy, here: Position, since: datetime, now: datetime, reason: str) -> Decision:
    until = since + here.wait
    if now < until:
        return Wait(until, "waiting for an answer")
    return Page(position(policy, here.number + 1), reason)
