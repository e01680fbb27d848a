"""A page's session by the id that the page gives: a browser makes it up, and it is a folder's name as well."""

import uuid

from chainlit.session import WebsocketSession

from people import visitor


def is_session_id(text: object) -> bool:
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text
    except ValueError:
        return False


def own_session(id: str) -> WebsocketSession | None:
    """None where there is none, and where it is somebody else's."""
    session: WebsocketSession | None = WebsocketSession.get_by_id(id) if is_session_id(id) else None
    if session is None or session.user is None or session.user.identifier != visitor().person:
        return None
    return session
