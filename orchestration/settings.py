"""Every setting, validated, read from the environment in one place."""

import os
import re
import unicodedata
from collections.abc import Mapping
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyAddress,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from agents.models.settings import ModelSettings, paired
from knowledge import KnowledgeSettings
from orchestration.durability import LOCAL, Durability
from orchestration.errors import ConfigurationError


def _default_data_folder() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "roundtable"


MOST_SHARDS = 256
Weight = Annotated[float, Field(ge=0.01, le=100)]
_NAME = re.compile(r"[^\W_][\w.\-+@]*")


def _weights(value: object) -> object:
    """By person or role, in the one spelling that either has; what is no name is a slip, and would weigh nothing."""
    found = paired(value)
    if not isinstance(value, str) or not isinstance(found, dict):
        return found
    folded = {_folded(name): given for name, given in found.items()}
    if len(folded) < len(found):
        raise ValueError("a name stands in it twice")
    if not all(_NAME.fullmatch(name) for name in folded):
        raise ValueError("names begin with a letter or a digit and have only letters, digits and . _ - + @ in them")
    return folded


def _folded(name: str) -> str:
    """As people are called (people/names.py)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _slots(value: object) -> object:
    if isinstance(value, str) and value != "auto" and not re.fullmatch(r"\s*[+-]?\d+\s*", value):
        raise ValueError('it is a number, or "auto"')
    return value


class RunSettings(BaseModel):
    """How long things about a run may take and are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease_seconds: float = Field(10.0, gt=0.1, le=600)
    """Within this time the work of a process that died is in other hands."""
    deadline_seconds: float = Field(120.0, gt=0, le=86_400)
    """A run that is not answered this long after it was accepted ends, with what was found until then."""
    step_seconds: float = Field(60.0, gt=0, le=86_400)
    """An agent may work this long on one step, from when it began."""
    retention_hours: float = Field(168.0, gt=0, le=87_600)
    """A finished run and its events are kept this long."""
    slots: Annotated[Annotated[int, Field(ge=1, le=1_024)] | Literal["auto"], BeforeValidator(_slots)] = 8
    """Steps that one process works on at the same time; "auto": as many as the machine has time for."""
    places: int = Field(64, ge=1, le=10_000)
    """Runs that are worked on at the same time, in all processes together."""
    waiting: int = Field(200, ge=0, le=100_000)
    """Further runs that may wait for a place; one more is refused."""
    run_steps: int = Field(8, ge=1, le=1_024)
    """Steps of one run that are in workers' hands, or on their way to them, at the same time."""
    weights: Annotated[Mapping[str, Weight], BeforeValidator(_weights)] = {}
    """By person or role: how much sooner than others' their questions begin where some have to wait."""
    shards: int = Field(1, ge=1, le=MOST_SHARDS)
    """Parts into which all runs are divided, so that they may lie on several servers of a cluster."""

    @property
    def places_in_shard(self) -> int:
        """The share of one shard, rounded up."""
        return -(-self.places // self.shards)

    @property
    def waiting_in_shard(self) -> int:
        """The share of one shard, rounded up."""
        return -(-self.waiting // self.shards)

    @property
    def lease_ms(self) -> int:
        """How long a hold lasts without renewal: less than the lease, so that there is time to notice within it."""
        return int(self.lease_seconds * 750)

    @property
    def renew_seconds(self) -> float:
        """Holds are renewed this often: two renewals in a row may be lost."""
        return self.lease_seconds / 4

    @property
    def look_seconds(self) -> float:
        """Lost work is looked for this often."""
        return min(1.0, self.lease_seconds / 8)

    @property
    def step_ms(self) -> int:
        return int(self.step_seconds * 1000)

    @property
    def retention_ms(self) -> int:
        return int(self.retention_hours * 3_600_000)


_HEADER = re.compile(r"[a-z0-9-]+", re.IGNORECASE)


class WebSettings(BaseModel):
    """Where the chat is served, and how people come to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int = Field(8000, ge=1, le=65_535)
    listen: IPvAnyAddress | None = None
    """The address to listen on; without one it is loopback, in both families."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Where reverse proxies are that say the truth about https, and about whom they speak for."""
    proxy_header: str = ""
    """The header in which they name the person; empty where they do not."""
    hosts: tuple[str, ...] = ()
    """Further host names the page may be asked for, beside localhost and 127.0.0.1."""

    @property
    def beyond_loopback(self) -> bool:
        """Whether others than this machine may reach it."""
        return self.listen is not None and not self.listen.is_loopback

    @field_validator("hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @field_validator("hosts")
    @classmethod
    def _names_only(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in "".join(hosts):
            raise ValueError("a wildcard would let any web site talk to the chat; name each host")
        return tuple(host.lower() for host in hosts)

    @field_validator("trusted_proxies")
    @classmethod
    def _not_everybody(cls, proxies: tuple[IPvAnyNetwork, ...]) -> tuple[IPvAnyNetwork, ...]:
        if any(ip_network(proxy).prefixlen == 0 for proxy in proxies):
            raise ValueError("every address would be trusted; name the proxy's")
        return proxies

    @field_validator("proxy_header")
    @classmethod
    def _from_somebody(cls, header: str, info: ValidationInfo) -> str:
        if header and not _HEADER.fullmatch(header):
            raise ValueError("it is not the name of a header")
        if header and not info.data.get("trusted_proxies"):
            raise ValueError("it needs ROUNDTABLE_TRUSTED_PROXIES, the addresses from which it is believed")
        return header.lower()


class MetricsSettings(BaseModel):
    """Where a worker process shows what it measures; the chat's process shows it beside the chat."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int | None = Field(None, ge=1, le=65_535)
    """Without one nothing is shown."""
    host: IPvAnyAddress = IPv4Address("127.0.0.1")
    """The address to listen on."""


class HistorySettings(BaseModel):
    """How long conversations are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: float | None = Field(None, gt=0, le=36_500)
    """One in which nothing has happened for so long is deleted; without it, only what a person deletes is."""


class Settings(BaseModel):
    """All settings of one process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(default_factory=_default_data_folder)
    redis_url: SecretStr | None = None
    signing_keys: Path | None = None
    """The file with the keys that messages between processes are signed with; without one nothing is signed."""
    durability: Durability = LOCAL
    run: RunSettings = RunSettings()
    web: WebSettings = WebSettings()
    metrics: MetricsSettings = MetricsSettings()
    history: HistorySettings = HistorySettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    models: ModelSettings = ModelSettings()


ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "ROUNDTABLE_DATA": ("data",),
    "REDIS_URL": ("redis_url",),
    "ROUNDTABLE_SIGNING_KEYS": ("signing_keys",),
    "ROUNDTABLE_REDIS_REPLICAS": ("durability", "replicas"),
    "ROUNDTABLE_REDIS_FSYNC": ("durability", "disk"),
    "PORT": ("web", "port"),
    "ROUNDTABLE_LISTEN": ("web", "listen"),
    "ROUNDTABLE_HOSTS": ("web", "hosts"),
    "ROUNDTABLE_PROXY_HEADER": ("web", "proxy_header"),
    "ROUNDTABLE_TRUSTED_PROXIES": ("web", "trusted_proxies"),
    "ROUNDTABLE_METRICS_PORT": ("metrics", "port"),
    "ROUNDTABLE_METRICS_HOST": ("metrics", "host"),
    "ROUNDTABLE_LEASE_SECONDS": ("run", "lease_seconds"),
    "ROUNDTABLE_DEADLINE_SECONDS": ("run", "deadline_seconds"),
    "ROUNDTABLE_STEP_SECONDS": ("run", "step_seconds"),
    "ROUNDTABLE_RETENTION_HOURS": ("run", "retention_hours"),
    "ROUNDTABLE_HISTORY_DAYS": ("history", "days"),
    "ROUNDTABLE_MODEL": ("models", "model"),
    "ROUNDTABLE_MODEL_BASE_URL": ("models", "base_url"),
    "ROUNDTABLE_AGENT_MODELS": ("models", "agents"),
    "ROUNDTABLE_MODELS": ("models", "offered"),
    "ROUNDTABLE_MODEL_FALLBACKS": ("models", "fallbacks"),
    "ROUNDTABLE_MODEL_PRICES": ("models", "prices"),
    "ROUNDTABLE_MODEL_SECONDS": ("models", "seconds"),
    "ROUNDTABLE_TASK_TOKENS": ("models", "task_tokens"),
    "ROUNDTABLE_TASK_CALLS": ("models", "task_calls"),
    "ROUNDTABLE_MCP": ("models", "servers"),
    "ROUNDTABLE_SLOTS": ("run", "slots"),
    "ROUNDTABLE_PLACES": ("run", "places"),
    "ROUNDTABLE_WAITING": ("run", "waiting"),
    "ROUNDTABLE_RUN_STEPS": ("run", "run_steps"),
    "ROUNDTABLE_WEIGHTS": ("run", "weights"),
    "ROUNDTABLE_SHARDS": ("run", "shards"),
    "ROUNDTABLE_MAX_FILE_MEGABYTES": ("knowledge", "max_file_megabytes"),
    "ROUNDTABLE_MAX_PAGES": ("knowledge", "max_pages"),
    "ROUNDTABLE_READING_SECONDS": ("knowledge", "reading_seconds"),
    "ROUNDTABLE_READING_MEGABYTES": ("knowledge", "reading_megabytes"),
}
"""Name in the environment -> place in Settings."""
_WITH_PASSWORDS = ("REDIS_URL", "ROUNDTABLE_MODEL_BASE_URL")
_PATHS = ("ROUNDTABLE_DATA", "ROUNDTABLE_SIGNING_KEYS")
"""Those that may begin with ~."""


def read_settings(environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")) -> Settings:
    """Read the settings from the environment, and from a `.env` file for what the environment leaves out.

    Raises ConfigurationError with one sentence that names the variable.
    """
    kept = {key: value for key, value in dotenv_values(dotenv).items() if value} if dotenv else {}
    given: dict[str, str] = {**kept, **(os.environ if environ is None else environ)}
    _refuse_unknown(given)
    nested: dict[str, object] = {}
    for name, path in ENVIRONMENT.items():
        if value := given.get(name, ""):
            target = nested
            for part in path[:-1]:
                inner = target.setdefault(part, {})
                assert isinstance(inner, dict)
                target = inner
            target[path[-1]] = Path(value).expanduser() if name in _PATHS else value
    try:
        settings = Settings.model_validate(nested)
    except ValidationError as error:
        first = error.errors()[0]
        name = next((n for n, path in ENVIRONMENT.items() if path == first["loc"][: len(path)]), "a setting")
        said = first["msg"].removeprefix("Value error, ")
        # An address may carry a password, and a mistyped one has it anywhere.
        told = "" if name in _WITH_PASSWORDS else f" (it is {first['input']!r})"
        raise ConfigurationError(f"{name} is not usable: {said}{told}.") from None
    if settings.durability.replicas and settings.redis_url is None:
        raise ConfigurationError("ROUNDTABLE_REDIS_REPLICAS needs REDIS_URL: the embedded Redis has no replicas.")
    return settings


def make_data_folder(data: Path) -> None:
    """Make the data folder, for nobody else to look into; raises ConfigurationError when that cannot be done."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The folder may have been there before, for others to read; what people's documents say is not for them.
        knowledge = data / "knowledge"
        knowledge.mkdir(mode=0o700, exist_ok=True)
        knowledge.chmod(0o700)
    except OSError as error:
        raise ConfigurationError(f"The data folder {data} cannot be used: {error.strerror}.") from None


def _refuse_unknown(given: Mapping[str, str]) -> None:
    unknown = sorted(n for n in given if n.startswith("ROUNDTABLE_") and n not in ENVIRONMENT)
    if unknown:
        known = ", ".join(n for n in ENVIRONMENT if n.startswith("ROUNDTABLE_"))
        raise ConfigurationError(f"{unknown[0]} is not a setting of Roundtable; there are {known}.")
