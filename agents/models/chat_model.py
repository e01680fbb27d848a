"""One model of a provider, through langchain."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from agents.errors import ModelFailed, Why
from agents.models.model import Delta, Prompt, Reply, Said, StartedAnew, ToolCall, ToolOffer
from agents.models.providers import close
from agents.models.settings import Price
from agents.models.thinking import Thinking
from agents.usage import Usage, estimated_tokens, together

log = logging.getLogger(__name__)

_REASONS = ("finish_reason", "stop_reason", "done_reason")
"""Where providers say why a reply ended."""
_NO_CONNECTION = {"TransportError", "APIConnectionError", "ServiceUnavailable"}
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
        self._structured: bool | None = None
        """Whether it can be held to a schema; None as long as that is not known."""
        self._calls_tools: bool | None = None
        """Whether it can be offered tools; None as long as that is not known."""

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        """Pieces as they come, then one Reply. Raises ModelFailed; "interrupted" where pieces had come before."""
        refused: list[Usage] = []
        try:
            if prompt.schema is not None and _worth_trying(self._structured, prompt):
                try:
                    reply = await self._to_schema(prompt)
                except ModelFailed as failed:
                    refused += _refused(failed, prompt)
                else:
                    self._structured = True
                    yield reply
                    return
            if prompt.tools and _worth_trying(self._calls_tools, prompt):
                heard = False
                try:
                    async with aclosing(self._parts(self._model, prompt)) as parts:
                        async for part in parts:
                            heard = True
                            self._calls_tools = True
                            yield _with(refused, part)
                    return
                except ModelFailed as failed:
                    if heard:
                        raise
                    refused += _refused(failed, prompt)
            async with aclosing(self._parts(self._model, replace(prompt, tools=()))) as parts:
                async for part in parts:
                    if isinstance(part, Reply):
                        self._learn(prompt, bool(refused))
                    yield _with(refused, part)
        except ModelFailed as failed:
            raise ModelFailed(
                failed.model, failed.why, failed.retry_after, together((*refused, *failed.usage))
            ) from None
        except (GeneratorExit, asyncio.CancelledError):
            prompt.broken_off(*refused)
            raise

    def _learn(self, prompt: Prompt, refused: bool) -> None:
        """It replied in words, without tools. What it refused before is not asked of it again."""
        if refused and prompt.tools:
            log.info("%s takes no tools and is not offered any", self.name)
            self._calls_tools = False
        if refused and prompt.schema is not None:
            log.info("%s cannot be held to a schema and is asked in words", self.name)
            self._structured = False

    async def close(self) -> None:
        """Let go of the connections that its library keeps."""
        await close(self.name, self._model)

    async def _to_schema(self, prompt: Prompt) -> Reply:
        """Only the whole is of use; still it is streamed, so that silence is noticed."""
        async with aclosing(self._parts(self._model, prompt, prompt.schema)) as parts:
            async for part in parts:
                if isinstance(part, Reply):
                    text = part.text if not part.calls else json.dumps(dict(part.calls[0].arguments))
                    return replace(part, text=text, calls=())
        raise ModelFailed(self.name, "interrupted")

    async def _parts(
        self, model: Any, prompt: Prompt, schema: type[BaseModel] | None = None
    ) -> AsyncGenerator[Delta | Reply, None]:
        gathered, begun = _Gathered(), self._clock()
        try:
            if schema is not None:
                # What follows in the sequence would parse the text, which whoever asked does.
                model = model.with_structured_output(schema).first
            elif prompt.tools:
                model = model.bind_tools([_offer(tool) for tool in prompt.tools])
            stream = model.astream(_messages(prompt.said), **self._longest(prompt.most_tokens))
            async with aclosing(stream) as chunks:
                async for delta in _deltas(_not_silent(chunks, self._silence_seconds), gathered):
                    yield delta
            if not gathered.ended:
                raise ConnectionError("the reply has no end")
        except (GeneratorExit, asyncio.CancelledError):
            prompt.broken_off(self._usage(prompt, gathered, begun))
            raise
        except Exception as error:
            # The boundary of the providers' libraries; what they say may quote a key or a document.
            raise self._failed(error, prompt, gathered, begun) from None
        yield gathered.reply(self.name, self._usage(prompt, gathered, begun))

    def _longest(self, tokens: int) -> dict[str, object]:
        if self._limit == "num_predict":
            return {"options": {"num_predict": tokens}}
        return {self._limit: tokens}

    def _usage(self, prompt: Prompt, gathered: "_Gathered", begun: float) -> Usage:
        counted, whole = gathered.counted, gathered.counted is not None and gathered.ended
        if counted is None or not whole:
            asked = sum(len(said.text) for said in prompt.said)
            said = sum(map(len, (*gathered.answer, *gathered.reasoning)))
            # Some count what was asked at the beginning, and what they say only at the end.
            tokens_in, tokens_out = counted or (estimated_tokens(asked), 0)
            counted = tokens_in, max(tokens_out, estimated_tokens(said))
        return Usage(
            model=self.name,
            calls=1,
            tokens_in=counted[0],
            tokens_out=counted[1],
            estimated=not whole,
            seconds=round(self._clock() - begun, 4),
            cost=self._price.of(*counted) if self._price is not None else None,
        )

    def _failed(self, error: Exception, prompt: Prompt, gathered: "_Gathered", begun: float) -> ModelFailed:
        why = _why(error)
        log.warning("the model %s did not answer (%s: %s)", self.name, why, type(error).__name__)
        usage = self._usage(prompt, gathered, begun)
        if gathered.counted is None and not gathered.heard:
            # It has not begun, as far as anybody can tell from here.
            usage = usage.model_copy(update={"tokens_in": 0, "tokens_out": 0, "cost": None})
        if gathered.heard and why in ("unreachable", "unusable"):
            why = "interrupted"
        return ModelFailed(self.name, why, _retry_after(error), (usage,))


def _worth_trying(able: bool | None, prompt: Prompt) -> bool:
    """Where it is not known that a model is able to, it may refuse, and there must be another call for that."""
    return able or (able is None and prompt.most_calls > 1)


def _with(refused: list[Usage], part: Delta | Reply) -> Delta | Reply:
    """A Reply tells of what was refused before it as well; then nobody else has to."""
    if isinstance(part, Reply):
        part = replace(part, usage=together((*refused, *part.usage)))
        refused.clear()
    return part


def _refused(failed: ModelFailed, prompt: Prompt) -> tuple[Usage, ...]:
    """What a try cost after which it is worth asking for less. Raises the failure where it is not."""
    if failed.why not in ("refused", "unusable") or prompt.most_calls < 2:
        raise failed
    return failed.usage


class _Gathered:
    """What has come of a reply so far. Chunks are not added up as they are: that takes the square of their number."""

    def __init__(self) -> None:
        self.answer: list[str] = []
        self.reasoning: list[str] = []
        self.counted: tuple[int, int] | None = None
        self._calls: AIMessageChunk | None = None
        self._complete = True
        self.ended = False
        """Whether it was said why there is no more. Where it was not, the connection has only ended."""

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

    @property
    def heard(self) -> bool:
        return bool(self.answer or self.reasoning)

    def told(self, channel: Literal["reasoning", "answer"], text: str) -> Delta:
        (self.answer if channel == "answer" else self.reasoning).append(text)
        return Delta(channel, text)

    def finish(self, message: AIMessage) -> None:
        """What a message says beside its text."""
        if used := message.usage_metadata:
            more = used["input_tokens"], used["output_tokens"]
            before = self.counted or (0, 0)
            # Some say the sum once more at the end.
            self.counted = before if more == before else (before[0] + more[0], before[1] + more[1])
        reasons = {told for key in _REASONS if (told := message.response_metadata.get(key))}
        self.ended = self.ended or bool(reasons)
        if reasons & _CUT_OFF:
            self._complete = False

    def reply(self, model: str, usage: Usage) -> Reply:
        calls = tuple(
            ToolCall(id=call["id"] or f"call-{number}", tool=call["name"], arguments=call["args"])
            for number, call in enumerate(self._calls.tool_calls if self._calls is not None else ())
        )
        return Reply(
            model, "".join(self.answer), (usage,), calls, reasoning="".join(self.reasoning), complete=self._complete
        )


async def _deltas(chunks: AsyncIterator[AIMessageChunk], gathered: _Gathered) -> AsyncGenerator[Delta, None]:
    thinking = Thinking()
    async for chunk in chunks:
        for delta in gathered.take(chunk, thinking):
            yield delta
    for channel, text in thinking.rest():
        yield gathered.told(channel, text)


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


def _offer(tool: ToolOffer) -> dict[str, object]:
    told = {"name": tool.name, "description": tool.description, "parameters": dict(tool.schema)}
    return {"type": "function", "function": told}


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


def _why(error: Exception) -> Why:
    """Providers' errors have no common class; what they have in common is the status of the response."""
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "timeout"
    status = _status(error)
    if status == 429:
        return "rate_limited"
    if status is not None and 400 <= status < 500 and status != 408:
        return "refused"
    if status is not None or isinstance(error, OSError):
        return "unreachable"
    # The libraries have HTTP clients of different makes, whose errors are called the same.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return "unreachable" if kinds & _NO_CONNECTION else "unusable"


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
