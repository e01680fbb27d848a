"""One model of a provider, through langchain."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Literal

import httpx
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from agents.errors import ModelFailed, Why
from agents.models.model import Delta, Prompt, Reply, Said, StartedAnew, ToolCall
from agents.models.settings import Price
from agents.models.thinking import Thinking
from agents.usage import Usage

log = logging.getLogger(__name__)

CHARACTERS_A_TOKEN = 4
"""Where a provider does not say how many tokens there were."""
_CUT_OFF = {"length", "max_tokens", "MAX_TOKENS"}


class ChatModel:
    """Asks once. Who wants it tried again, or another model, puts a `Chain` before it."""

    def __init__(
        self,
        name: str,
        model: BaseChatModel,
        *,
        limit: str = "max_tokens",
        price: Price | None = None,
        silence_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`limit` is the parameter for the longest reply, `silence_seconds` the longest wait for a piece."""
        self.name = name
        self._model = model
        self._limit = limit
        self._price = price
        self._silence_seconds = silence_seconds
        self._clock = clock
        self._structured = True
        """Whether it can be held to a schema, as far as is known."""

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        """Pieces as they come, then one Reply. Raises ModelFailed; "interrupted" where pieces had come before."""
        begun = self._clock()
        if prompt.schema is not None and self._structured:
            reply = await self._to_schema(prompt, prompt.schema, begun)
            if reply is not None:
                yield reply
                return
        heard = False
        try:
            async with aclosing(self._stream(prompt, begun)) as parts:
                async for part in parts:
                    heard = True
                    yield part
        except ModelFailed:
            raise
        except Exception as error:
            # The boundary of the providers' libraries; what they say may quote a key or a document.
            raise self._failed(error, heard) from None

    async def _stream(self, prompt: Prompt, begun: float) -> AsyncGenerator[Delta | Reply, None]:
        model: Any = self._model
        if prompt.tools:
            model = model.bind_tools([_offer(tool.name, tool.description, dict(tool.schema)) for tool in prompt.tools])
        gathered, thinking = _Gathered(), Thinking()
        stream = model.astream(_messages(prompt.said), **self._longest(prompt.most_tokens))
        async with aclosing(stream) as chunks:
            async for chunk in _not_silent(chunks, self._silence_seconds):
                for delta in gathered.take(chunk, thinking):
                    yield delta
        for channel, text in thinking.rest():
            yield gathered.told(channel, text)
        yield gathered.reply(self.name, self._usage(prompt, gathered, begun))

    async def _to_schema(self, prompt: Prompt, schema: type[BaseModel], begun: float) -> Reply | None:
        """None where it cannot be held to a schema, which it is not asked for again."""
        try:
            asked = self._model.with_structured_output(schema, include_raw=True)
            async with asyncio.timeout(self._silence_seconds):
                found: Any = await asked.ainvoke(_messages(prompt.said))
        except Exception as error:
            failed = self._failed(error, heard=False)
            if failed.why not in ("refused", "unusable"):
                raise failed from None
            log.info("%s cannot be held to a schema and is asked in words", self.name)
            self._structured = False
            return None
        raw, parsed = found["raw"], found["parsed"]
        gathered = _Gathered()
        gathered.finish(raw)
        text = parsed.model_dump_json() if isinstance(parsed, BaseModel) else _json_of(raw)
        gathered.answer.append(text)
        reply = gathered.reply(self.name, self._usage(prompt, gathered, begun))
        return Reply(reply.model, text, reply.usage, complete=reply.complete)

    def _longest(self, tokens: int) -> dict[str, object]:
        if self._limit == "num_predict":
            return {"options": {"num_predict": tokens}}
        return {self._limit: tokens}

    def _usage(self, prompt: Prompt, gathered: "_Gathered", begun: float) -> Usage:
        counted = gathered.counted
        if counted is None:
            asked = sum(len(said.text) for said in prompt.said)
            said = sum(map(len, (*gathered.answer, *gathered.reasoning)))
            counted = asked // CHARACTERS_A_TOKEN + 1, said // CHARACTERS_A_TOKEN + 1
        return Usage(
            model=self.name,
            calls=1,
            tokens_in=counted[0],
            tokens_out=counted[1],
            estimated=gathered.counted is None,
            seconds=round(self._clock() - begun, 4),
            cost=self._price.of(*counted) if self._price is not None else None,
        )

    def _failed(self, error: Exception, heard: bool) -> ModelFailed:
        why = _why(error)
        log.warning("the model %s did not answer (%s: %s)", self.name, why, type(error).__name__)
        if heard and why in ("unreachable", "unusable"):
            why = "interrupted"
        return ModelFailed(self.name, why, _retry_after(error))


