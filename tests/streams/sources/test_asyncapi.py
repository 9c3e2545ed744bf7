"""The committed document says what the types say."""

from __future__ import annotations

from pathlib import Path

from rules import facts
from streams.asyncapi import document, render

COMMITTED = Path(__file__).parents[3] / "docs" / "asyncapi.yaml"


def test_the_committed_document_is_the_generated_one() -> None:
    """`python -m streams.asyncapi > docs/asyncapi.yaml` after a type has changed."""
    assert COMMITTED.read_text(encoding="utf-8") == render()


def test_every_topic_and_every_field_of_a_fact_is_in_it() -> None:
    made = document()
    assert set(made["channels"]) == {*facts.TOPICS, "alerts", "dead-letters"}
    for kind in facts.KINDS.values():
        schema = made["components"]["schemas"][kind.__name__]
        assert set(schema["properties"]) == {"kind", *kind.__struct_fields__}


def test_every_reference_leads_somewhere() -> None:
    made = document()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                target: object = made
                for step in node["$ref"].removeprefix("#/").split("/"):
                    assert isinstance(target, dict)
                    target = target[step]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(made)
