"""Opens the language models that are configured."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.errors import ModelMisconfigured
from agents.models.model import LanguageModel
from agents.models.models import Models
from agents.models.providers import PROVIDERS, make
from agents.models.settings import ModelSettings
from agents.registry import AgentRegistry

_TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
"""Any of these would send every question and answer to somebody who was not configured here."""


@asynccontextmanager
async def open_models(settings: ModelSettings, registry: AgentRegistry) -> AsyncIterator[Models]:
    """The models as long as the block lasts; nothing is sent to any before it is asked.

    Raises ModelMisconfigured with what to set or to install.
    """
    own = {agent.name: agent.model for agent in registry.values() if agent.model}
    for name in settings.agents:
        if name not in registry:
            raise ModelMisconfigured(f"A model is named for the agent '{name}', which does not exist.")
    names = settings.names(own)
    yield Models(
        await asyncio.to_thread(_made, names, settings) if names else {},
        default=settings.model or "",
        agents={**own, **settings.agents},
        offered=settings.offered,
    )


def _made(names: tuple[str, ...], settings: ModelSettings) -> dict[str, LanguageModel]:
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
