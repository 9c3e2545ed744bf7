"""A plan takes from its parent field by field: a field that is written replaces the parent's whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inheritance import INHERITED, ancestors, cycle, inherit, rooted
from rules.loading import load
from rules.plans import Plan
from tests.rules.builders import HAZARD, SITE, texts

PARENT = """\
id: parent
titles: {zh: 大纲, en: Parent}
tag: {zh: 大纲, en: PARENT}
basis: [the parent's own law]
escalation: {steps: [{page: [duty_leader], wait: 1m}], leader: [duty_leader]}
texts: {page: {zh: 呼叫, en: page}, notice: {zh: 通知, en: notice}}
tasks:
  - {id: one, department: fire, what: {zh: 一, en: one}, within: 1h, source: test}
  - {id: two, department: fire, what: {zh: 二, en: two}, within: 2h, source: test}
update_every: 30m
closes_on_return: false
retention: {keep: 100d, source: test}
"""
MIDDLE = """\
id: middle
parent: parent
titles: {zh: 中, en: Middle}
tag: {zh: 中, en: MIDDLE}
basis: [the middle's own law]
update_every: 20m
"""
OF_SITE = SITE + "departments: {fire: {zh: 消防, en: fire brigade}}\n"


def child(own: str = "", *, parent: str = "parent", **changed: str) -> Plan:
    """The relief plan of the tests under a parent, without an escalation of its own."""
    plain = HAZARD.partition("escalation:")[0].replace("id: relief\n", f"id: relief\nparent: {parent}\n")
    return load(texts(relief=plain + own, **{"site": OF_SITE, "parent": PARENT, **changed})).plans["relief"]


def test_what_is_not_written_comes_from_the_parent() -> None:
    """Escalation, texts, tasks, retention, as they stand there."""
    plan = child()
    assert plan.escalation.leader == ["duty_leader"]
    assert [task.id for task in plan.tasks] == ["one", "two"]
    assert (plan.update_every, plan.retention and plan.retention.keep) == ("30m", "100d")


def test_what_is_written_replaces_the_parents_field_whole() -> None:
    """One text of its own, and the parent's other text is gone; one task, and it is the only one."""
    plan = child(
        "texts: {page: {zh: 快, en: quick}}\n"
        "tasks: [{id: own, department: fire, what: {zh: 自, en: own}, within: 3h, source: test}]\n"
    )
    assert {kind: words.en for kind, words in plan.texts.items()} == {"page": "quick"}
    assert [task.id for task in plan.tasks] == ["own"]
    assert plan.update_every == "30m"


def test_an_empty_list_is_written_too() -> None:
    """So a plan can say that it has none of its parent's tasks."""
    assert child("tasks: []\n").tasks == []


def test_what_a_plan_says_of_itself_is_never_its_childs() -> None:
    """Titles, tag, basis, scope, triggers: none of them is a default."""
    plan = child()
    assert (plan.titles.en, plan.basis, plan.scope) == ("Relief", ["test"], ["county", "category"])
    own = {
        "id",
        "parent",
        "titles",
        "tag",
        "basis",
        "scope",
        "triggers",
        "out_of_scope",
        "inhibits",
        "closes_on_return",
    }
    assert {field for field in Plan.__struct_fields__} - set(INHERITED) == own  # noqa: C416


def test_a_grandparents_field_comes_through() -> None:
    """The nearest that writes it gives it."""
    plan = child(parent="middle", middle=MIDDLE)
    assert (plan.update_every, plan.retention and plan.retention.keep) == ("20m", "100d")


def test_a_version_is_of_the_plan_after_inheritance() -> None:
    """The parent's figure changes its children; a child that writes the field itself stays as it is."""

    def version(parent: str, own: str = "") -> str:
        plain = HAZARD.partition("escalation:")[0].replace("id: relief\n", "id: relief\nparent: parent\n")
        return load(texts(relief=plain + own, site=OF_SITE, parent=parent)).versions["relief"]

    changed = PARENT.replace("update_every: 30m", "update_every: 15m")
    assert version(PARENT) != version(changed)
    assert version(PARENT, "update_every: 5m\n") == version(changed, "update_every: 5m\n")
    assert version(PARENT) == version(PARENT.replace("the parent's own law", "another law"))


def test_a_plan_that_is_only_a_parent_watches_nothing() -> None:
    """It is in the library, for people to read."""
    library = load(
        texts(relief=HAZARD.replace("id: relief\n", "id: relief\nparent: parent\n"), site=OF_SITE, parent=PARENT)
    )
    assert library.plans["parent"].triggers == []
    assert "parent" in library.versions


@pytest.mark.parametrize(
    ("parents", "way"),
    [
        ({"a": None}, []),
        ({"a": "b", "b": None}, []),
        ({"a": "a"}, ["a", "a"]),
        ({"a": "b", "b": "a"}, ["a", "b", "a"]),
        ({"a": "b", "b": "c", "c": "a"}, ["a", "b", "c", "a"]),
        ({"a": "b", "b": "c", "c": "b"}, []),  # of b and c: a is no part of it
        ({"a": "gone"}, []),
    ],
)
def test_a_cycle_is_told_as_the_way_around(parents: dict[str, str | None], way: list[str]) -> None:
    """From the plan back to itself."""
    assert cycle("a", parents) == way


@given(st.dictionaries(st.sampled_from("abcdef"), st.none() | st.sampled_from("abcdefg"), min_size=1))
def test_every_line_ends(parents: dict[str, str | None]) -> None:
    """Whatever parents are written: nobody is named twice, and a rooted plan has no cycle."""
    for plan in parents:
        line = [plan, *ancestors(plan, parents)]
        assert len(line) == len(set(line))
        if rooted(plan, parents):
            assert cycle(plan, parents) == []
            assert parents[line[-1]] is None


fields = st.dictionaries(st.sampled_from([*INHERITED, "id", "scope"]), st.integers(), max_size=8)


@given(fields, fields)
def test_inheritance_is_a_mapping_over_a_mapping(own: dict[str, int], parent: dict[str, int]) -> None:
    """Every field is the plan's own or, where it may be inherited, its parent's; nothing else is there."""
    found = inherit(own, parent)
    assert all(found[name] == value for name, value in own.items())
    assert {name: found[name] for name in found.keys() - own.keys()} == {
        name: parent[name] for name in INHERITED if name in parent and name not in own
    }
