"""A button is answered in the session of its page, also when that is just connecting."""

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from people import visitor

if TYPE_CHECKING:
    from tests.chat.browser_side import Site


class User:
    """Whoever asks here."""

    identifier = visitor().person


class Session:
    """As far as it is looked at."""

    user = User()


@pytest.fixture
def sessions(site: "Site", monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Those that are there; Chainlit is loaded by the site."""
    from chainlit.session import WebsocketSession

    there: dict[str, Any] = {}
    monkeypatch.setattr(WebsocketSession, "get_by_id", there.get)
    return there


async def test_a_page_that_is_just_connecting_is_waited_for(sessions: dict[str, Any]) -> None:
    """Its button was pressed before its session was there."""
    from chat.own_session import connected, own_session_soon

    id = str(uuid.uuid4())
    pressed = asyncio.create_task(own_session_soon(id))
    await asyncio.sleep(0)
    sessions[id] = Session()
    connected(id)
    assert await pressed is sessions[id]


async def test_one_that_never_comes_is_none(sessions: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from chat import own_session

    monkeypatch.setattr(own_session, "CONNECTING_SECONDS", 0.01)
    assert await own_session.own_session_soon(str(uuid.uuid4())) is None
    assert await own_session.own_session_soon("../made-up") is None
