"""Settings: `fenghuo.toml`, overridden by `FENGHUO_…` (nested by `__`). All that is wrong is named at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from rules.alerts import Words
from rules.expectations import saying
from rules.fault import ROOT, Fault, Faults, fault
from rules.misfit import Misfit, misfits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "FENGHUO_"
RESERVED = {"TEST_DATA", "CACHE", "CONFIG"}
"""Names that begin with the prefix and are no settings."""

MAX_PORT = 65535
_LISTEN = saying("主机:端口，如 127.0.0.1:8080", "host:port, e.g. 127.0.0.1:8080")
HOST_PORT = _LISTEN["expected"]
TOML = Words(zh="TOML 文件", en="a TOML file")
A_SECTION = Words(zh="这里写成了一节", en="a section")
ONE_VALUE = Words(zh="单个值", en="one value")
A_SECRET = Words(zh="现有的密值（不显示）", en="a secret")
BROKER = Words(zh="sqlite:///PATH 或 kafka://HOST:PORT", en="sqlite:///PATH or kafka://HOST:PORT")
DATABASE = Words(
    zh="sqlite:///PATH 或 postgresql://USER@HOST:PORT/NAME", en="sqlite:///PATH or postgresql://USER@HOST:PORT/NAME"
)
ANOTHER = Words(zh="不同于 console.listen 的地址", en="an address other than that of console.listen")

Seconds = Annotated[float, Meta(gt=0, le=86400)]
Address = Annotated[str, Meta(pattern=r"^[^\s:]+:[0-9]{1,5}$(?!\n)", extra=_LISTEN)]
HttpUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://\S+$",
        extra=saying("网址，如 https://duty.example", "a web address, e.g. https://duty.example"),
    ),
]
Sha256 = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{64}$(?!\n)",
        extra=saying("密钥的 SHA-256，64 位十六进制小写", "the SHA-256 of the key, 64 hex digits"),
    ),
]
WorkerId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.-]{1,64}$(?!\n)",
        extra=saying("至多 64 个字母、数字、_ . -", "up to 64 letters, digits, _ . -"),
    ),
]


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

    id: WorkerId = "worker-1"
    tick_every: Seconds = 60.0
    send_timeout: Seconds = 10.0
    session_timeout: Seconds = 10.0


class ConsoleSettings(_Section, frozen=True, kw_only=True):
    """Where web requests are answered, and how the outside world reaches that place."""

    listen: Address = "127.0.0.1:8080"
    public_url: HttpUrl | None = None

    @property
    def url(self) -> str:
        """Where the outside world reaches us: `public_url`, or else where we listen."""
        return (self.public_url or f"http://{self.listen}").rstrip("/")


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


class BadSettings(Faults):
    """Settings that cannot be used: each fault names file or variable, key, value and what was expected."""


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """Reads the file (which may be absent) and what the environment overrides. Raises `BadSettings`."""
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            wrong = Words(zh=f"无法读作 TOML（{error}）", en=f"text that is not TOML ({error})")
            raise BadSettings([fault(ROOT, wrong, TOML, str(path))]) from None
    origins: dict[str, str] = {}
    faults: list[Fault] = []
    for name, text in environment.items():
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in RESERVED:
            keys = name.removeprefix(PREFIX).lower().split("__")
            if _put(values, keys, text):
                origins[".".join(keys)] = name
            else:
                faults.append(fault(".".join(keys[:-1]), A_SECTION, ONE_VALUE, name))
    settings, found = _judged(values)
    faults += [
        fault(key, A_SECRET if _may_be_secret(key, value) else value, expected, _origin(key, origins, path))
        for key, value, expected in found
    ]
    if faults:
        raise BadSettings(faults)
    base = path.resolve().parent
    return msgspec.structs.replace(
        settings,
        broker=_rooted(settings.broker, base),
        database=_rooted(settings.database, base),
        site=str(base / settings.site),
        data_dir=str(base / settings.data_dir),
    )


def _judged(values: dict[str, Any]) -> tuple[Settings, list[Misfit]]:
    """The settings, without those sections that have faults, and every fault."""
    found = [one._replace(path=one.path.removeprefix("$.")) for one in misfits(values, Settings)]
    wrong = {one.path.partition(".")[0] for one in found}
    settings = msgspec.convert({k: v for k, v in values.items() if k not in wrong}, Settings, strict=False)
    found += [one for one in _faults(settings) if one.path.partition(".")[0] not in wrong]
    return settings, found


def _put(values: dict[str, Any], keys: list[str], text: str) -> bool:
    """Whether the value found its place: what is one value already is no section."""
    section: Any = values
    for key in keys[:-1]:
        section = section.setdefault(key, {})
        if not isinstance(section, dict):
            return False
    section[keys[-1]] = text
    return True


def _origin(key: str, origins: Mapping[str, str], path: Path) -> str:
    """Where a key was said: a section may stand in the environment only by one of its keys."""
    return next((name for said, name in origins.items() if said == key or said.startswith(f"{key}.")), str(path))


def _may_be_secret(key: str, value: object) -> bool:
    """Names that hold secrets, addresses that may carry a password, and whole sections."""
    if isinstance(value, Words):
        return False
    named = ("password", "token", "sha256", "proxy", "heartbeat", "twilio", "api_keys")
    return any(word in key for word in named) or "@" in str(value)


def _faults(settings: Settings) -> Iterator[Misfit]:
    """What the types cannot say."""
    if not settings.broker.startswith(("sqlite:///", "kafka://")) or not _ports_exist(settings.broker):
        yield Misfit("broker", settings.broker, BROKER)
    schemes = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
    if not settings.database.startswith(schemes) or not _ports_exist(settings.database):
        yield Misfit("database", settings.database, DATABASE)
    listening = [(name, getattr(settings, name).listen) for name in ("console", "metrics", "sandbox")]
    yield from (Misfit(f"{name}.listen", at, HOST_PORT) for name, at in listening if not _ports_exist(at))
    if settings.metrics.listen == settings.console.listen:
        yield Misfit("metrics.listen", settings.metrics.listen, ANOTHER)


def _ports_exist(address: str) -> bool:
    """A driver would end with a traceback, and only once it connects."""
    return all(int(port) <= MAX_PORT for port in re.findall(r":([0-9]+)(?=[,;/?]|$)", address))


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
