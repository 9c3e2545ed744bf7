"""Small words that terminal and report share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rules.alerts import Words
from rules.severity import Severity
from rules.shanghai import SHANGHAI

if TYPE_CHECKING:
    from datetime import datetime

    from rules.backtest.statistics import Statistics

DAY_S = 86400
BY = {
    "known": Words(zh="按知悉时间（known_at）", en="as known (known_at)"),
    "reported": Words(zh="按报送时间（reported_at）", en="as reported (reported_at)"),
}
WHICH = {
    "only_a": Words(zh="仅 A 有", en="only in A"),
    "only_b": Words(zh="仅 B 有", en="only in B"),
    "both": Words(zh="A、B 均有", en="in both"),
}
STANDS = Words(zh="持续中", en="stands")


class Figure(NamedTuple):
    """One row of the table of figures."""

    zh: str
    en: str
    form: str
    target: str = ""
    """Its name among `Statistics.targets`."""

    def of(self, statistics: Statistics) -> str:
        return self.form.format(statistics)


FIGURES = (
    Figure("警报", "alerts", "{0.alerts:,}"),
    Figure("报警次数（越线或升级）", "activations (line reached, or risen)", "{0.activations:,}"),
    Figure("事件（会呼叫）", "incidents (that page)", "{0.incidents:,}"),
    Figure("仅通知", "notices only", "{0.notices:,}"),
    Figure("仅记录（数据迟到）", "only recorded (data came late)", "{0.historic:,}"),
    Figure("开始呼叫的次数", "times paging begins", "{0.pages:,}"),
    Figure("被更高报警抑制的警报", "alerts held back by a greater alarm", "{0.held:,}"),
    Figure("报警天数", "days in alarm", "{0.days_in_alarm:,.1f}"),
    Figure("最长一次事件（天）", "longest incident (days)", "{0.longest_days:,.1f}"),
    Figure("平均每 10 分钟报警", "alarms per 10 min, average", "{0.per_period:g}", "per_period"),
    Figure("最忙 10 分钟报警", "alarms in the worst 10 min", "{0.peak_period:,}", "peak_period"),
    Figure("报警泛滥时间", "time in flood", "{0.flood_percent:g} %", "flood_percent"),
    Figure(
        "优先级 高/中/低", "priority high/medium/low",
        "{0.priorities[0]:g} / {0.priorities[1]:g} / {0.priorities[2]:g} %", "priorities",
    ),
    Figure("抖动报警（1 分钟内 ≥ 3 次）", "chattering (≥ 3 in 1 min)", "{0.chattering:,}", "chattering"),
    Figure("反复报警（30 天内 ≥ 3 次）", "restless (≥ 3 in 30 d)", "{0.restless:,}"),
    Figure("滞留报警（> 24 h）同时最多", "stale (> 24 h), most at once", "{0.stale_peak:,}", "stale_peak"),
)  # fmt: skip
"""Those with a target are of EEMUA 191 and ISA-18.2."""


def grade(severity: str) -> Words:
    found = Severity.of(severity)
    return Words(zh=found.zh, en=found.en)


def minute(instant: datetime) -> str:
    """`2020-10-15 20:00`, Shanghai time."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def day(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d")


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def shift(days: float) -> Words:
    """How much sooner or later B would have paged than A."""
    if abs(days) < 0.05:  # noqa: PLR2004 - shown to a tenth
        return Words(zh="同时", en="at once with A")
    if days < 0:
        return Words(zh=f"早 {-days:.1f} 天", en=f"{-days:.1f} d sooner")
    return Words(zh=f"晚 {days:.1f} 天", en=f"{days:.1f} d later")


def delay(seconds: float | None) -> Words:
    """How long something took to be found."""
    if seconds is None:
        return Words(zh="–", en="–")
    if seconds == 0:
        return Words(zh="0", en="0")
    if seconds >= DAY_S:
        return Words(zh=f"{seconds / DAY_S:.1f} 天", en=f"{seconds / DAY_S:.1f} d")
    return Words(zh=f"{seconds / 3600:.1f} 小时", en=f"{seconds / 3600:.1f} h")
