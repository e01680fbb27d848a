"""Which language models are to be used, as the operator says it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

PROVIDERS = ("openai", "anthropic", "ollama", "google", "mistral", "local")


def _known(name: str) -> str:
    provider, _, model = name.partition(":")
    if provider not in PROVIDERS or not model:
        known = ", ".join(f"{provider}:" for provider in PROVIDERS)
        raise ValueError(f"a model is written as provider:name, with one of {known}")
    return name


def _listed(value: object) -> object:
    """`a, b` in the environment."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def paired(value: object) -> object:
    """`a=x, b=y` in the environment."""
    if not isinstance(value, str):
        return value
    pairs = [part.rpartition("=") for part in value.split(",") if part.strip()]
    if any(not separator for _, separator, _ in pairs):
        raise ValueError("it is written as name=value, separated by commas")
    found = {name.strip(): given.strip() for name, _, given in pairs}
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice")
    return found


class Price(BaseModel):
    """Of a million tokens, in whatever currency the operator reckons in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens_in: float = Field(ge=0, allow_inf_nan=False)
    tokens_out: float = Field(ge=0, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """`0.15/0.60` in the environment."""
        if not isinstance(value, str):
            return value
        price_in, _, price_out = value.partition("/")
        return {"tokens_in": price_in, "tokens_out": price_out}

    def of(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6


ModelName = Annotated[str, AfterValidator(_known)]
ModelNames = Annotated[tuple[ModelName, ...], BeforeValidator(_listed)]


def _address(given: SecretStr) -> SecretStr:
    """What is wrong is said without repeating any of it."""
    try:
        parts = urlsplit(given.get_secret_value())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("it is not an address such as http://127.0.0.1:8080/v1")
    return given


class ModelSettings(BaseModel):
    """Without a model everything is answered without one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelName | None = None
    """Speaks for every agent that has none of its own, plans and writes."""
    base_url: Annotated[SecretStr, AfterValidator(_address)] | None = None
    """Where `openai:` models are, if not at the provider: it may carry a password."""
    agents: Annotated[Mapping[str, ModelName], BeforeValidator(paired)] = {}
    """The model of an agent, by the agent's name."""
    offered: ModelNames = ()
    """What whoever asks may choose."""
    fallbacks: ModelNames = ()
    """Asked in this order where a model does not answer."""
    prices: Annotated[Mapping[str, Price], BeforeValidator(paired)] = {}
    """By the model's name."""
    task_tokens: int = Field(150_000, ge=0, le=100_000_000)
    """In and out, that all models together may be asked for one task."""
    task_calls: int = Field(40, ge=0, le=10_000)
    """How often they may be asked for one task."""
    servers: Path | None = None
    """A file that says which MCP servers' tools they may want to be called."""
    seconds: float = Field(30.0, gt=0, le=3_600)
    """A model that is silent for so long counts as failed."""

    def names(self, own: Mapping[str, str]) -> tuple[str, ...]:
        """Every model that may be asked, each once; `own` are those of the catalog's agents."""
        named = (self.model or "", *self.agents.values(), *own.values(), *self.offered, *self.fallbacks)
        return tuple(dict.fromkeys(filter(None, named)))
