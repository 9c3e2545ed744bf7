"""`fenghuo demo`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from pathlib import Path

import click

from infra.cli.context import refuse
from infra.demo import Demonstration, NotPlayable, prepare
from infra.logs import configure_logging


@click.command("demo")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="价格文件 / a price file, e.g. of WFP",
)
def demo(data: Path | None) -> None:
    """演示：一季粮价，直到有人被呼叫 / a season of prices until somebody is paged and answers."""
    configure_logging("warning")
    interactive = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("CI") != "true"
    with tempfile.TemporaryDirectory(prefix="fenghuo-demo-", ignore_cleanup_errors=True) as directory:
        try:
            script = prepare(data, Path(directory))
        except NotPlayable as bad:
            raise refuse(str(bad)) from None
        click.echo(script.introduction)
        demonstration = Demonstration(script, Path(directory), click.echo, interactive=interactive)
        with contextlib.suppress(KeyboardInterrupt):
            sys.exit(asyncio.run(demonstration.play(lambda: interactive)))


COMMANDS = (demo,)
