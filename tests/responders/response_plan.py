"""A plan whose responses are proposed, with reports upward; and the people who decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.plan_duties import Judgement, Report, Start
from tests.responders.room import grain_plan

if TYPE_CHECKING:
    from rules.plans import Plan
    from tests.responders.room import Room

HEAD, CHIEF = "+12025550133", "+12025550144"


def relief_plan(**changed: Any) -> Plan:
    """IV at once; III and II proposed to the vice head, I to the chief."""
    made: dict[str, Any] = {
        "id": "relief",
        "titles": Words(zh="灾害救助", en="Relief"),
        "tag": Words(zh="灾害救助", en="Relief"),
        "scope": ["county", "category"],
        "starts": {
            "IV": Start(measures=[Words(zh="巡查隐患点", en="watch danger spots")]),
            "III": Start(
                how="proposed", approver="head",
                measures=[Words(zh="派员核灾", en="assess on the spot"), Words(zh="先行转移", en="move people first")],
            ),
            "II": Start(how="proposed", approver="head"),
            "I": Start(how="proposed", approver="chief"),
        },
        "downgrade": [judged("head")],
        "termination": [judged("chief")],
    }  # fmt: skip
    return grain_plan(**(made | changed))


def judged(role: str, to: Any = None) -> Judgement:
    return Judgement(when=Words(zh="缓解", en="it eases"), decides=role, to=to, source="test")


def report(name: str, within: str, **more: Any) -> Report:
    """By telephone from the county to the city."""
    made: dict[str, Any] = {"sender": "county", "to": "city", "by": "phone", "source": "test"}
    return Report(id=name, within=within, **(made | more))


def staff(room: Room) -> tuple[str, str, str, str]:
    """王 on duty, 李 leads the shift, 陈 is vice head, 周 the chief; their phones."""
    wang, li = room.usual()
    room.officer("陈副县长", HEAD)
    room.officer("周县长", CHIEF)
    room.on_duty("head", "陈副县长")
    room.on_duty("chief", "周县长")
    return wang, li, HEAD, CHIEF
