"""Settings: `fenghuo.toml`, overridden by `FENGHUO_…` (nested by `__`). A wrong one is named with what was expected."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "FENGHUO_"
RESERVED = {"TEST_DATA", "CACHE", "CONFIG"}
"""Names that begin with the prefix and are no settings."""

Seconds = Annotated[float, Meta(gt=0, le=86400)]
Address = Annotated[str, Meta(pattern=r"^[^\s:]+:\d{1,5}$")]
HttpUrl = Annotated[str, Meta(pattern=r"^https?://\S+$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class KafkaSettings(_Section, frozen=True, kw_only=True):
    """How a Kafka broker is reached and its topics are made."""

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str = ""
    sasl_password: str = ""
    ssl_cafile: str = ""
    ssl_certfile: str = ""
    ssl_keyfile: str = ""
    partitions: Annotated[int, Meta(ge=1, le=1000)] = 12
    replication: Annotated[int, Meta(ge=1, le=9)] = 1
    retention_days: Annotated[int, Meta(ge=1)] = 365


class WorkerSettings(_Section, frozen=True, kw_only=True):
    """One stream worker."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = "worker-1"
    tick_every: Seconds = 60.0
    send_timeout: Seconds = 10.0
    session_timeout: Seconds = 10.0


class ConsoleSettings(_Section, frozen=True, kw_only=True):
    """Where web requests are answered, and how the outside world reaches that place."""

    listen: Address = "127.0.0.1:8080"
    public_url: HttpUrl = "http://127.0.0.1:8080"


class MetricsSettings(_Section, frozen=True, kw_only=True):
    """Where Prometheus reads `/metrics`: an address of its own, on loopback unless told otherwise."""

    listen: Address = "127.0.0.1:8081"


class TwilioSettings(_Section, frozen=True, kw_only=True):
    """The SMS provider. `api_base` empty is Twilio's own."""

    account_sid: str = ""
    auth_token: str = ""
    from_number: str = ""
    api_base: str = ""
    proxy: str = ""
    timeout: Seconds = 10.0


class HeartbeatSettings(_Section, frozen=True, kw_only=True):
    """An outside watch that is told each minute that all is well, and alarms when it hears nothing."""

    url: str = ""


class AlarmSettings(_Section, frozen=True, kw_only=True):
    """What people may do about alarms."""

    longest_shelf_hours: Annotated[float, Meta(gt=0, le=168)] = 24.0


class ApiKeySettings(_Section, frozen=True, kw_only=True):
    """One key for `POST /api/v1/facts`, kept as its SHA-256."""

    sha256: Sha256
    source: str
    counties: list[str]
    kinds: list[Literal["grain_price", "hazard_report", "disaster_forecast", "large_event"]]


class SandboxSettings(_Section, frozen=True, kw_only=True):
    """The sandbox phone network."""

    listen: Address = "127.0.0.1:8090"


class Settings(_Section, frozen=True, kw_only=True):
    """All settings of one installation. Relative paths start at the settings file's own directory."""

    broker: str = "sqlite:///var/broker.db"
    database: str = "sqlite:///var/fenghuo.db"
    site: str = "site"
    data_dir: str = "var"
    kafka: KafkaSettings = KafkaSettings()
    worker: WorkerSettings = WorkerSettings()
    console: ConsoleSettings = ConsoleSettings()
    metrics: MetricsSettings = MetricsSettings()
    twilio: TwilioSettings = TwilioSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    alarms: AlarmSettings = AlarmSettings()
    sandbox: SandboxSettings = SandboxSettings()
    api_keys: dict[str, ApiKeySettings] = {}
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class BadSettings(ValueError):
    """One message that names file, key, value and what was expected."""


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """Reads the file (which may be absent) and what the environment overrides. Raises `BadSettings`."""
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSettings(f"{path}: got text that is not TOML ({error}), expected a TOML file") from None
    origins: dict[str, str] = {}
    for name, text in environment.items():
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in RESERVED:
            keys = name.removeprefix(PREFIX).lower().split("__")
            _put(values, keys, text, name)
            origins[".".join(keys)] = name
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise BadSettings(_explain(str(error), values, path, origins)) from None
    for key, value, expected in _faults(settings):
        shown = "a secret" if _may_be_secret(key, value) else repr(value)
        raise BadSettings(f"{origins.get(key, path)}: {key}: got {shown}, expected {expected}")
    base = path.resolve().parent
    return msgspec.structs.replace(
        settings,
        broker=_rooted(settings.broker, base),
        database=_rooted(settings.database, base),
        site=str(base / settings.site),
        data_dir=str(base / settings.data_dir),
    )