class _Gathered:
    """What has come of a reply so far. Chunks are not added up as they are: that takes the square of their number."""

    def __init__(self) -> None:
        self.answer: list[str] = []
        self.reasoning: list[str] = []
        self.counted: tuple[int, int] | None = None
        self._calls: AIMessageChunk | None = None
        self._complete = True

    def take(self, chunk: AIMessageChunk, thinking: Thinking) -> Iterator[Delta]:
        self.finish(chunk)
        if chunk.tool_call_chunks:
            bare = AIMessageChunk(content="", tool_call_chunks=chunk.tool_call_chunks)
            self._calls = bare if self._calls is None else self._calls + bare
        for channel, text in _texts(chunk):
            if channel == "reasoning":
                yield self.told(channel, text)
            else:
                for said, piece in thinking.split(text):
                    yield self.told(said, piece)

    def told(self, channel: Literal["reasoning", "answer"], text: str) -> Delta:
        (self.answer if channel == "answer" else self.reasoning).append(text)
        return Delta(channel, text)

    def finish(self, message: AIMessage) -> None:
        """What a message says beside its text."""
        if used := message.usage_metadata:
            before = self.counted or (0, 0)
            self.counted = before[0] + used["input_tokens"], before[1] + used["output_tokens"]
        told = message.response_metadata
        if {told.get(key) for key in ("finish_reason", "stop_reason", "done_reason")} & _CUT_OFF:
            self._complete = False

    def reply(self, model: str, usage: Usage) -> Reply:
        calls = tuple(
            ToolCall(id=call["id"] or f"call-{number}", tool=call["name"], arguments=call["args"])
            for number, call in enumerate(self._calls.tool_calls if self._calls is not None else ())
        )
        return Reply(
            model, "".join(self.answer), (usage,), calls, reasoning="".join(self.reasoning), complete=self._complete
        )


async def _not_silent(chunks: AsyncIterator[Any], seconds: float) -> AsyncGenerator[Any, None]:
    """Raises TimeoutError where nothing comes for so long."""
    while True:
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        yield chunk


def _messages(said: Sequence[Said]) -> list[BaseMessage]:
    messages: list[BaseMessage] = []
    for one in said:
        match one.role:
            case "system":
                messages.append(SystemMessage(one.text))
            case "person":
                messages.append(HumanMessage(one.text))
            case "model":
                calls = [{"name": c.tool, "args": dict(c.arguments), "id": c.id} for c in one.calls]
                messages.append(AIMessage(one.text, tool_calls=calls))
            case "tool":
                messages.append(ToolMessage(one.text, tool_call_id=one.answers))
    return messages


def _offer(name: str, description: str, schema: dict[str, object]) -> dict[str, object]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def _texts(chunk: AIMessageChunk) -> Iterator[tuple[Literal["reasoning", "answer"], str]]:
    thought = chunk.additional_kwargs.get("reasoning_content")
    if isinstance(thought, str) and thought:
        yield "reasoning", thought
    if isinstance(chunk.content, str):
        if chunk.content:
            yield "answer", chunk.content
        return
    for block in chunk.content_blocks:
        if block["type"] == "text" and block["text"]:
            yield "answer", block["text"]
        elif block["type"] == "reasoning" and block.get("reasoning"):
            yield "reasoning", block["reasoning"]


def _json_of(message: AIMessage) -> str:
    """What was meant to fit a schema and does not; whoever asked says what is wrong with it."""
    if message.tool_calls:
        return json.dumps(message.tool_calls[0]["args"])
    return str(message.text)


def _why(error: Exception) -> Why:
    """Providers' errors have no common class; what they have in common is the status of the response."""
    if isinstance(error, TimeoutError | httpx.TimeoutException) or "Timeout" in type(error).__name__:
        return "timeout"
    status = _status(error)
    if status == 429:
        return "rate_limited"
    if status is not None and 400 <= status < 500 and status != 408:
        return "refused"
    if status is not None or isinstance(error, OSError | httpx.TransportError):
        return "unreachable"
    return "unreachable" if "Connection" in type(error).__name__ else "unusable"


def _status(error: Exception) -> int | None:
    for found in (
        getattr(error, "status_code", None),
        getattr(getattr(error, "response", None), "status_code", None),
        getattr(error, "code", None),
    ):
        if isinstance(found, int):
            return found
    return None


def _retry_after(error: Exception) -> float | None:
    """Seconds, as the response asks for."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None
