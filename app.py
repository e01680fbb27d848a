"""Chainlit's entry: it loads this file by its path, and this file only names the handlers."""

import chainlit as cl
from chainlit.config import config
from chainlit.data.base import BaseDataLayer
from chainlit.session import WebsocketSession

from chat.again import ASK_AGENT, ask_agent
from chat.approving import APPROVE, CANCEL, approve_plan, cancel_plan
from chat.asking import answer, answer_alone, ask_again
from chat.documents import MOVE, REMOVE, REPLACE, documents_now, move_document, remove_document
from chat.handing_in import CHOOSE, STOP, choose, hand_in, replace_document, stop_delivery
from chat.manner import Manner
from chat.model_choice import wish_of
from chat.outage import ANSWER_ALONE
from chat.passages import open_passage
from chat.profiles import mode_of, offer_profiles, starters
from chat.refusal import ASK_AGAIN
from chat.signing_in import by_password, leave, unasked
from chat.sockets import arrived, register, window_of
from chat.threads import Threads
from chat.uploads import handed_in


@cl.data_layer
def threads() -> BaseDataLayer:
    """Always ours: without one, variables of the environment would select another."""
    return Threads()


@cl.set_starters
async def offer_starters(user: cl.User | None, language: str | None) -> list[cl.Starter]:
    return starters(language)


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
    wished = wish_of(action.payload.get("model"))
    manner = Manner(mode_of(session.chat_profile), action.payload.get("approval") is True, model=wished)
    manner = manner.by_single_agent() if action.payload.get("mode") == "single" else manner
    undivided = action.payload.get("undivided") is True
    await ask_again(window_of(session), message, question, manner, undivided)
    return True


@cl.action_callback(APPROVE)
async def approve(action: cl.Action) -> dict[str, object]:
    return await approve_plan(window_of(_session()), str(action.payload.get("run")), action.payload.get("steps"))


@cl.action_callback(CANCEL)
async def cancel(action: cl.Action) -> dict[str, object]:
    return await cancel_plan(window_of(_session()), str(action.payload.get("run")))


@cl.action_callback(ASK_AGENT)
async def ask_one_agent(action: cl.Action) -> bool:
    told = action.payload
    run, part, agent = (told.get(name) for name in ("run", "part", "agent"))
    which = part if isinstance(part, int) else 0
    return await ask_agent(window_of(_session()), str(run), which, str(agent), wish_of(told.get("model")))


@cl.action_callback(CHOOSE)
async def choose_agent(action: cl.Action) -> bool:
    told = action.payload
    delivery, agent = str(told.get("delivery")), str(told.get("agent") or "")
    private, nowhere = told.get("private") is True, told.get("nowhere") is True
    return await choose(window_of(_session()), delivery, agent, private=private, nowhere=nowhere)


@cl.action_callback(STOP)
async def stop_taking_in(action: cl.Action) -> bool:
    return await stop_delivery(window_of(_session()), str(action.payload.get("delivery")))


@cl.action_callback(REMOVE)
async def remove(action: cl.Action) -> dict[str, object]:
    agent, document = _document(action)
    return await remove_document(window_of(_session()), agent, document)


@cl.action_callback(MOVE)
async def move(action: cl.Action) -> dict[str, object]:
    agent, document = _document(action)
    return await move_document(window_of(_session()), agent, document, str(action.payload.get("to")))


@cl.action_callback(REPLACE)
async def replace(action: cl.Action) -> dict[str, object]:
    session = _session()
    agent, document = _document(action)
    await replace_document(window_of(session), agent, document, handed_in(session, [str(action.payload.get("file"))]))
    return await documents_now(window_of(session))


async def ask(message: cl.Message) -> None:
    window, came = window_of(_session()), arrived(message.id)
    if came.files:
        await hand_in(window, message.id, message.content, came.files, came.manner)
    else:
        await answer(window, message.id, message.content, came.manner)


def _document(action: cl.Action) -> tuple[str, str]:
    return str(action.payload.get("agent")), str(action.payload.get("document"))


def _session() -> WebsocketSession:
    session = cl.context.session
    assert isinstance(session, WebsocketSession), "the chat is only served over the socket"
    return session


# Set directly: the decorators would make a refusal to sign in an error without its reason, add a step with a random id,
# and a coroutine nobody waits for.
config.code.password_auth_callback = by_password
config.code.header_auth_callback = unasked
config.code.on_logout = leave
config.code.on_message = ask
config.code.set_chat_profiles = offer_profiles
register()
