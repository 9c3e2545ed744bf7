"""The library in force as one process knows it, and the accepted libraries as SQL keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from infra import clock
from infra.site_files import library_of, read_texts
from responders import plan_store
from responders.plan_schema import libraries
from rules.alerts import PIPELINE_FAULT
from rules.in_force import UnknownLibrary
from rules.yaml_file import BadFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings
    from responders.plan_store import Activation
    from responders.store import Store
    from rules.library import Library
    from rules.plans import Plan

FIRST = "首次启动 first start"
"""By whom a site's first library came into force."""


class StoredLibraries:
    """Accepted libraries by their content hash, each read once. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Library] = {}
        self._plans: dict[tuple[str, str], tuple[Library, Plan] | None] = {}

    def get(self, content: str) -> Library | None:
        """Raises `BadFiles` where this version of the program cannot read it, `SQLAlchemyError` where SQL is away."""
        if content not in self._known:
            with self._store.read() as connection:
                texts = plan_store.texts_of(connection, content)
            if texts is None or plan_store.content_of(texts) != content:
                return None
            self._known[content] = library_of(texts)
        return self._known[content]

    def find(self, content: str) -> Library | None:
        """For the engine. Raises `UnknownLibrary` where it cannot be known whether there is one."""
        try:
            return self.get(content)
        except SQLAlchemyError as away:
            raise UnknownLibrary(content, f"database: {type(away).__name__}") from away
        except BadFiles as bad:
            raise UnknownLibrary(content, str(bad).splitlines()[0]) from bad

    def of_plan(self, plan: str, version: str) -> tuple[Library, Plan] | None:
        """The plan as it was accepted under a version (empty: the newest that there is), and its library."""
        if (plan, version) not in self._plans:
            having = (one for one in self._newest() if plan in one.plans and version in ("", one.versions[plan]))
            found = next(having, None)
            self._plans[plan, version] = None if found is None else (found, found.plans[plan])
        return self._plans[plan, version]

    def forget_what_was_not_found(self) -> None:
        """Another library was accepted: what was looked for in vain may be there now."""
        self._plans = {}

    def _newest(self) -> Iterator[Library]:
        with self._store.read() as connection:
            query = select(libraries.c.content).order_by(libraries.c.accepted_at.desc())
            contents = list(connection.execute(query).scalars())
        for content in contents:
            try:
                found = self.get(content)
            except BadFiles:
                continue  # of a version of the program that allowed what this one does not
            if found is not None:
                yield found


class InForce:
    """What is in force now: `library` of the hash `content`, since activation `number` (0: none is on record)."""

    def __init__(
        self, library: Library, content: str = "", number: int = 0, stored: StoredLibraries | None = None
    ) -> None:
        self.library, self.content, self.number = library, content, number
        self._stored = stored

    def plan(self, plan: str, version: str) -> Plan | None:
        """As it was accepted under this version; where nobody knows the version, as it is now."""
        present = self.library.plans.get(plan)
        if plan == PIPELINE_FAULT or self._stored is None or self.library.versions.get(plan) == version:
            return present
        found = self._stored.of_plan(plan, version)
        return found[1] if found else present

    def last_known(self, plan: str) -> Plan | None:
        """As it is now; one that was removed as it last was."""
        present = self.library.plans.get(plan)
        if present is not None or self._stored is None or plan == PIPELINE_FAULT:
            return present
        found = self._stored.of_plan(plan, "")
        return found[1] if found else None

    def stored(self, plan: str, version: str) -> Library | None:
        """The library in which a plan has this version."""
        if self.library.versions.get(plan) == version:
            return self.library
        found = self._stored.of_plan(plan, version) if self._stored else None
        return found[0] if found else None

    def find(self, content: str) -> Library | None:
        """For the engine: the stored library of a hash."""
        return self._stored.find(content) if self._stored else None

    def becomes(self, activation: Activation) -> None:
        """Another library came into force. Raises `BadFiles` or `SQLAlchemyError`, and nothing has changed."""
        assert self._stored is not None  # noqa: S101 - who follows activations has a store
        library = self._stored.get(activation.content)
        if library is None:
            raise UnknownLibrary(activation.content)
        self._stored.forget_what_was_not_found()
        self.library, self.content, self.number = library, activation.content, activation.number


def opened(settings: Settings, store: Store) -> InForce:
    """What is in force at the start of a process or command: what was last activated.

    Where nothing ever was, or SQL cannot say, it is what lies on disk. Raises `BadFiles` where neither is to be had.
    """
    stored = StoredLibraries(store)
    try:
        with store.read() as connection:
            present = plan_store.in_force(connection)
        library = stored.get(present.content) if present else None
    except SQLAlchemyError:
        return on_disk(settings, store)
    if present is None:
        return on_disk(settings, store)
    if library is None:
        raise UnknownLibrary(present.content)
    return InForce(library, present.content, present.number, stored)


def on_disk(settings: Settings, store: Store | None) -> InForce:
    """What lies on disk, until it is known what is in force. Raises `BadFiles`."""
    texts = read_texts(Path(settings.site))
    stored = StoredLibraries(store) if store else None
    return InForce(library_of(texts), plan_store.content_of(texts), 0, stored)


def first(store: Store, texts: dict[str, str]) -> Activation:
    """What lies on disk is the first that is in force at this site, unless something is. Raises `BadFiles`."""
    library_of(texts)
    now = clock.utc_now()

    def work(connection: Any) -> Activation:
        return plan_store.begin(connection, plan_store.accept(connection, texts, now), FIRST, now, first=True)

    return store.run(work, wake=False)
