"""`fenghuo init`, `fenghuo api-key`."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import click

from infra.cli.context import refuse
from infra.site_files import copy_example
from rules.alerts import Words
from rules.fault import ROOT, fault

THERE = Words(zh="已存在", en="what is there already")
NEW_DIRECTORY = Words(zh="新的目录", en="a new directory")


SETTINGS = """\
# 烽火设置 / settings of Fenghuo. Every key may be overridden by FENGHUO_… (nested by __).
site = "site"
broker = "sqlite:///var/broker.db"          # or kafka://host:9092
database = "sqlite:///var/fenghuo.db"       # or postgresql://user@host:5432/name

[console]
listen = "127.0.0.1:8080"
# public_url = "https://duty.example"       # where the SMS provider reaches us, if that is another address

# [twilio]                                  # secrets are better in the environment: FENGHUO_TWILIO__AUTH_TOKEN
# account_sid = ""
# from_number = ""
"""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """新建自己的站点 / make a site of one's own, copied from the example."""
    target = directory / "site"
    try:
        copy_example(target)
    except FileExistsError:
        raise refuse(fault(ROOT, THERE, NEW_DIRECTORY, str(target))) from None
    (directory / "var").mkdir(exist_ok=True)
    settings = directory / "fenghuo.toml"
    if not settings.exists():
        settings.touch(mode=0o600)  # secrets may come to stand in it
        settings.write_text(SETTINGS, encoding="utf-8")
    click.echo(f"{target} 已从示例站点复制 / copied from the example site\n{settings} 设置 / settings")
    click.echo(f"下一步 / next: cd {directory} && fenghuo provision && fenghuo roster import FILE && fenghuo run")


@click.command("api-key")
@click.argument("name")
@click.option("--source", required=True, help="来源 / the source it speaks for")
@click.option("--county", "counties", multiple=True, required=True)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    required=True,
    type=click.Choice(["grain_price", "hazard_report", "disaster_forecast", "large_event"]),
)
def api_key(name: str, source: str, counties: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    """生成接口密钥 / make a key for POST /api/v1/facts; only its SHA-256 belongs into the settings."""
    key = secrets.token_urlsafe(32)
    click.echo(f"密钥（只显示这一次） / the key, shown this once: {key}\n")
    click.echo(f'[api_keys.{name}]\nsha256 = "{hashlib.sha256(key.encode()).hexdigest()}"\nsource = "{source}"')
    click.echo(f"counties = {_toml(counties)}\nkinds = {_toml(kinds)}")


def _toml(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{v}"' for v in values) + "]"


COMMANDS = (init, api_key)
