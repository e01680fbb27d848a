"""The providers of language models, and how langchain makes a model of each."""

import importlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isawaitable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agents.errors import ModelMisconfigured
from agents.models.settings import ModelSettings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

NO_KEY = "none"
"""For servers that want none, where the library does."""


@dataclass(frozen=True)
class Provider:
    """Whose models langchain can ask, and what it needs for that."""

    name: str
    """As langchain calls it; empty where it does not know it."""
    package: str
    extra: str
    """Of Roundtable; it installs the package."""
    key: str = ""
    """The variable with the key; empty where there is none."""
    limit: str = "max_tokens"
    """The parameter for the longest reply, in tokens."""
    retries: Mapping[str, int] | None = None
    """What keeps the library from trying again by itself."""
    host: str = ""
    """Where its library sends what is asked."""
    elsewhere: tuple[str, ...] = ()
    """Variables of its library that say another place; the first that is set counts."""
    endings: tuple[str, ...] = ()
    """What closes the connections of langchain's model."""


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(
        "openai",
        "langchain_openai",
        "openai",
        "OPENAI_API_KEY",
        retries={"max_retries": 0},
        host="api.openai.com",
        elsewhere=("OPENAI_API_BASE", "OPENAI_BASE_URL"),
        endings=("http_async_client.aclose",),
    ),
    "anthropic": Provider(
        "anthropic",
        "langchain_anthropic",
        "anthropic",
        "ANTHROPIC_API_KEY",
        retries={"max_retries": 0},
        host="api.anthropic.com",
        elsewhere=("ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL"),
        endings=("_async_client.close",),
    ),
    "ollama": Provider(
        "ollama",
        "langchain_ollama",
        "ollama",
        limit="num_predict",
        host="127.0.0.1",
        elsewhere=("OLLAMA_HOST",),
        endings=("_async_client.close",),
    ),
    "google": Provider(
        "google_genai",
        "langchain_google_genai",
        "google",
        "GOOGLE_API_KEY",
        limit="max_output_tokens",
        retries={"max_retries": 1},
        host="generativelanguage.googleapis.com",
        endings=("client.transport.close", "async_client_running.transport.close"),
    ),
    "mistral": Provider(
        "mistralai",
        "langchain_mistralai",
        "mistral",
        "MISTRAL_API_KEY",
        retries={"max_retries": 1},
        host="api.mistral.ai",
        elsewhere=("MISTRAL_BASE_URL",),
        endings=("async_client.aclose",),
    ),
    "local": Provider("", "langchain_openai", "local", host="127.0.0.1", endings=("http_async_client.aclose",)),
}


def sends_to(name: str, settings: ModelSettings) -> str | None:
    """The host that gets what this model is asked; None where that is this machine."""
    provider = PROVIDERS[name.partition(":")[0]]
    place = next(filter(None, (os.environ.get(variable) for variable in provider.elsewhere)), provider.host)
    if provider.name == "openai" and settings.base_url is not None:
        place = settings.base_url.get_secret_value()
    try:
        host = urlsplit(place if "//" in place else f"//{place}").hostname or provider.host
    except ValueError:
        # Nothing of it is repeated: it may have a password anywhere. Whoever makes the model says that it is wrong.
        host = provider.host
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    return None if here else host


def check(name: str, settings: ModelSettings) -> None:
    """Raises ModelMisconfigured with what to install or to set."""
    kind = name.partition(":")[0]
    provider = PROVIDERS[kind]
    for package in ("langchain", provider.package):
        if importlib.util.find_spec(package) is None:
            raise ModelMisconfigured(
                f"The model {name} needs a package that is not installed: `make install EXTRA={provider.extra}`."
            )
    own_server = kind == "openai" and settings.base_url is not None
    if provider.key and not own_server and not os.environ.get(provider.key):
        raise ModelMisconfigured(f"The model {name} needs a key: set {provider.key}.")


def make(name: str, settings: ModelSettings) -> "BaseChatModel":
    """The model as langchain has it; nothing is sent yet. Seconds, the first time. Raises ModelMisconfigured."""
    check(name, settings)
    kind, _, model = name.partition(":")
    provider = PROVIDERS[kind]
    options: dict[str, Any] = dict(provider.retries or {})
    try:
        if kind == "openai":
            options |= _openai()
        if kind == "anthropic":
            from agents.models.unshared import UnsharedAnthropic

            return UnsharedAnthropic(model_name=model, **options)
        if kind == "openai" and settings.base_url is not None:
            key = os.environ.get(provider.key) or NO_KEY
            return make_at(model, settings.base_url.get_secret_value(), key)
        from langchain.chat_models import init_chat_model

        made: BaseChatModel = init_chat_model(model, model_provider=provider.name, **options)
    except Exception as error:
        # Each library raises its own; what it says may quote a key.
        raise ModelMisconfigured(f"The model {name} cannot be used ({type(error).__name__}).") from None
    return made


def make_at(model: str, base_url: str, key: str = NO_KEY) -> "BaseChatModel":
    """A model of any server that speaks OpenAI's protocol."""
    from agents.models.compatible import CompatibleChatModel

    return CompatibleChatModel(model=model, base_url=base_url, api_key=key, max_retries=0, **_openai())


async def close(name: str, model: "BaseChatModel") -> None:
    """Let go of the connections that it keeps."""
    for ending in PROVIDERS[name.partition(":")[0]].endings:
        close: Any = model
        for attribute in ending.split("."):
            # Google's library opens one when it is first asked, and none where it never was.
            close = getattr(close, attribute, None)
        closing = close() if close is not None else None
        if isawaitable(closing):
            await closing


def _openai() -> dict[str, Any]:
    """With connections of its own: those that langchain would give it are shared by all models of the process."""
    from openai import DefaultAsyncHttpxClient

    return {"stream_usage": True, "stream_chunk_timeout": None, "http_async_client": DefaultAsyncHttpxClient()}
