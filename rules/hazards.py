"""What forecasts warn of: the warning signals, which have the same names everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.alerts import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

HAZARDS: Mapping[str, Words] = {
    "typhoon": Words(zh="台风", en="typhoon"), "rainstorm": Words(zh="暴雨", en="rainstorm"),
    "snowstorm": Words(zh="暴雪", en="snowstorm"), "cold_wave": Words(zh="寒潮", en="cold wave"),
    "gale": Words(zh="大风", en="gale"), "sandstorm": Words(zh="沙尘暴", en="sandstorm"),
    "heat": Words(zh="高温", en="heat"), "drought": Words(zh="干旱", en="drought"),
    "thunderstorm": Words(zh="雷电", en="thunderstorm"), "hail": Words(zh="冰雹", en="hail"),
    "frost": Words(zh="霜冻", en="frost"), "fog": Words(zh="大雾", en="fog"), "haze": Words(zh="霾", en="haze"),
    "icy_road": Words(zh="道路结冰", en="icy roads"),
    "geological": Words(zh="地质灾害", en="geological hazard"), "flash_flood": Words(zh="小流域山洪", en="flash flood"),
    "forest_fire": Words(zh="森林火险", en="forest fire danger"),
}  # fmt: skip
"""The fourteen of 中国气象局令16号, and three that water, land and forestry offices issue with the weather office.

A site may name others (`hazards` in `site.yaml`).
"""
