"""Whatever a provider's library raises, it is one of the known reasons."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from agents.errors import ModelFailed, Why
from agents.models import Prompt, Said
from agents.models.chat_model import ChatModel

PROMPT = Prompt((Said("person", "When are roses pruned?"),))


class Failing(GenericFakeChatModel):
    """Says what it is told to, and raises."""

    pieces: tuple[str, ...] = ()
    error: Any

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for piece in self.pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        raise self.error


def failing(error: Exception, *pieces: str) -> ChatModel:
    return ChatModel("fake:model", Failing(messages=iter(()), error=error, pieces=pieces))


async def why(model: ChatModel) -> Why:
    with pytest.raises(ModelFailed) as caught:
        async for _ in model.reply(PROMPT):
            pass
    return caught.value.why


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), "timeout"),
        (httpx.ReadTimeout("slow"), "timeout"),
        (ConnectionResetError(), "unreachable"),
        (httpx.RemoteProtocolError("gone"), "unreachable"),
        (ValueError("what is this"), "unusable"),
        (KeyError("choices"), "unusable"),
    ],
)
async def test_each_error_has_a_reason(error: Exception, reason: Why) -> None:
    assert await why(failing(error)) == reason


@pytest.mark.parametrize("error", [httpx.RemoteProtocolError("gone"), ValueError("what is this")])
async def test_what_breaks_in_the_middle_is_interrupted(error: Exception) -> None:
    assert await why(failing(error, "In ")) == "interrupted"
