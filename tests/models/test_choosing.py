"""Which model answers: the one that somebody chose, an agent's own, or the default; and who stands in for it."""

from contextlib import aclosing
from pathlib import Path

import pytest

from agents import ModelFailed, load_catalog
from agents.models import LanguageModel, Prompt, Reply, Said
from agents.models.opening import open_models
from agents.models.settings import ModelSettings
from tests.openai_server import Asked, Refusal, openai_server


async def asked(model: LanguageModel | None) -> str:
    """The model that replied."""
    assert model is not None
    async with aclosing(model.reply(Prompt((Said("person", "Hello?"),)))) as parts:
        async for part in parts:
            if isinstance(part, Reply):
                return part.model
    raise AssertionError("no reply")


async def test_nothing_stands_in_for_a_model_that_somebody_chose(tmp_path: Path) -> None:
    """They may have chosen it because of where it is. For the operator's default, the operator's fallbacks do."""

    def script(request: Asked) -> list[str]:
        if request.body["model"] == "near":
            raise Refusal(404)
        return ["Hello."]

    with openai_server(script) as server:
        settings = ModelSettings.model_validate(
            {"model": "openai:near", "base_url": server.base_url, "offered": "openai:near", "fallbacks": "openai:far"}
        )
        async with open_models(settings, load_catalog(), tmp_path) as models:
            assert await asked(models.of()) == "openai:far"
            with pytest.raises(ModelFailed):
                await asked(models.of("openai:near"))
