"""What every command has at hand, and how it prints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from sqlalchemy.engine import make_url

from infra.in_force import InForce, on_disk, opened
from responders import plan_store
from responders.store import Store, engine_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.settings import Settings
    from responders.plan_store import Activation
    from rules.fault import Fault
    from rules.library import Library


@dataclass
class Context:
    """The settings, and what is read on demand from them."""

    settings: Settings
    _store: Store | None = None

    @cached_property
    def in_force(self) -> InForce:
        """The plans in force; before there are any, or where the database cannot say, those on disk.

        Raises `BadFiles`.
        """
        file = make_url(engine_url(self.settings.database))
        if file.drivername == "sqlite" and not Path(file.database or "").exists():
            return on_disk(self.settings, None)  # to ask would make it
        self._store = Store(self.settings.database)
        return opened(self.settings, self._store)

    @property
    def library(self) -> Library:
        """The library in force. Raises `BadFiles`."""
        return self.in_force.library

    @property
    def activation(self) -> Activation | None:
        """Since when the plans are in force and by whom; None where they are not on record."""
        if not self.in_force.number or self._store is None:
            return None
        with self._store.read() as connection:
            return plan_store.in_force(connection)

    def close(self) -> None:
        """The command is done."""
        if self._store is not None:
            self._store.close()


pass_context = click.make_pass_decorator(Context)
json_option = click.option("--json", "as_json", is_flag=True, help="一行一个 JSON 对象 / one JSON object a line")


def print_json(rows: Iterable[Any]) -> None:
    """One object a line."""
    for row in rows:
        click.echo(msgspec.json.encode(row).decode())


def refuse(wrong: Fault | str) -> click.ClickException:
    """Bad input: said once, exit code 2."""
    error = click.ClickException(str(wrong))
    error.exit_code = 2
    return error


def answer_no(message: str) -> click.ClickException:
    """The answer is no: exit code 1."""
    return click.ClickException(message)
