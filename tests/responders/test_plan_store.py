"""Accepted libraries and their activations, in both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from responders import plan_store
from responders.migrations import migrate
from responders.plan_schema import activations, libraries
from responders.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 8, 26, 8, tzinfo=UTC)
TEXTS = {"site.yaml": "county: '330723'\n", "plans/grain.yaml": "标题: 粮价\n"}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url)
    migrate(made)
    yield made
    made.close()


def accepted(store: Store, **more: str) -> str:
    return store.run(lambda connection: plan_store.accept(connection, TEXTS | more, AT))


def begun(store: Store, content: str, *, first: bool = False, minutes: int = 0) -> plan_store.Activation:
    at = AT + timedelta(minutes=minutes)
    return store.run(lambda connection: plan_store.begin(connection, content, "甲", at, first=first))


def test_a_library_is_stored_whole_under_the_hash_of_what_it_says(store: Store) -> None:
    """The order of its files is no part of it, every character is; accepted again it is the same."""
    content = accepted(store)
    assert (len(content), accepted(store)) == (64, content)
    assert plan_store.content_of(dict(reversed(TEXTS.items()))) == content
    assert accepted(store, **{"plans/grain.yaml": "标题: 粮价 \n"}) != content
    with store.read() as connection:
        assert plan_store.texts_of(connection, content) == TEXTS
        assert plan_store.texts_of(connection, "0" * 64) is None


def test_the_last_activation_is_in_force(store: Store) -> None:
    """When, by whom, and which; the newest first."""
    old, new = accepted(store), accepted(store, **{"site.yaml": "county: '330724'\n"})
    with store.read() as connection:
        assert plan_store.in_force(connection) is None
        assert plan_store.last_number(connection) == 0
    begun(store, old)
    last = begun(store, new, minutes=5)
    with store.read() as connection:
        assert plan_store.in_force(connection) == last
        assert (last.number, last.content, last.by, last.told_at) == (2, new, "甲", None)
        assert [one.content for one in plan_store.history(connection)] == [new, old]
        assert plan_store.last_number(connection) == 2


def test_only_the_first_start_of_a_site_activates_what_lies_on_disk(store: Store) -> None:
    """Processes that start at once, or later with another disk, go by what is in force."""
    old, new = accepted(store), accepted(store, **{"site.yaml": "county: '330724'\n"})
    first = begun(store, old, first=True)
    assert begun(store, new, first=True, minutes=1) == first


def test_what_was_begun_and_not_told_stays_to_be_told(store: Store) -> None:
    """Marked once every partition has it, each by whoever told it."""
    content = accepted(store)
    for _ in range(3):
        begun(store, content)
    store.run(lambda connection: plan_store.told(connection, [3], AT))
    with store.read() as connection:
        assert plan_store.untold(connection) == [1, 2]
    store.run(lambda connection: plan_store.told(connection, [1, 2, 3], AT + timedelta(hours=1)))
    with store.read() as connection:
        assert plan_store.untold(connection) == []
        assert [one.told_at for one in plan_store.history(connection)][:1] == [AT], "told once"


def test_what_makes_no_sense_is_refused(store: Store) -> None:
    """By name."""
    content = accepted(store)
    row = {"number": 1, "content": content, "at": AT, "activated_by": "甲"}
    wrong = [(activations, row | bad) for bad in ({"number": 0}, {"activated_by": ""}, {"content": "f" * 64})]
    for table, values in [*wrong, (libraries, {"content": "abc", "texts": "{}", "accepted_at": AT})]:
        with pytest.raises(IntegrityError), store.write() as connection:
            connection.execute(insert(table).values(values))