def _put(values: dict[str, Any], keys: list[str], text: str, name: str) -> None:
    for key in keys[:-1]:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise BadSettings(f"{name}: got a section, expected {key} to be one value")
    values[keys[-1]] = text


def _explain(message: str, values: Any, path: Path, origins: Mapping[str, str]) -> str:
    text, _, at = message.partition(" - at `$")
    key = at.rstrip("`").lstrip(".").replace("api_keys[...]", f"api_keys.{_wrong_key(values)}")
    if text.startswith("Object contains unknown field"):
        key = ".".join(filter(None, [key, text.split("`")[1]]))
        return f"{_origin(key, origins, path)}: {key}: got a setting that does not exist, expected a documented one"
    if text.startswith("Object missing required field"):
        key = ".".join(filter(None, [key, text.split("`")[1]]))
        return f"{origins.get(key, path)}: {key}: got nothing, expected a value"
    value: Any = values
    for step in key.replace("[", ".").replace("]", "").split("."):
        value = value.get(step, "?") if isinstance(value, dict) else value
    shown = "a secret" if _may_be_secret(key, value) else repr(value)
    return f"{origins.get(key, path)}: {key}: got {shown}, expected {_expected(text, key)}"


def _origin(key: str, origins: Mapping[str, str], path: Path) -> str:
    """Where a key was said: a section may stand in the environment only by one of its keys."""
    return next((name for said, name in origins.items() if said == key or said.startswith(f"{key}.")), str(path))


def _may_be_secret(key: str, value: object) -> bool:
    """Names that hold secrets, addresses that may carry a password, and whole sections."""
    named = ("password", "token", "sha256", "proxy", "heartbeat", "twilio", "api_keys")
    return any(word in key for word in named) or "@" in str(value)


def _wrong_key(values: Any) -> str:
    """Msgspec does not say in which entry of a mapping the fault is."""
    for name, section in (values.get("api_keys") or {}).items():
        try:
            msgspec.convert(section, ApiKeySettings, strict=False)
        except msgspec.ValidationError:
            return str(name)
    return "?"


def _expected(text: str, key: str) -> str:
    if text.startswith("Invalid enum value"):
        section, _, name = key.rpartition(".")
        holder: Any = Settings
        for part in filter(None, section.split(".")):
            holder = next(f.type for f in msgspec.structs.fields(holder) if f.name == part)
        field = next((f for f in msgspec.structs.fields(holder) if f.name == name), None)
        return " | ".join(map(str, get_args(field.type))) if field else "one of the documented values"
    if "0-9a-f" in text:
        return "the SHA-256 of the key, 64 hex digits"
    if r"\d{1,5}" in text:
        return "host:port, e.g. 127.0.0.1:8080"
    if "https?" in text:
        return "a web address, e.g. https://duty.example"
    return text.removeprefix("Expected ").split(", got ")[0]


def _faults(settings: Settings) -> list[tuple[str, str, str]]:
    found = []
    if not settings.broker.startswith(("sqlite:///", "kafka://")):
        found.append(("broker", settings.broker, "sqlite:///PATH or kafka://HOST:PORT"))
    if not settings.database.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        found.append(("database", settings.database, "sqlite:///PATH or postgresql://USER@HOST:PORT/NAME"))
    if settings.metrics.listen == settings.console.listen:
        found.append(("metrics.listen", settings.metrics.listen, "an address other than that of console.listen"))
    return found


def _rooted(url: str, base: Path) -> str:
    if not url.startswith("sqlite:///") or url.startswith("sqlite:////"):
        return url
    return f"sqlite:///{base / url.removeprefix('sqlite:///')}"


def make_directories(settings: Settings) -> None:
    """The directories in which the installation's files lie."""
    Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
    for url in (settings.broker, settings.database):
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
