"""A command without help or a setting without its line in the documents fails the suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
import pytest

from infra.cli import fenghuo
from infra.settings import ApiKeySettings, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BOOKS = "\n".join(p.read_text(encoding="utf-8") for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def commands(group: click.Group, path: str = "fenghuo") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def settings(kind: type[msgspec.Struct], path: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from settings(field.type, f"{path}{field.name}.")
        elif field.name != "api_keys":
            yield f"{path}{field.name}"


@pytest.mark.parametrize(("name", "command"), list(commands(fenghuo)))
def test_every_command_says_what_it_is_in_both_languages_and_is_in_the_documents(
    name: str, command: click.Command
) -> None:
    """Chinese first, English beside."""
    assert command.help, name
    assert any("\u4e00" <= character <= "\u9fff" for character in command.help), name
    assert name in BOOKS, f"{name} is in no document"


@pytest.mark.parametrize("name", [*settings(Settings), *settings(ApiKeySettings, "api_keys.NAME.")])
def test_every_setting_is_in_the_documents(name: str) -> None:
    """docs/operating.md lists it."""
    assert f"`{name}`" in BOOKS


def test_the_pictures_of_states_are_those_of_the_tables() -> None:
    """docs/states.md is what scripts/draw-states writes."""
    drawn = subprocess.run(
        [sys.executable, ROOT / "scripts" / "draw-states", "--check"], capture_output=True, text=True, check=False
    )
    assert (drawn.returncode, drawn.stdout, drawn.stderr) == (0, "", "")
