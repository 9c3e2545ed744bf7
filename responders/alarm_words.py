"""How an alarm stands, and what became of an alert, in words for people."""

from __future__ import annotations

from rules.alerts import Words
from rules.annunciation import Seen

SEEN = {
    Seen.NORMAL: Words(zh="正常", en="normal"),
    Seen.UNACKNOWLEDGED: Words(zh="报警未签收", en="active, unacknowledged"),
    Seen.ACKNOWLEDGED: Words(zh="报警已签收", en="active, acknowledged"),
    Seen.RETURNED_UNACKNOWLEDGED: Words(zh="已恢复未签收", en="returned, unacknowledged"),
    Seen.LATCHED_UNACKNOWLEDGED: Words(zh="已锁存未签收", en="latched, unacknowledged"),
    Seen.LATCHED_ACKNOWLEDGED: Words(zh="已锁存待复位", en="latched, to be reset"),
    Seen.SHELVED: Words(zh="已搁置", en="shelved"),
    Seen.SUPPRESSED: Words(zh="按设计抑制", en="suppressed by design"),
    Seen.OUT_OF_SERVICE: Words(zh="停用", en="out of service"),
}

UNASKED = Words(zh="报警中，无人须签收", en="active, nobody has to acknowledge it")
"""Acknowledged only in that nothing is owed: no incident was opened for it, such as for an alert of the past."""

OUTCOMES = {
    "opened": Words(zh="开启事件", en="opened an incident"),
    "risen": Words(zh="升级", en="raised the incident"),
    "new subject": Words(zh="新增一处，将告知", en="one more place, to be told"),
    "noted": Words(zh="已记录，不另行通知", en="recorded, nobody is told anew"),
    "subject returned": Words(zh="此处已恢复", en="this place is back to normal"),
    "latched": Words(zh="已恢复并锁存，待复位", en="returned and latched, to be reset"),
    "returned": Words(zh="全部恢复", en="all is back to normal"),
    "historic": Words(zh="历史数据，不呼叫", en="of the past, nobody is paged"),
    "nothing open": Words(zh="无未结事件", en="no incident is open"),
    "renamed": Words(zh="检测器更名", en="its detector has another name"),
    "the drill has ended": Words(zh="演练已结束", en="its drill has ended"),
    "no such drill": Words(zh="没有该演练", en="there is no such drill"),
    "shelved": Words(zh="搁置中，不呼叫", en="shelved, nobody is paged"),
    "suppressed": Words(zh="按设计抑制，不呼叫", en="suppressed by design, nobody is paged"),
    "out of service": Words(zh="停用中，不呼叫", en="out of service, nobody is paged"),
}
"""By the word that is stored."""


def standing(seen: Seen, incident: int | None) -> Words:
    """How it stands; `incident` is the number of the open one that it was given in."""
    return UNASKED if seen is Seen.ACKNOWLEDGED and incident is None else SEEN[seen]


def outcome(word: str) -> str:
    """What became of an alert, in both languages."""
    words = OUTCOMES[word]
    return f"{words.zh} {words.en}"
