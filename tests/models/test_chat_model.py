"""A model of a provider is asked over HTTP, and what it streams arrives as it comes."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace

import pytest
from pydantic import BaseModel

from agents.errors import ModelFailed, Why
from agents.models import Delta, Prompt, Reply, Said, StartedAnew, ToolCall, ToolOffer
from agents.models.chat_model import ChatModel
from agents.models.providers import make_at
from agents.models.settings import Price
from agents.usage import Usage, together
from tests.openai_server import (
    Asked,
    BreakOff,
    Call,
    CutOff,
    Hold,
    OpenAIServer,
    Piece,
    Refusal,
    Thought,
    openai_server,
)

KEY = "sk-very-secret"
PROMPT = Prompt((Said("system", "Be brief."), Said("person", "When are roses pruned?")))


class Plan(BaseModel):
    """What a reply may be held to."""

    month: str


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server(lambda asked: ["In ", "March."]) as opened:
        yield opened


_made: list[ChatModel] = []


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    """What a test's models keep open is closed at its end, and not when they happen to be collected."""
    yield
    while _made:
        await _made.pop().close()


def model(server: OpenAIServer, silence_seconds: float = 20.0) -> ChatModel:
    asked = make_at("roses", server.base_url, KEY)
    made = ChatModel("openai:roses", asked, price=Price(tokens_in=1, tokens_out=2), silence_seconds=silence_seconds)
    _made.append(made)
    return made


def says(server: OpenAIServer, *pieces: Piece) -> None:
    server.script = lambda asked: pieces


async def heard(model: ChatModel, prompt: Prompt = PROMPT) -> list[Delta | StartedAnew | Reply]:
    return [part async for part in model.reply(prompt)]


async def reply(model: ChatModel, prompt: Prompt = PROMPT) -> Reply:
    last = (await heard(model, prompt))[-1]
    assert isinstance(last, Reply)
    return last


async def test_pieces_come_as_they_are_said_and_then_the_whole(server: OpenAIServer) -> None:
    *pieces, whole = await heard(model(server))
    assert pieces == [Delta("answer", "In "), Delta("answer", "March.")]
    assert isinstance(whole, Reply)
    assert (whole.model, whole.text, whole.complete) == ("openai:roses", "In March.", True)
    (usage,) = whole.usage
    assert (usage.tokens_in, usage.tokens_out, usage.estimated) == (8, 2, False)
    assert usage.cost == pytest.approx(12e-6)


