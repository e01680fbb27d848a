"""The browser's side of the protocol: signs in, holds sockets, keeps what it hears on a page."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx
import socketio

from tests.chat.page import Page
from tests.orchestration.waiting import PATIENCE_SECONDS, in_time

LATEST = 20
"""Events that are told where a test waited in vain."""


class Tab:
    """One page of one browser."""

    def __init__(self, address: str, cookie: str, profile: str, headers: Mapping[str, str] | None = None) -> None:
        """`headers` are what a proxy adds."""
        self.session = str(uuid.uuid4())
        self.page = Page()
        self.thread = ""
        self.heard: list[tuple[str, object]] = []
        self._address = address
        self._cookie = cookie
        self._profile = profile
        self._headers = dict(headers or {})
        self._grown = asyncio.Condition()
        self._socket: socketio.AsyncClient | None = None

    async def connect(self, thread: str = "") -> None:
        """Connect as the page does; again with the same session after `lose`."""
        client = socketio.AsyncClient(reconnection=False, request_timeout=PATIENCE_SECONDS)
        client.on("*", self._hear)
        await client.connect(
            self._address,
            socketio_path="/ws/socket.io",
            transports=["websocket"],
            wait_timeout=PATIENCE_SECONDS,
            headers={"Cookie": self._cookie, "Origin": self._address, **self._headers},
            auth={
                "clientType": "webapp", "sessionId": self.session, "threadId": thread or self.thread,
                "userEnv": "{}", "chatProfile": self._profile,
            },
        )  # fmt: skip
        self._socket = client
        await client.emit("connection_successful")

    async def ask(self, question: str, command: str | None = None, files: Sequence[str] = ()) -> str:
        """Send a message, with a command when one was chosen and with uploaded files; gives its id."""
        assert self._socket is not None, "connect first"
        message = {
            "id": str(uuid.uuid4()), "name": "local", "type": "user_message", "output": question,
            "threadId": "", "createdAt": "2026-01-01T00:00:00Z", "command": command,
        }  # fmt: skip
        self.page.hear("new_message", {**message, "parentId": None})
        await self._socket.emit(
            "client_message", {"message": message, "fileReferences": [{"id": file} for file in files]}
        )
        return str(message["id"])

    async def set(self, **settings: object) -> None:
        """Confirm the settings as the page's dialog does, and wait until the server has them."""
        assert self._socket is not None, "connect first"
        await self._socket.call("chat_settings_change", settings)

    async def stop(self) -> None:
        assert self._socket is not None, "connect first"
        await self._socket.emit("stop")

    async def lose(self) -> None:
        """The connection goes away; the server keeps the session."""
        if self._socket is not None:
            await self._socket.disconnect()
            self._socket = None

    async def leave(self) -> None:
        """The person opens another conversation in this tab."""
        assert self._socket is not None, "connect first"
        await self._socket.call("clear_session")
        await self.lose()

    async def until(self, seen: Callable[[Page], object]) -> None:
        """Wait until the page looks like this."""

        def there() -> bool:
            with contextlib.suppress(StopIteration):
                return bool(seen(self.page))
            return False

        async with in_time("the page looks as it should", self._told), self._grown:
            await self._grown.wait_for(there)

    async def until_heard(self, event: str) -> object:
        """Wait for an event of the socket; gives the data of the newest."""
        async with in_time(f"{event} is heard", self._told), self._grown:
            await self._grown.wait_for(lambda: any(name == event for name, _ in self.heard))
        return next(data for name, data in reversed(self.heard) if name == event)

    async def until_gone(self) -> None:
        """Wait until the server has closed the connection."""
        assert self._socket is not None, "connect first"
        async with in_time("the connection is closed", self._told):
            await self._socket.wait()

    def _told(self) -> str:
        """What there is, and what came last."""
        return f"{self.page}\n  heard: {', '.join(event for event, _ in self.heard[-LATEST:])}"

    async def _hear(self, event: str, data: object = None) -> None:
        async with self._grown:
            self.heard.append((event, data))
            self.page.hear(event, data)
            if event == "first_interaction" and isinstance(data, Mapping):
                self.thread = str(data["thread_id"])
            self._grown.notify_all()


@dataclass
class Site:
    """The server as somebody who is signed in reaches it."""

    http: httpx.AsyncClient
    address: str
    tabs: list[Tab]

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, address: str, name: str = "", password: str = "") -> "AsyncIterator[Site]":
        """As the person at this machine, or as somebody with a password."""
        async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as http:
            given = {"username": name, "password": password}
            (await (http.post("/login", data=given) if name else http.post("/auth/header"))).raise_for_status()
            site = cls(http, address, [])
            try:
                yield site
            finally:
                for tab in site.tabs:
                    await tab.lose()

    @property
    def cookie(self) -> str:
        """The header by which the server knows who this is."""
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    async def tab(self, thread: str = "", profile: str = "Council", language: str = "en-US") -> Tab:
        """A new page, at the start or at a thread's address."""
        tab = Tab(self.address, self.cookie, profile, {"Accept-Language": language})
        self.tabs.append(tab)
        await tab.connect(thread)
        return tab

    async def upload(self, tab: Tab, name: str, content: bytes | str) -> str:
        """Attach a file as the paperclip does; gives the id that a message names it by."""
        body = content.encode() if isinstance(content, str) else content
        sent = await self.http.post(
            f"/project/file?session_id={tab.session}", files={"file": (name, body, "application/octet-stream")}
        )
        sent.raise_for_status()
        return str(sent.json()["id"])

    async def act(self, tab: Tab, name: str, **payload: object) -> object:
        """Press a button of a custom element; gives what the server says to it."""
        action = {"name": name, "payload": payload}
        done = await self.http.post("/project/action", json={"sessionId": tab.session, "action": action})
        done.raise_for_status()
        return done.json()["response"]
