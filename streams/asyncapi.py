"""What travels on the topics, as an AsyncAPI document made from the very types that decode it.

`python -m streams.asyncapi` prints it; `docs/asyncapi.yaml` is its output, and a test holds the two equal.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import yaml

from rules.alerts import Alert
from rules.facts import KINDS, MAX_BYTES, DrillEnded, DrillStarted, PlanActivated, Tick

CONTROL = (Tick, DrillStarted, DrillEnded, PlanActivated)
KEY = {
    "type": "string",
    "pattern": "^[0-9]{6}$",
    "description": "县代码 / the county code, equal to `county`",
}
TITLES = {
    "grain-prices": "粮价监测数据 / grain price readings",
    "hazard-reports": "险情与事故报告 / reports of hazards and accidents",
    "disaster-forecasts": "灾害预报预警 / disaster forecasts and warnings",
    "large-events": "大型活动状态 / states of large events",
    "alerts": "警报 / alerts: changes of state of alarms",
    "dead-letters": "死信 / messages that could not be taken",
}


def document() -> dict[str, Any]:
    """The whole document."""
    types = [*KINDS.values(), *CONTROL, Alert]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    names = {fact.topic: [fact.__name__, *(one.__name__ for one in CONTROL)] for fact in KINDS.values()}
    channels = {topic: _channel(topic, messages) for topic, messages in names.items()}
    channels["alerts"] = _channel("alerts", ["Alert"])
    channels["dead-letters"] = _channel("dead-letters", ["DeadLetter"])
    messages = {one.__name__: _message(one.__name__) for one in types} | {"DeadLetter": _dead_letter()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Fenghuo 烽火",
            "version": "1.0.0",
            "description": (
                "Made from the types by `python -m streams.asyncapi`; never by hand.\n"
                f"Key: county code. Value: JSON in UTF-8, at most {MAX_BYTES} bytes. "
                "Unknown fields are ignored."
            ),
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": _operations(),
        "components": {"messages": messages, "schemas": _plain(schemas)},
    }


def render() -> str:
    """The document as YAML."""
    return yaml.safe_dump(document(), allow_unicode=True, sort_keys=False, width=110)


def _channel(topic: str, messages: list[str]) -> dict[str, Any]:
    return {
        "address": topic,
        "title": TITLES[topic],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _message(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {"kafka": {"key": KEY}},
    }


def _dead_letter() -> dict[str, Any]:
    return {
        "name": "DeadLetter",
        "contentType": "application/octet-stream",
        "summary": "原始字节，原因与来源见消息头 / the raw bytes; reason and origin are in the headers",
        "payload": {"description": "the message as it came, whatever it was"},
    }


def _operations() -> dict[str, Any]:
    """What a source may do: send facts. Ticks, drills and plans are Fenghuo's own."""
    return {
        f"receive-{fact.topic}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{fact.topic}"},
            "messages": [{"$ref": f"#/channels/{fact.topic}/messages/{fact.__name__}"}],
        }
        for fact in KINDS.values()
    } | {"send-alerts": {"action": "send", "channel": {"$ref": "#/channels/alerts"}}}


def _plain(schema: Any) -> Any:
    """A decimal may be written as a number too; lists of required fields keep one order."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            rest = {key: value for key, value in schema.items() if key not in ("type", "format")}
            return {**rest, "anyOf": [{"type": "string", "format": "decimal"}, {"type": "number"}]}
        return {key: _plain(value) for key, value in schema.items()}
    return [_plain(one) for one in schema] if isinstance(schema, list) else schema


if __name__ == "__main__":
    sys.stdout.write(render())
