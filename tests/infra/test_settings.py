"""Settings: one message naming the file, the key, the value and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra import settings

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_file_the_embedded_broker_and_sqlite_beside_it_are_used(tmp_path: Path) -> None:
    """The smallest installation needs no settings at all."""
    found = settings.load(tmp_path / "fenghuo.toml", {})
    assert found.broker == f"sqlite:///{tmp_path}/var/broker.db"
    assert found.database == f"sqlite:///{tmp_path}/var/fenghuo.db"
    assert found.site == f"{tmp_path}/site"


def test_unless_told_otherwise_the_world_reaches_us_where_we_listen(tmp_path: Path) -> None:
    """One setting moves both; behind a proxy they are two."""
    moved = {"FENGHUO_CONSOLE__LISTEN": "127.0.0.1:18080"}
    assert settings.load(tmp_path / "fenghuo.toml", moved).console.url == "http://127.0.0.1:18080"
    behind = moved | {"FENGHUO_CONSOLE__PUBLIC_URL": "https://duty.example/"}
    assert settings.load(tmp_path / "fenghuo.toml", behind).console.url == "https://duty.example"


def test_the_environment_overrides_the_file_and_nests_by_two_underscores(tmp_path: Path) -> None:
    """`FENGHUO_KAFKA__PARTITIONS` is `kafka.partitions`."""
    file = tmp_path / "fenghuo.toml"
    file.write_text('broker = "kafka://a:9092"\n[kafka]\npartitions = 3\nreplication = 2\n')
    found = settings.load(file, {"FENGHUO_KAFKA__PARTITIONS": "4", "OTHER": "x"})
    assert (found.broker, found.kafka.partitions, found.kafka.replication) == ("kafka://a:9092", 4, 2)


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        (
            "[kafka]\npartitions = 0\n",
            {},
            ("{file} kafka.partitions: 得到 0，应为 1 至 1000 的整数 (got 0, expected a whole number from 1 to 1000)"),
        ),
        (
            "",
            {"FENGHUO_KAFKA__SECURITY_PROTOCOL": "TLS"},
            (
                "FENGHUO_KAFKA__SECURITY_PROTOCOL kafka.security_protocol: 得到 'TLS'，应为 PLAINTEXT | "
                "SASL_PLAINTEXT | SASL_SSL | SSL (got 'TLS', expected PLAINTEXT | SASL_PLAINTEXT | "
                "SASL_SSL | SSL)"
            ),
        ),
        (
            'broker = "redis://x"',
            {},
            (
                "{file} broker: 得到 'redis://x'，应为 sqlite:///PATH 或 kafka://HOST:PORT (got "
                "'redis://x', expected sqlite:///PATH or kafka://HOST:PORT)"
            ),
        ),
        (
            "",
            {"FENGHUO_DATABASE": "mysql://x"},
            (
                "FENGHUO_DATABASE database: 得到 'mysql://x'，应为 sqlite:///PATH 或 "
                "postgresql://USER@HOST:PORT/NAME (got 'mysql://x', expected sqlite:///PATH or "
                "postgresql://USER@HOST:PORT/NAME)"
            ),
        ),
        (
            "brokr = 1",
            {},
            (
                "{file} brokr: 多出此项，应为 broker | database | site | data_dir | kafka | worker | "
                "console | metrics | twilio | heartbeat | alarms | sandbox | api_keys | log_level (got "
                "this field, expected broker | database | site | data_dir | kafka | worker | console | "
                "metrics | twilio | heartbeat | alarms | sandbox | api_keys | log_level)"
            ),
        ),
        (
            "[console]\nlisten = '127.0.0.1:8081'",
            {},
            (
                "{file} metrics.listen: 得到 '127.0.0.1:8081'，应为不同于 console.listen 的地址 (got "
                "'127.0.0.1:8081', expected an address other than that of console.listen)"
            ),
        ),
        (
            "[console]\nlisten = 'here'",
            {},
            (
                "{file} console.listen: 得到 'here'，应为主机:端口，如 127.0.0.1:8080 (got 'here', "
                "expected host:port, e.g. 127.0.0.1:8080)"
            ),
        ),
        (
            "",
            {"FENGHUO_KAFKA": "x"},
            "FENGHUO_KAFKA kafka: 得到 'x'，应为“键: 值”形式的映射 (got 'x', expected a mapping)",
        ),
        (
            "[twilio]\nauth_token = 3.5",
            {},
            "{file} twilio.auth_token: 现有的密值（不显示），应为文字 (got a secret, expected text)",
        ),
        (
            "[api_keys.office]\nsha256 = 'zz'\nsource = 's'\ncounties = []\nkinds = []",
            {},
            (
                "{file} api_keys.office.sha256: 现有的密值（不显示），应为密钥的 SHA-256，64 位十六进制小写"
                " (got a secret, expected the SHA-256 of the key, 64 hex digits)"
            ),
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, environment: dict[str, str], said: str) -> None:
    """Whole sentences: where, which key, what was there, what was expected; a secret is never shown."""
    file = tmp_path / "fenghuo.toml"
    file.write_text(text)
    with pytest.raises(settings.BadSettings) as bad:
        settings.load(file, environment)
    assert str(bad.value) == said.format(file=file)


def test_text_that_is_no_toml_is_named(tmp_path: Path) -> None:
    """A broken file is one message too."""
    file = tmp_path / "fenghuo.toml"
    file.write_text("broker = ")
    with pytest.raises(
        settings.BadSettings,
        match=r"fenghuo\.toml: 无法读作 TOML（.*），应为 TOML 文件 \(got text that is not TOML \(.*\), expected a TOML",
    ):
        settings.load(file, {})


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    """In the file and in the environment, of shape and of sense."""
    file = tmp_path / "fenghuo.toml"
    file.write_text('brokr = 1\nlog_level = "loud"\ndatabase = "postgresql://db:99999/x"\n[worker]\ntick_every = 0\n')
    environment = {
        "FENGHUO_KAFKA__PARTITIONS": "many",
        "FENGHUO_LOG_LEVEL__ROOT": "x",
        "FENGHUO_BROKER": "kafka://a:0x",
    }
    with pytest.raises(settings.BadSettings) as bad:
        settings.load(file, environment)
    assert [(one.file, one.path) for one in bad.value.faults] == [
        ("FENGHUO_LOG_LEVEL__ROOT", "log_level"),
        ("FENGHUO_KAFKA__PARTITIONS", "kafka.partitions"),
        (str(file), "worker.tick_every"),
        (str(file), "log_level"),
        (str(file), "brokr"),
        (str(file), "database"),
    ]


@pytest.mark.parametrize("port", [65536, 99999])
def test_a_port_that_does_not_exist_is_named_and_no_traceback(tmp_path: Path, port: int) -> None:
    """A driver would find out only once it connects. What may hold a password is not shown."""
    expected = "应为 sqlite:///PATH 或 postgresql://USER@HOST:PORT/NAME"
    english = "expected sqlite:///PATH or postgresql://USER@HOST:PORT/NAME"
    with pytest.raises(settings.BadSettings) as bad:
        settings.load(tmp_path / "fenghuo.toml", {"FENGHUO_DATABASE": f"postgresql://me:secret@db:{port}/fenghuo"})
    assert str(bad.value) == f"FENGHUO_DATABASE database: 现有的密值（不显示），{expected} (got a secret, {english})"
