"""`fenghuo run | worker | responder | console | sandbox | provision | doctor`."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import click

from infra import clock
from infra.cli.context import Context, json_option, pass_context, print_json
from infra.doctor import examine
from infra.processes import EVERYTHING, Parts, run
from infra.sandbox import serve_sandbox
from infra.settings import make_directories
from infra.wiring import stream_settings
from responders.migrations import migrate
from responders.store import Store
from streams.provision import provision

PROVISIONED = {
    "created": "已建立 created",
    "kept": "无须改动 kept",
    "changed": "已调整 changed",
    "missing": "缺少 missing",
    "differs": "不一致 differs",
}
"""What became of a topic, or what is to be done."""


def _serving(name: str, parts: Parts, text: str) -> click.Command:
    @click.command(name, help=text)
    @pass_context
    def command(context: Context) -> None:
        sys.exit(asyncio.run(run(context.settings, parts, stopping=_exit_within)))

    return command


def _exit_within(seconds: float = 20.0) -> None:
    """A thread that hangs (a frozen database) may not keep a process from ending: it would never be restarted."""
    deadline = threading.Timer(seconds, os._exit, [1])
    deadline.daemon = True
    deadline.start()


@click.command("provision")
@click.option("--check", is_flag=True, help="只检查 / only say what would be done; exit code 1 where something is")
@json_option
@pass_context
def provision_command(context: Context, *, check: bool, as_json: bool) -> None:
    """建立并核对主题与数据库 / create and check topics and the database."""
    done = provision(stream_settings(context.settings, context.library), check=check)
    if not check:
        _migrate(context)
    if as_json:
        print_json(topic._asdict() for topic in done)
    else:
        for topic in done:
            click.echo(f"{PROVISIONED[topic.action]:<14} {topic.topic} {topic.detail}".rstrip())
        if not check:
            click.echo("数据库已就绪 / the database is ready")
    if check and any(topic.action in ("missing", "differs") for topic in done):
        sys.exit(1)


def _migrate(context: Context) -> None:
    make_directories(context.settings)
    store = Store(context.settings.database)
    try:
        migrate(store)
    finally:
        store.close()


@click.command("doctor")
@json_option
@pass_context
def doctor(context: Context, *, as_json: bool) -> None:
    """逐项检查本安装 / examine this installation: what is wrong, and what to do next."""
    findings = asyncio.run(examine(context.settings, context.in_force))
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            click.echo(f"{'✓' if finding.well else '✗'} {finding.what.zh} / {finding.what.en}: {finding.detail}")
    sys.exit(0 if all(finding.well for finding in findings) else 1)


@click.command("sandbox")
@pass_context
def sandbox(context: Context) -> None:
    """沙盒电话网（非真实短信） / the sandbox phone network: no real texts."""
    asyncio.run(serve_sandbox(context.settings, clock.utc_now))


COMMANDS = (
    _serving("run", EVERYTHING, "全部在一个进程中运行 / everything in one process (the default for a small county)"),
    _serving("worker", Parts(worker=True), "流处理 / one stream worker"),
    _serving("responder", Parts(responder=True), "呼叫值班人员 / the pager, escalation and audit"),
    _serving("console", Parts(console=True), "网络接口 / facts over HTTP, the provider's webhooks"),
    provision_command,
    doctor,
    sandbox,
)
