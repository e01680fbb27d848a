"""How Chainlit's login page and its cookies get to the people, and back."""

import logging
from collections.abc import Mapping

from chainlit.user import User
from fastapi import HTTPException

from chat.attendance import look
from chat.errors import ChatError
from chat.host import current
from chat.language import words_of
from people import AccountsUnusable, Session, TooManyAttempts, visitor

log = logging.getLogger(__name__)

_STAMP, _ID = "stamp", "session"


def user_of(session: Session) -> User:
    """What is signed and goes to the browser."""
    return User(identifier=session.person, metadata={_STAMP: session.stamp, _ID: session.id})


def session_of(user: User) -> Session:
    return Session(user.identifier, str(user.metadata.get(_STAMP, "")), str(user.metadata.get(_ID, "")))


async def by_password(name: str, password: str) -> User | None:
    """Somebody filled the login page in; None is a refusal without a reason, so that nobody learns which names exist.

    The page shows a sentence of its own (.chainlit/translations) for each status.
    """
    try:
        session = await current().people.sign_in(name, password, visitor().address)
    except TooManyAttempts as error:
        raise HTTPException(429, str(error), {"retry-after": str(round(error.seconds))}) from error
    except (AccountsUnusable, ChatError) as error:
        log.error("nobody can sign in: %s", error)
        raise HTTPException(503, "Nobody can sign in at the moment; the log has the cause.") from error
    return user_of(session) if session else None


async def unasked(headers: Mapping[str, str]) -> User | None:
    """Somebody comes who need not say who they are."""
    try:
        people = current().people
    except ChatError as error:
        raise HTTPException(503, words_of(headers.get("accept-language")).trouble(error)) from error
    session = people.expected(visitor())
    if session is None and people.login == "proxy":
        # There is no password that could be wrong.
        raise HTTPException(403, words_of(headers.get("accept-language")).not_named)
    return user_of(session) if session else None


async def leave(request: object, response: object) -> dict[str, bool]:
    """Somebody signs out, in all windows of this browser; Chainlit has taken the cookie away."""
    session = visitor().session
    if session is not None:
        current().people.end(session)
        await look()
    return {"success": True}
