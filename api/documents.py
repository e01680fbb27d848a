"""The files behind the documents: what a person may see can be had back as it was put in.

Somebody else's document, one that is gone and one whose file was not kept are the same: there is no such document.
"""

import asyncio
import logging
import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from api.headers import DOCUMENT_POLICY, PDF_POLICY
from chat.errors import NotStarted
from chat.language import words_of
from knowledge import Document, InvalidBase, KnowledgeError, UnknownDocument
from orchestration import ConfigurationError

log = logging.getLogger(__name__)

UNKNOWN = "There is no such document."


class Files(Protocol):
    """What is asked of the knowledge."""

    def original(self, base: str, document: str, *, person: str) -> Path: ...

    def documents(self, base: str, person: str) -> Sequence[Document]: ...


def router(current: Callable[[], Files | None], person_of: Callable[[Request], str]) -> APIRouter:
    """`current` gives the knowledge once it is open; `person_of` who asks, or nobody."""
    routes = APIRouter(prefix="/api/knowledge")

    @routes.get("/{agent}/documents/{document}")
    async def original(request: Request, agent: str, document: str, inline: bool = False) -> Response:
        """The file; beside the chat instead of into a folder where it is a PDF and `inline` is asked for."""
        person, words = person_of(request), words_of(request.headers.get("accept-language"))
        if not person:
            return _refused(401, words.nobody)
        try:
            files = current()
            if files is None:
                return _refused(503, words.trouble(NotStarted("the knowledge is not open yet")))
            found = await asyncio.to_thread(_find, files, agent, document, person)
        except (UnknownDocument, InvalidBase) as error:
            return _refused(404, words.trouble(error))
        except (KnowledgeError, ConfigurationError) as error:
            log.warning("a document was not handed out: %s", error)
            return _refused(503, words.trouble(error))
        return _sent(found, shown=inline and found.pdf)

    return routes


@dataclass(frozen=True)
class _Found:
    path: Path
    name: str
    """For people."""
    pdf: bool
    """By its name and by what it is: a browser's viewer is shown nothing else."""


def _find(files: Files, agent: str, document: str, person: str) -> _Found:
    """Raises UnknownDocument. Blocking."""
    path = files.original(agent, document, person=person)
    known = next((d for d in files.documents(agent, person) if d.id == document), None)
    if known is None:
        raise UnknownDocument(UNKNOWN)
    name = known.source.rpartition("/")[2]
    try:
        with path.open("rb") as file:
            pdf = name.lower().endswith(".pdf") and b"%PDF-" in file.read(1024)
    except FileNotFoundError as error:  # removed a moment ago
        raise UnknownDocument(UNKNOWN) from error
    return _Found(path, name, pdf)


def _sent(found: _Found, *, shown: bool) -> Response:
    kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    response = FileResponse(
        found.path,
        media_type=kind if found.pdf or kind != "application/pdf" else "application/octet-stream",
        filename=found.name,
        content_disposition_type="inline" if shown else "attachment",
    )
    response.headers["content-security-policy"] = PDF_POLICY if shown else DOCUMENT_POLICY
    # It is this person's to see, and may be gone tomorrow.
    response.headers["cache-control"] = "private, no-cache"
    return response


def _refused(status: int, sentence: str) -> Response:
    return PlainTextResponse(sentence + "\n", status, headers={"cache-control": "no-store"})
