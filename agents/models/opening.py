"""Opens the language models that are configured."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agents.agent import Agent
from agents.errors import ModelMisconfigured
from agents.models.models import Models
from agents.models.providers import PROVIDERS, check, make, make_at
from agents.models.resilient import Chain, Link
from agents.models.settings import ModelSettings

if TYPE_CHECKING:
    from agents.models.chat_model import ChatModel
    from agents.models.local import LocalModel

_TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
"""Any of these would send every question and answer to somebody who was not configured here."""


@asynccontextmanager
async def open_models(settings: ModelSettings, registry: Mapping[str, Agent], data: Path) -> AsyncIterator[Models]:
    """The models as long as the block lasts; nothing is sent to any before it is asked. Local ones begin to load.

    `data` is where those keep their log. Raises ModelMisconfigured with what to set or to install.
    """
    names, own = named(settings, registry)
    async with AsyncExitStack() as stack:
        links = await _links(stack, names, settings, data) if names else {}
        yield Models(
            {name: _chain(name, links, settings) for name in names},
            default=settings.model or "",
            agents={**own, **settings.agents},
            offered=settings.offered,
            # Whoever chose a model, one on this machine maybe, did not choose those that would stand in for it.
            chosen={name: Chain([links[name]]) for name in settings.offered},
            resting={name: link.resting for name, link in links.items()},
            prices=settings.prices,
        )


def named(settings: ModelSettings, registry: Mapping[str, Agent]) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Every model that may be asked, and the catalog's own by agent. Raises ModelMisconfigured."""
    own = {agent.name: agent.model for agent in registry.values() if agent.model}
    for name in settings.agents:
        if name not in registry:
            raise ModelMisconfigured(f"A model is named for the agent '{name}', which does not exist.")
    return settings.names(own), own


async def _links(
    stack: AsyncExitStack, names: tuple[str, ...], settings: ModelSettings, data: Path
) -> Mapping[str, Link]:
    for name in names:
        check(name, settings)
    hosted = await asyncio.to_thread(_made, [name for name in names if not _is_local(name)], settings)
    made: dict[str, ChatModel | LocalModel] = dict(hosted)
    for name in filter(_is_local, names):
        made[name] = await _local(stack, name, settings, data)
    for model in made.values():
        stack.push_async_callback(model.close)
    return {name: Link(model) for name, model in made.items()}


def _made(names: list[str], settings: ModelSettings) -> dict[str, "ChatModel"]:
    """Loads langchain, which takes a second: only where there is a model."""
    for variable in _TRACING:
        os.environ[variable] = "false"
    made = {name: make(name, settings) for name in names}
    from agents.models.chat_model import ChatModel

    return {
        name: ChatModel(
            name,
            model,
            limit=PROVIDERS[name.partition(":")[0]].limit,
            price=settings.prices.get(name),
            silence_seconds=settings.seconds,
        )
        for name, model in made.items()
    }


async def _local(stack: AsyncExitStack, name: str, settings: ModelSettings, data: Path) -> "LocalModel":
    from agents.models.chat_model import ChatModel
    from agents.models.local import LocalModel, open_local

    server = await stack.enter_async_context(open_local(name, data))

    def at(base_url: str) -> ChatModel:
        price = settings.prices.get(name)
        return ChatModel(name, make_at(server.model, base_url), price=price, silence_seconds=settings.seconds)

    return LocalModel(server, at, settings.seconds)


def _is_local(name: str) -> bool:
    return name.startswith("local:")


def _chain(name: str, links: Mapping[str, Link], settings: ModelSettings) -> Chain:
    return Chain([links[name], *(links[other] for other in settings.fallbacks if other != name)])
