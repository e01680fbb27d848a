"""A server that speaks OpenAI's protocol and says what a test tells it, piece by piece.

`script` gets what was asked and gives the pieces of the reply: text, `Thought`, `Call`, or `Hold`, at which the server
waits for `release`; `CutOff` and `BreakOff` end it early. It may raise `Refusal`. Each piece is sent at once and its
moment kept; who closes the connection is noticed.
"""

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATIENCE = 30.0
"""Seconds; only a broken test ever waits this long."""


@dataclass(frozen=True)
class Thought:
    """A piece of reasoning, as servers stream it beside the answer."""

    text: str


@dataclass(frozen=True)
class Hold:
    """Nothing more is sent before it is released."""

    name: str = ""


@dataclass(frozen=True)
class Call:
    """A tool is to be called; its arguments come in these pieces of JSON."""

    tool: str
    arguments: tuple[str, ...]
    number: int = 0
    """Among the calls of the reply."""


@dataclass(frozen=True)
class CutOff:
    """The longest reply is reached."""


@dataclass(frozen=True)
class BreakOff:
    """The connection ends in the middle."""


@dataclass(frozen=True)
class Raw:
    """A line of the stream as it is, whatever that is."""

    line: str


class Refusal(Exception):
    """The answer is this status."""

    def __init__(self, status: int, message: str = "refused by the test", **headers: str) -> None:
        super().__init__(f"refused with {status}")
        self.status = status
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class Asked:
    """One request."""

    body: dict[str, Any]
    sent: list[float] = field(default_factory=list)
    """When each piece went, by time.time()."""
    closed: bool = False
    """Whether whoever asked closed the connection before the end."""
    over: bool = False

    @property
    def text(self) -> str:
        """Everything that was said, as one text."""
        return "\n".join(str(message["content"]) for message in self.body["messages"])

    @property
    def system(self) -> str:
        return "\n".join(str(m["content"]) for m in self.body["messages"] if m["role"] in ("system", "developer"))


Piece = str | Thought | Call | Hold | CutOff | BreakOff | Raw
Script = Callable[[Asked], Iterable[Piece]]


class OpenAIServer:
    """Answers on a port of the loopback."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.counts = True
        """Whether it says how many tokens there were."""
        self.away = False
        """Whether it closes every connection without a word."""
        self.news = threading.Condition()
        self._released: set[str] = set()
        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._httpd.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._httpd.server_address[1]}/v1"

    def release(self, name: str = "") -> None:
        """What holds there goes on, now and whenever it comes there."""
        with self.news:
            self._released.add(name)
            self.news.notify_all()

    def hold(self) -> None:
        """Hold again wherever a script says so."""
        with self.news:
            self._released.clear()

    def until(self, seen: Callable[[list[Asked]], bool]) -> None:
        """Wait until what was asked looks like this."""
        with self.news:
            assert self.news.wait_for(lambda: seen(self.asked), _PATIENCE), "this was never asked"

    def wait_at(self, hold: Hold, asked: Asked) -> None:
        with self.news:
            self.news.wait_for(lambda: hold.name in self._released or asked.closed, _PATIENCE)

    def run(self) -> None:
        self._httpd.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()


@contextmanager
def openai_server(script: Script) -> Iterator[OpenAIServer]:
    """Served from threads of this process until the block ends."""
    server = OpenAIServer(script)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release()
        server.close()
        thread.join()


def words(text: str) -> list[str]:
    """A text as it is streamed: every word a piece."""
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked = Asked(body)
            with server.news:
                server.asked.append(asked)
                server.news.notify_all()
            threading.Thread(target=self._watch, args=(asked,), daemon=True).start()
            if server.away:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            try:
                self._reply(asked)
            except Refusal as refusal:
                told = {"error": {"message": refusal.message, "type": "scripted"}}
                self._send(refusal.status, told, refusal.headers)
            except OSError:
                self._put(asked, closed=True)
            finally:
                self._put(asked, over=True)

        def _watch(self, asked: Asked) -> None:
            """Nothing more is to come from whoever asked, so a connection that ends is one that they closed."""
            try:
                gone = self.connection.recv(1, socket.MSG_PEEK) == b""
            except OSError:
                gone = True
            if gone and not asked.over:
                self._put(asked, closed=True)

        def _put(self, asked: Asked, *, closed: bool = False, over: bool = False) -> None:
            with server.news:
                asked.closed, asked.over = asked.closed or closed, asked.over or over
                server.news.notify_all()

        def _reply(self, asked: Asked) -> None:
            pieces = iter(server.script(asked))
            # What is refused is refused before anything is sent.
            first = list(itertools.islice(pieces, 1))
            pieces = itertools.chain(first, pieces)
            if not asked.body.get("stream"):
                text = "".join(piece for piece in pieces if isinstance(piece, str))
                self._send(200, _whole(text, asked))
                return
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            said, finish = 0, "stop"
            for piece in pieces:
                if isinstance(piece, Hold):
                    server.wait_at(piece, asked)
                    if asked.closed:
                        return
                    continue
                if isinstance(piece, BreakOff):
                    return
                if isinstance(piece, Raw):
                    self.wfile.write(f"data: {piece.line}\n\n".encode())
                    continue
                if isinstance(piece, CutOff):
                    finish = "length"
                    break
                finish = "tool_calls" if isinstance(piece, Call) else finish
                for delta in _deltas(piece):
                    said += len(str(delta.get("content") or ""))
                    asked.sent.append(time.time())
                    self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
            if server.counts:
                self._event({"choices": [], "usage": _usage(asked, said)})
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, fields: dict[str, Any]) -> None:
            told = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted", **fields}
            self.wfile.write(b"data: " + json.dumps(told).encode() + b"\n\n")

        def _send(self, status: int, content: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(sent)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            """A test that fails says why itself."""

    return Handler


def _deltas(piece: str | Thought | Call) -> Iterator[dict[str, Any]]:
    if isinstance(piece, str):
        yield {"content": piece}
    elif isinstance(piece, Thought):
        yield {"reasoning_content": piece.text}
    else:
        begun = {"id": f"call-{piece.number}", "type": "function", "function": {"name": piece.tool, "arguments": ""}}
        yield {"tool_calls": [{"index": piece.number, **begun}]}
        for part in piece.arguments:
            yield {"tool_calls": [{"index": piece.number, "function": {"arguments": part}}]}


def _whole(text: str, asked: Asked) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "scripted", "object": "chat.completion", "created": 0, "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": _usage(asked, len(text)),
    }  # fmt: skip


def _usage(asked: Asked, said: int) -> dict[str, int]:
    """Four characters a token."""
    given = len(asked.text) // 4
    return {"prompt_tokens": given, "completion_tokens": said // 4, "total_tokens": given + said // 4}
