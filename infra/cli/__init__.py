"""`fenghuo`: the command line. Exit codes: 0 done, 1 the answer is no, 2 wrong use or bad input."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from aiokafka.errors import KafkaError as AioKafkaError
from click.core import ParameterSource
from kafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from infra.cli.alarms import COMMANDS as ALARMS
from infra.cli.backtest import COMMANDS as BACKTEST
from infra.cli.context import Context
from infra.cli.dead_letters import COMMANDS as DEAD_LETTERS
from infra.cli.demo import COMMANDS as DEMO
from infra.cli.drills import COMMANDS as DRILLS
from infra.cli.facts import COMMANDS as FACTS
from infra.cli.incidents import COMMANDS as INCIDENTS
from infra.cli.people import COMMANDS as PEOPLE
from infra.cli.plans import COMMANDS as PLANS
from infra.cli.serving import COMMANDS as SERVING
from infra.cli.site import COMMANDS as SITE
from infra.logs import configure_logging
from infra.settings import BadSettings, load
from responders.migrations import NotMigrated
from rules.alerts import Words
from rules.fault import fault
from rules.yaml_file import BadFiles
from streams.embedded import LogError
from streams.errors import Misconfigured, StreamsError
from streams.producing import NotTaken

A_SETTINGS_FILE = Words(
    zh="现有的设置文件（可用 fenghuo init DIR 新建）", en="a settings file that exists (fenghuo init DIR makes one)"
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=lambda: Path(os.environ.get("FENGHUO_CONFIG", "fenghuo.toml")),
    help="设置文件 / settings file (default: fenghuo.toml here)",
)
@click.pass_context
def fenghuo(context: click.Context, config: Path) -> None:
    """烽火: 县级预警与应急值守 / early warning and emergency duty for a county."""
    named = context.get_parameter_source("config") is ParameterSource.COMMANDLINE or "FENGHUO_CONFIG" in os.environ
    if named and not config.exists():
        raise BadSettings([fault("--config", str(config), A_SETTINGS_FILE)])
    settings = load(config, os.environ)
    serving = context.invoked_subcommand in ("run", "worker", "responder", "console")
    configure_logging(settings.log_level if serving else "error")
    context.obj = Context(settings)
    context.call_on_close(context.obj.close)


for command in (
    *SERVING,
    *SITE,
    *PLANS,
    *FACTS,
    *BACKTEST,
    *PEOPLE,
    *INCIDENTS,
    *ALARMS,
    *DRILLS,
    *DEAD_LETTERS,
    *DEMO,
):
    fenghuo.add_command(command)


def main() -> None:
    """The entry point. Bad input: said once on standard error, exit code 2. A peer that is away: exit code 1."""
    try:
        fenghuo()
    except (BadSettings, BadFiles, Misconfigured, NotMigrated) as bad:
        click.echo(str(bad), err=True)
        sys.exit(2)
    except (SQLAlchemyError, KafkaError, AioKafkaError, StreamsError, NotTaken, LogError, OSError) as away:
        click.echo(f"未完成 / not done: {_plain(away)}", err=True)
        click.echo("请检查: fenghuo doctor / next: fenghuo doctor says what is wrong", err=True)
        sys.exit(1)


def _plain(error: Exception) -> str:
    """The first line of what a client says; a database without tables is said in our words."""
    text = str(getattr(error, "orig", None) or error).strip() or repr(error)
    if "no such table" in text or "does not exist" in text:
        return "数据库尚未建立,请先运行 fenghuo provision / the database is not made yet: run fenghuo provision first"
    if "address already in use" in text:
        return f"端口被占用 / the port is taken: {text.splitlines()[0]} (console.listen, sandbox.listen)"
    return text.splitlines()[0]
