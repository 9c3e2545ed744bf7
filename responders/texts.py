"""What officers read: Chinese first, English after, the times of Shanghai, and what to do at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from responders.channels.segments import fit
from responders.clock import shown_short
from rules.alerts import Words
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from responders.channels.base import Capabilities
    from responders.escalation import Policy

MAX_SEGMENTS = 10
DRILL = Words(zh="【演练】", en="[DRILL] ")
NOTHING = Words(zh="", en="")

BUILT_IN: Mapping[str, Words] = {
    "page": Words(
        zh="{{ explain }}。{% if risen_from %}由“{{ risen_from }}”升级。{% endif %}{{ observed }} 监测。",
        en="{{ explain }}.{% if risen_from %} Risen from {{ risen_from }}.{% endif %} Observed {{ observed }}.",
    ),
    "notice": Words(
        zh="{{ explain }}（仅通知）。{{ observed }} 监测。",
        en="{{ explain }} (notice only). Observed {{ observed }}.",
    ),
    "update": Words(
        zh="新增{{ count }}处，如：{{ explain }}。",
        en="{{ count }} more, such as {{ explain }}.",
    ),
    "recovered": Words(
        zh="{{ explain }} 已恢复正常。{% if open %}响应仍在进行，须人工结束。{% endif %}",
        en="{{ explain }} Back to normal.{% if open %} The response goes on until somebody ends it.{% endif %}",
    ),
    "passed": Words(
        zh="{{ was }}。{{ observed }} 监测，现已恢复正常：{{ explain }}。",
        en="{{ was }}. Observed {{ observed }}; back to normal now: {{ explain }}.",
    ),
    "acknowledged": Words(zh="{{ owner }} 已签收。", en="Acknowledged by {{ owner }}."),
    "closed": Words(zh="{{ by }} 已关闭：{{ reason }}", en="Closed by {{ by }}: {{ reason }}"),
    "decided": Words(zh="{{ said }}。", en="{{ said }}."),
    "reminder": Words(zh="{{ said }}。", en="{{ said }}."),
}
"""The texts of plans that bring none of their own, and of plans that nobody knows."""

PROPOSAL = Words(
    zh="请批示：{{ explain }}。拟在{{ place }}启动{{ severity }}响应，是否同意？{{ observed }} 监测。",
    en="To decide: {{ explain }}. Start the response of {{ severity }}, {{ place }}? Observed {{ observed }}.",
)
"""What an approver is asked."""

_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_compiled: dict[str, Any] = {}


@dataclass(frozen=True)
class About:
    """The incident that a text speaks of, and when. `names_county`: the reader may not know which one is meant."""

    number: int
    policy: Policy
    severity: str
    place: Words
    county: Words
    exercise: str
    headline: Words
    observed_at: datetime
    now: datetime
    names_county: bool = False


class Texts:
    """Makes texts. `duty_phone` is whom to call where a text cannot be answered."""

    def __init__(self, duty_phone: str = "") -> None:
        self.duty_phone = duty_phone

    def incident(
        self,
        kind: str,
        about: About,
        tail: Words,
        values: Mapping[str, Any] | None = None,
        *,
        words: Words | None = None,
        besides: Words = NOTHING,
    ) -> str:
        """One text about an incident: head, what it says, its tail (how to answer), Chinese before English.

        `words` overrides the plan's template; `besides` stands behind what it says. Raises what Jinja2 raises when a
        plan's template is broken.
        """
        template = words or about.policy.texts.get(kind) or BUILT_IN[kind]
        given = dict(values or {})
        zh = _fill(template.zh, self._values(about, "zh", given)).strip()
        en = _fill(template.en, self._values(about, "en", given)).strip()
        if about.names_county and about.county.zh not in zh:
            zh = f"{about.county.zh}：{zh}"
        if about.names_county and about.county.en not in en:
            en = f"{about.county.en}: {en}"
        zh, en = self._head(about, "zh") + zh, self._head(about, "en") + en
        return fit(f"{zh}{besides.zh}{tail.zh}\n{en}{besides.en}", MAX_SEGMENTS, tail.en)

    def answer(self, words: Words, *, exercise: bool = False) -> str:
        """A text that answers a text."""
        drill = DRILL if exercise else Words(zh="", en="")
        return fit(f"{drill.zh}{words.zh}\n{drill.en}", MAX_SEGMENTS, words.en)

    def how_to_answer(self, number: int, code: int | None, capabilities: Capabilities | None, nth: int) -> Words:
        """The tail of a page: the reply that acknowledges, or whom to call."""
        again = _again(nth)
        if _can_reply(capabilities):
            reply = f"{code}" if code is not None else f"签收{number}"
            english = f"{code}" if code is not None else f"ack {number}"
            return Words(
                zh=f"事件{number}{again.zh}，回复 {reply} 签收。",
                en=f" Incident {number}{again.en}: reply {english} to acknowledge.",
            )
        call = self.duty_phone
        return Words(
            zh=f"事件{number}{again.zh}，" + (f"请致电值班室 {call} 签收。" if call else "请致电值班室签收。"),
            en=f" Incident {number}{again.en}: call the duty desk{f' {call}' if call else ''} to acknowledge.",
        )

    def how_to_decide(self, number: int, code: int | None, capabilities: Capabilities | None, nth: int) -> Words:
        """The tail of a proposal: the replies that say yes and no, or whom to call."""
        again = _again(nth)
        if _can_reply(capabilities):
            yes, no = how_to_say(number, code)
            return Words(
                zh=f"请示{number}{again.zh}，回复“{yes.zh}”或“{no.zh}”。",
                en=f' Proposal {number}{again.en}: reply "{yes.en}" to approve, "{no.en}" to reject.',
            )
        call = self.duty_phone
        return Words(
            zh=f"请示{number}{again.zh}，请致电值班室{f' {call} ' if call else ''}答复是否同意。",
            en=f" Proposal {number}{again.en}: call the duty desk{f' {call}' if call else ''} with your yes or no.",
        )

    def how_to_report(self, number: int, code: int | None, capabilities: Capabilities | None, report: str) -> Words:
        """The tail of a reminder: the reply that says that the report has been made, or whom to tell."""
        if _can_reply(capabilities):
            reply, english = how_to_enter(number, code, report)
            return Words(zh=f"事件{number}，报后回复“{reply}”。", en=f' Incident {number}: then reply "{english}".')
        call = self.duty_phone
        return Words(
            zh=f"事件{number}，报后请告值班室{f' {call} ' if call else ''}登记。",
            en=f" Incident {number}: then tell the duty desk{f' {call}' if call else ''}.",
        )

    @staticmethod
    def name_of(number: int) -> Words:
        """The tail of a text that asks for nothing."""
        return Words(zh=f" 事件{number}。", en=f" Incident {number}.")

    @staticmethod
    def _head(about: About, language: str) -> str:
        if language == "zh":
            return (DRILL.zh if about.exercise else "") + f"【{about.policy.tag.zh}】"
        return (DRILL.en if about.exercise else "") + f"[{about.policy.tag.en}] "

    @staticmethod
    def _values(about: About, language: str, given: dict[str, Any]) -> dict[str, Any]:
        def said(words: Any) -> Any:
            if isinstance(words, Words | Severity):
                return str(getattr(words, language)).rstrip("。. ")  # the template sets its own full stop
            return words

        return {
            "number": about.number,
            "title": said(about.policy.titles),
            "tag": said(about.policy.tag),
            "severity": said(Severity.of(about.severity)),
            "place": said(about.place),
            "county": said(about.county),
            "explain": said(about.headline),
            "observed": shown_short(about.observed_at, about.now),
            "was": said(about.headline),
            "risen_from": None,
            "open": True,
            "count": 1,
        } | {key: said(value) for key, value in given.items()}


def how_to_say(number: int, code: int | None) -> tuple[Words, Words]:
    """The replies that mean yes and no to a proposal."""
    if code is None:
        return (
            Words(zh=f"同意 事件{number}", en=f"approve #{number}"),
            Words(zh=f"不同意 事件{number}", en=f"reject #{number}"),
        )
    return Words(zh=f"{code}同意", en=f"{code}Y"), Words(zh=f"{code}不同意", en=f"{code}N")


def how_to_enter(number: int, code: int | None, report: str) -> tuple[str, str]:
    """The reply that says that a report has been made, in both languages."""
    if code is None:
        return f"已报 事件{number} {report}", f"reported #{number} {report}"
    return f"{code}已报 {report}", f"{code} reported {report}"


def _can_reply(capabilities: Capabilities | None) -> bool:
    return bool(capabilities and capabilities.two_way and capabilities.code_allowed)


def _again(nth: int) -> Words:
    return Words(zh=f"（第{nth}次呼叫）", en=f" (page {nth})") if nth > 1 else Words(zh="", en="")


_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Const,
    nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
)  # fmt: skip


class TemplateFault(ValueError):
    """A template that says more than names and conditions: it might never end, or grow without bound."""


NAMES = frozenset(
    {"number", "title", "tag", "severity", "place", "county", "explain", "observed", "risen_from", "open", "count"}
)
"""What a plan's template may fill in."""


def unknown_names(source: str) -> list[str]:
    """The names of a template that nothing fills in. Raises what Jinja2 says of its syntax."""
    return sorted(meta.find_undeclared_variables(_environment.parse(source)) - NAMES)


def check_template(source: str) -> None:
    """Raises `TemplateFault` or what Jinja2 says of its syntax."""
    for node in _environment.parse(source).find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise TemplateFault(f"{type(node).__name__} in line {node.lineno}")


def _fill(source: str, values: Mapping[str, Any]) -> str:
    template = _compiled.get(source)
    if template is None:
        if len(_compiled) > 500:  # noqa: PLR2004, plans change seldom; a bound all the same
            _compiled.clear()
        check_template(source)
        template = _compiled[source] = _environment.from_string(source)
    return str(template.render(values))
