"""The address to which the page sends files, in the place of Chainlit's (chat/addresses.py).

Chainlit's reads each file whole into memory, fails at an empty one, and serves everything back as whatever it claims
to be. Here a file is copied piece by piece into the session's folder, and is judged when its message comes: a person
hears why a file cannot be read beside the others of the same message, not from a note that goes away.
"""

import asyncio
import errno
import logging
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from chainlit.config import config
from chainlit.server import UserParam
from chainlit.session import WebsocketSession, ws_sessions_id
from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from chat.language import words_of
from chat.order import HandedIn
from chat.own_session import own_session_soon
from knowledge import KnowledgeSettings
from people import visitor

log = logging.getLogger(__name__)

MOST_WAITING = 100
"""Files of one person that are with the server before their message is."""
_AROUND_A_FILE = 100_000
"""Bytes of a request that are not the file's."""
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


async def take_file(request: Request, current_user: UserParam, session_id: str) -> JSONResponse:
    """Keep one file with the session that sends it, for the message that will name it."""
    words, session = words_of(request.headers.get("accept-language")), await own_session_soon(session_id)
    if session is None:
        raise HTTPException(404, words.not_connected)
    if _waiting(visitor().person) >= MOST_WAITING:
        raise HTTPException(429, words.too_many_waiting(MOST_WAITING))
    limit = _most_megabytes()
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > limit * 1_000_000 + _AROUND_A_FILE:
        raise HTTPException(413, words.too_large(limit))
    try:
        async with request.form(max_files=1, max_fields=1) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise HTTPException(400, words.no_file)
            id, path = str(uuid.uuid4()), session.files_dir
            size = await asyncio.to_thread(_keep, file.file, path, id)
            name = _as_it_was(file.filename or "unnamed")
    except MultiPartException as error:
        raise HTTPException(400, words.no_file) from error
    except ClientDisconnect as error:
        raise HTTPException(400, words.not_whole) from error
    except OSError as error:
        log.warning("a file was not kept: %s", error)
        full = error.errno in _NO_SPACE
        reason = words.no_space if full else words.not_stored
        raise HTTPException(507, reason) from error
    session.files[id] = {"id": id, "path": path / id, "name": name, "type": "application/octet-stream", "size": size}
    return JSONResponse({"id": id})


async def refuse_file(file_id: str, current_user: UserParam) -> JSONResponse:
    """What was handed in is not served from here: its type is not known, and a page among it would be ours."""
    raise HTTPException(404, "There is no such file.")


def handed_in(session: WebsocketSession, ids: Iterable[str]) -> tuple[HandedIn, ...]:
    """Take files from the session by the ids that the page was given for them; what is not there is left out."""
    files = [session.files.pop(id, None) for id in ids]
    return tuple(HandedIn(file["name"], Path(file["path"])) for file in files if file is not None)


def _waiting(person: str) -> int:
    """Files of a person that no message has named yet, in all their windows."""
    return sum(len(s.files) for s in ws_sessions_id.values() if s.user is not None and s.user.identifier == person)


def _as_it_was(name: str) -> str:
    """Browsers write three characters of a file's name so that it fits into a header."""
    for written, was in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        name = name.replace(written, was)
    return name


def _keep(file: BinaryIO, folder: Path, name: str) -> int:
    """Copy to where the session's files are; the size in bytes. Blocking."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    try:
        with path.open("xb") as copy:
            shutil.copyfileobj(file, copy)
            return copy.tell()
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _most_megabytes() -> int:
    feature = config.features.spontaneous_file_upload
    return (feature and feature.max_size_mb) or KnowledgeSettings().max_file_megabytes
