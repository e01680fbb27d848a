"""Chainlit's entry: it loads this file by its path, and this file only names the handlers."""

import chainlit as cl
from chainlit.config import config
from chainlit.data.base import BaseDataLayer
from chainlit.session import WebsocketSession

from chat.asking import ASK_AGAIN, answer, answer_alone, ask_again
from chat.outage import ANSWER_ALONE
from chat.passages import open_passage
from chat.person import LOCAL
from chat.profiles import mode_of, offer_profiles, starters
from chat.sockets import register, window_of
from chat.threads import Threads


@cl.data_layer
def threads() -> BaseDataLayer:
    """Always ours: without one, variables of the environment would select another."""
    return Threads()


@cl.header_auth_callback
async def local_person(headers: object) -> cl.User | None:
    return cl.User(identifier=LOCAL)


@cl.set_starters
async def offer_starters(user: cl.User | None, language: str | None) -> list[cl.Starter]:
    return starters()


@cl.on_chat_resume
async def resume(thread: object) -> None:
    """That this exists makes threads resumable; what was said comes from the log (chat/sockets.py)."""


@cl.action_callback("open_passage")
async def show_source(action: cl.Action) -> bool:
    run, number = action.payload.get("run"), action.payload.get("number")
    return await open_passage(window_of(_session()), str(run), number if isinstance(number, int) else 0)


@cl.action_callback(ANSWER_ALONE)
async def ask_single_agent(action: cl.Action) -> bool:
    return await answer_alone(window_of(_session()), str(action.payload.get("run")))


@cl.action_callback(ASK_AGAIN)
async def repeat_question(action: cl.Action) -> bool:
    session = _session()
    message, question = str(action.payload.get("message")), str(action.payload.get("question"))
    await ask_again(window_of(session), message, question, mode_of(session.chat_profile))
    return True


async def ask(message: cl.Message) -> None:
    session = _session()
    await answer(window_of(session), message.id, message.content, mode_of(session.chat_profile))


def _session() -> WebsocketSession:
    session = cl.context.session
    assert isinstance(session, WebsocketSession), "the chat is only served over the socket"
    return session


# Set directly: the decorators would add a step with a random id, and a coroutine nobody waits for.
config.code.on_message = ask
config.code.set_chat_profiles = offer_profiles
register()
