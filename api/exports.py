"""What a person takes along: conversations and answers as Markdown, runs as JSON.

Somebody else's conversation or run and one that does not exist are the same.
"""

import logging
import re
import unicodedata
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from chat.errors import ChatError
from chat.exporting import answer_markdown, conversation_markdown, run_document
from chat.language import words_of
from chat.words import Words
from history import UnknownConversation
from orchestration.errors import RoundtableError, UnknownRun

log = logging.getLogger(__name__)

Told = TypeVar("Told")

_MARKDOWN = "text/markdown; charset=utf-8"
_LONGEST_NAME = 80


def router(person_of: Callable[[Request], str]) -> APIRouter:
    """`person_of` tells who asks, or nobody."""
    routes = APIRouter(prefix="/api")

    def words(request: Request) -> Words:
        return words_of(request.headers.get("accept-language"))

    @routes.get("/conversations/{conversation}/export")
    async def exported(request: Request, conversation: str) -> Response:
        found = await _told(request, lambda person: conversation_markdown(person, conversation, words(request)))
        if isinstance(found, Response):
            return found
        name, text = found
        return _sent(text, _MARKDOWN, f"{_file_name(name)}.md")

    @routes.get("/runs/{run}/answer")
    async def answer(request: Request, run: str) -> Response:
        """To be copied."""
        found = await _told(request, lambda person: answer_markdown(person, run, words(request)))
        return found if isinstance(found, Response) else _sent(found, _MARKDOWN)

    @routes.get("/runs/{run}")
    async def document(request: Request, run: str) -> Response:
        found = await _told(request, lambda person: run_document(person, run))
        if isinstance(found, Response):
            return found
        return _sent(found.model_dump_json(indent=1), "application/json", f"{_file_name(run)}.json")

    async def _told(request: Request, tell: Callable[[str], Awaitable[Told]]) -> Told | Response:
        person = person_of(request)
        if not person:
            return _refused(401, words(request).nobody)
        try:
            return await tell(person)
        except (UnknownConversation, UnknownRun) as error:
            return _refused(404, words(request).trouble(error))
        except (RoundtableError, ChatError) as error:
            log.warning("nothing was exported: %s", error)
            return _refused(503, words(request).trouble(error))

    return routes


def _file_name(name: str) -> str:
    """Letters of any script, digits and hyphens: what every file system takes."""
    normal = unicodedata.normalize("NFC", name)
    return re.sub(r"\W+", "-", normal).strip("-_")[:_LONGEST_NAME] or "conversation"


def _sent(text: str, kind: str, name: str = "") -> Response:
    headers = {"cache-control": "private, no-store"}
    if name:
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(text.encode("utf-8", "replace"), media_type=kind, headers=headers)


def _refused(status: int, sentence: str) -> Response:
    return PlainTextResponse(sentence + "\n", status, headers={"cache-control": "no-store"})
