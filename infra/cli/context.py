"""What every command has at hand, and how it prints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from infra.site_files import read_library

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.settings import Settings
    from rules.fault import Fault
    from rules.library import Library


@dataclass
class Context:
    """The settings, and what is read on demand from them."""

    settings: Settings

    @cached_property
    def library(self) -> Library:
        """The site's library. Raises `BadFiles`."""
        return read_library(Path(self.settings.site))


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