async def test_it_is_asked_what_was_said(server: OpenAIServer) -> None:
    call = ToolCall("call-0", "calculator", {"sum": "1+1"})
    said = (*PROMPT.said, Said("model", "", (call,)), Said("tool", "2", answers="call-0"))
    await reply(model(server), Prompt(said, most_tokens=77))
    (asked,) = server.asked
    assert [message["role"] for message in asked.body["messages"]] == ["system", "user", "assistant", "tool"]
    assert json.loads(asked.body["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {"sum": "1+1"}
    assert asked.body["messages"][3]["tool_call_id"] == "call-0"
    assert 77 in (asked.body.get("max_tokens"), asked.body.get("max_completion_tokens"))


@pytest.mark.parametrize(
    "pieces",
    [
        (Thought("Hm, "), Thought("spring."), "In March."),
        ("<think>Hm, spring.</think>In March.",),
        ("<thi", "nk>Hm, spr", "ing.</", "think>", "In March."),
    ],
)
async def test_thoughts_are_told_from_the_answer(server: OpenAIServer, pieces: tuple[Piece, ...]) -> None:
    says(server, *pieces)
    whole = await reply(model(server))
    assert (whole.reasoning, whole.text) == ("Hm, spring.", "In March.")


async def test_calls_of_tools_are_gathered(server: OpenAIServer) -> None:
    says(server, Call("search", ('{"text": ', '"roses"}')), Call("calculator", ('{"sum":"1+1"}',), number=1))
    tools = (ToolOffer("search", "Search.", {"type": "object", "properties": {"text": {"type": "string"}}}),)
    whole = await reply(model(server), Prompt(PROMPT.said, tools=tools))
    assert whole.calls == (
        ToolCall("call-0", "search", {"text": "roses"}),
        ToolCall("call-1", "calculator", {"sum": "1+1"}),
    )
    assert [tool["function"]["name"] for tool in server.asked[0].body["tools"]] == ["search"]


async def test_who_takes_no_tools_is_asked_without_from_then_on(server: OpenAIServer) -> None:
    """Small models of local servers refuse a request that offers some."""

    def script(asked: Asked) -> Iterator[Piece]:
        if "tools" in asked.body:
            raise Refusal(400)
        yield "In March."

    server.script = script
    asker, tools = model(server), (ToolOffer("search", "Search.", {"type": "object", "properties": {}}),)
    for _ in range(2):
        assert (await reply(asker, Prompt(PROMPT.said, tools=tools))).text == "In March."
    assert ["tools" in asked.body for asked in server.asked] == [True, False, False]


REFUSES = [
    Prompt(PROMPT.said, schema=Plan),
    Prompt(PROMPT.said, tools=(ToolOffer("search", "Search.", {"type": "object", "properties": {}}),)),
]


def refuses_more_than_words(asked: Asked) -> Iterator[Piece]:
    if "tools" in asked.body or "response_format" in asked.body:
        raise Refusal(400)
    yield "In March."


@pytest.mark.parametrize("prompt", REFUSES)
async def test_what_it_refused_was_a_call_as_well(server: OpenAIServer, prompt: Prompt) -> None:
    server.script = refuses_more_than_words
    (usage,) = (await reply(model(server), prompt)).usage
    assert (usage.calls, usage.tokens_out) == (2, 2)


@pytest.mark.parametrize("prompt", REFUSES)
async def test_it_counts_also_where_the_second_call_fails(server: OpenAIServer, prompt: Prompt) -> None:

    def script(asked: Asked) -> Iterator[Piece]:
        raise Refusal(400)

    server.script = script
    with pytest.raises(ModelFailed) as failed:
        await heard(model(server), prompt)
    assert sum(usage.calls for usage in failed.value.usage) == 2


@pytest.mark.parametrize("prompt", REFUSES)
async def test_who_may_ask_once_asks_for_no_more_than_words_unless_it_is_known_to_do_more(
    server: OpenAIServer, prompt: Prompt
) -> None:
    server.script = refuses_more_than_words
    (usage,) = (await reply(model(server), replace(prompt, most_calls=1))).usage
    assert usage.calls == 1
    says(server, "In March.")
    able = model(server)
    await reply(able, prompt)
    await reply(able, replace(prompt, most_calls=1))
    assert all("tools" in asked.body or "response_format" in asked.body for asked in server.asked[-2:])


async def test_where_nobody_counts_tokens_are_estimated(server: OpenAIServer) -> None:
    server.counts = False
    (usage,) = (await reply(model(server))).usage
    assert usage.estimated
    assert (usage.tokens_in, usage.tokens_out) == (len("Be brief.When are roses pruned?") // 4 + 1, 3)


async def test_a_reply_that_is_cut_off_is_not_complete(server: OpenAIServer) -> None:
    says(server, "In Mar", CutOff())
    whole = await reply(model(server))
    assert (whole.text, whole.complete) == ("In Mar", False)


async def test_a_reply_is_held_to_a_schema(server: OpenAIServer) -> None:
    says(server, '{"month"', ': "March"}')
    whole = await reply(model(server), Prompt(PROMPT.said, schema=Plan, most_tokens=55))
    assert Plan.model_validate_json(whole.text) == Plan(month="March")
    (asked,) = server.asked
    assert asked.body["response_format"]["type"] == "json_schema"
    assert 55 in (asked.body.get("max_tokens"), asked.body.get("max_completion_tokens"))
    assert whole.usage[0].tokens_out == len('{"month": "March"}') // 4


async def test_who_cannot_be_held_to_a_schema_is_asked_in_words_from_then_on(server: OpenAIServer) -> None:
    def script(asked: Asked) -> Iterator[Piece]:
        if "response_format" in asked.body:
            raise Refusal(400)
        yield '{"month": "March"}'

    server.script = script
    asker, prompt = model(server), Prompt(PROMPT.said, schema=Plan)
    for _ in range(2):
        assert json.loads((await reply(asker, prompt)).text) == {"month": "March"}
    assert ["response_format" in asked.body for asked in server.asked] == [True, False, False]


async def test_nonsense_instead_of_json_is_for_whoever_asked_to_judge(server: OpenAIServer) -> None:
    says(server, "Certainly! In March.")
    assert (await reply(model(server), Prompt(PROMPT.said, schema=Plan))).text == "Certainly! In March."


@pytest.mark.parametrize(
    ("status", "why"),
    [(429, "rate_limited"), (500, "unreachable"), (503, "unreachable"), (401, "refused"), (403, "refused"),
     (404, "refused"), (400, "refused")],
)  # fmt: skip
async def test_each_refusal_has_its_reason(server: OpenAIServer, status: int, why: Why) -> None:
    """It is asked once: whoever wants more tries puts a chain before it."""

    def script(asked: Asked) -> Iterator[Piece]:
        raise Refusal(status, retry_after="7")
        yield ""

    server.script = script
    with pytest.raises(ModelFailed) as caught:
        await heard(model(server))
    assert (caught.value.why, caught.value.retry_after) == (why, 7.0)
    assert [(usage.calls, usage.tokens) for usage in caught.value.usage] == [(1, 0)]
    assert len(server.asked) == 1


async def test_a_server_that_is_away_cannot_be_reached(server: OpenAIServer) -> None:
    server.away = True
    with pytest.raises(ModelFailed, match="unreachable"):
        await heard(model(server))


async def test_a_reply_that_breaks_off_is_interrupted_and_its_pieces_are_counted(server: OpenAIServer) -> None:
    says(server, "In Feb", BreakOff())
    parts: list[Delta | StartedAnew | Reply] = []
    with pytest.raises(ModelFailed) as caught:
        async for part in model(server).reply(PROMPT):
            parts.append(part)
    assert parts == [Delta("answer", "In Feb")]
    assert caught.value.why == "interrupted"
    (usage,) = caught.value.usage
    assert usage.estimated and usage.tokens_out > 0


@pytest.mark.parametrize("pieces", [(Hold(),), ("In ", Hold())])
async def test_silence_is_a_failure_at_the_beginning_and_later(server: OpenAIServer, pieces: tuple[Piece, ...]) -> None:
    says(server, *pieces)
    with pytest.raises(ModelFailed, match="timeout"):
        await heard(model(server, silence_seconds=0.3))
    await asyncio.to_thread(server.until, lambda asked: asked[0].closed)


async def test_who_stops_listening_closes_the_connection(server: OpenAIServer) -> None:
    says(server, "In ", Hold())
    async with aclosing(model(server).reply(PROMPT)) as parts:
        assert await anext(parts) == Delta("answer", "In ")
    await asyncio.to_thread(server.until, lambda asked: asked[0].closed)


@pytest.mark.parametrize("refused", [False, True])
async def test_who_stops_listening_is_told_what_it_cost_so_far(server: OpenAIServer, refused: bool) -> None:
    """Estimated, for the provider had no time to count; what was refused before is part of it."""

    def script(asked: Asked) -> Iterator[Piece]:
        if refused and "tools" in asked.body:
            raise Refusal(400)
        yield from ("In March, in mild places.", Hold())

    server.script = script
    told: list[Usage] = []
    tools = (ToolOffer("search", "Search.", {"type": "object", "properties": {}}),)
    prompt = replace(PROMPT, tools=tools, broken_off=lambda *usages: told.extend(usages))
    async with aclosing(model(server).reply(prompt)) as parts:
        assert isinstance(await anext(parts), Delta)
        assert not told
    (usage,) = together(told)
    assert (usage.calls, usage.estimated) == (1 + refused, True)
    assert (usage.tokens_in, usage.tokens_out) == (8, 7)
    assert usage.cost == pytest.approx(22e-6)


async def test_who_listens_to_the_end_is_told_once(server: OpenAIServer) -> None:
    told: list[Usage] = []
    prompt = replace(PROMPT, broken_off=lambda *usages: told.extend(usages))
    async with aclosing(model(server).reply(prompt)) as parts:
        async for part in parts:
            if isinstance(part, Reply):
                break
    assert not told


async def test_who_is_cancelled_closes_the_connection(server: OpenAIServer) -> None:
    says(server, "In ", Hold())
    begun = asyncio.Event()

    async def listen(parts: AsyncGenerator[Delta | StartedAnew | Reply, None]) -> None:
        async for _ in parts:
            begun.set()

    told: list[Usage] = []
    prompt = replace(PROMPT, broken_off=lambda *usages: told.extend(usages))
    listening = asyncio.create_task(listen(model(server).reply(prompt)))
    await begun.wait()
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert [usage.calls for usage in told] == [1]
    await asyncio.to_thread(server.until, lambda asked: asked[0].closed)


async def test_neither_the_key_nor_what_a_provider_says_is_told(
    server: OpenAIServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A provider may repeat the key or the document in its refusal."""

    def script(asked: Asked) -> Iterator[Piece]:
        raise Refusal(401)
        yield ""

    server.script = script
    asker = model(server)
    with caplog.at_level(logging.INFO), pytest.raises(ModelFailed) as caught:
        await heard(asker)
    told = f"{caplog.text} {caught.value} {caught.value.__cause__} {asker!r} {vars(asker)}"
    assert KEY not in told
    assert "refused by the test" not in f"{caplog.text} {caught.value}"
