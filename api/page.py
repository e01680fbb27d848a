"""The chat page: Chainlit, mounted under the root. The only module here that knows Chainlit."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from dotenv import dotenv_values
from fastapi import FastAPI, Request

from api.entrance import Entrance
from api.secret import VARIABLE, session_secret
from knowledge.own_folder import OwnFolder
from orchestration import Settings
from orchestration.errors import ConfigurationError
from people import People, Session, visitor

CHECKOUT = Path(__file__).resolve().parents[1]
"""The folder of app.py, .chainlit and public. The packages are installed in place, so it is the one above this."""

LARGEST_MESSAGE = 8_000_000
"""Bytes of one socket message; at Chainlit's default of 1 MB a long answer would drop the connection."""

_NO_EXPORT: Mapping[str, str] = {
    "OTEL_SDK_DISABLED": "true",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "TRACELOOP_TELEMETRY": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_SELECTS_ANOTHER_STORE = ("LITERAL_API_KEY", "DATABASE_URL")
"""Chainlit would send conversations wherever these point; they may be set for another program."""
_TAKEN_FOR_SETTINGS = frozenset({"root", "chainlit_server", "run", "features", "ui", "project", "code"})
"""Fields of Chainlit's configuration, which it reads from variables of these names, in capitals or not. They are names
that somebody sets for quite another purpose, and what stands there then keeps the chat from starting.
"""


class ChatPage:
    """Chainlit with our app.py; one a process, because Chainlit is configured by the process's environment."""

    def __init__(self, settings: Settings, people: People) -> None:
        self._settings = settings
        self._people = people
        self._uploads = OwnFolder(settings.data / "uploads")

    def mount(self, app: FastAPI) -> None:
        """Load app.py and mount Chainlit; call it after every other route is declared.

        Changes this process's environment. Raises ConfigurationError when this is not a checkout or the session
        secret cannot be used.
        """
        target = CHECKOUT / "app.py"
        missing = [p.name for p in (target, CHECKOUT / ".chainlit", CHECKOUT / "public") if not p.exists()]
        if missing:
            raise ConfigurationError(f"{CHECKOUT} has no {', '.join(missing)}: run Roundtable from a checkout.")
        prepare_environment(os.environ, self._settings.data)
        with without_its_settings(os.environ):
            self._import_chainlit()
        from chainlit.config import config
        from chainlit.server import sio
        from chainlit.utils import mount_chainlit

        # Read when the first request comes. The guard is what refuses other origins; none is ever allowed in.
        config.project.allow_origins[:] = []
        # An empty list, unlike "*", makes the socket send no CORS headers at all.
        sio.eio.cors_allowed_origins = []
        sio.eio.max_http_buffer_size = LARGEST_MESSAGE
        mount_chainlit(app, target=str(target), path="/")
        if config.features.spontaneous_file_upload is not None:
            # The same limit at the door as inside.
            config.features.spontaneous_file_upload.max_size_mb = self._settings.knowledge.max_file_megabytes
        app.add_middleware(
            Entrance,
            people=self._people,
            tokens=ChainlitTokens(),
            header=self._settings.web.proxy_header,
            seconds=config.project.user_session_timeout,
        )

    def person(self, request: Request) -> str:
        """Whose session it is, as the entrance has found out."""
        return visitor().person

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What Chainlit does around serving, which a mounted one leaves to us; and an empty folder for uploads."""
        from chainlit.config import config
        from chainlit.data import get_data_layer

        from chat.attendance import watching_attendance

        await asyncio.to_thread(self._uploads.open)
        try:
            if config.code.on_app_startup:
                await config.code.on_app_startup()
            async with watching_attendance():
                yield
        finally:
            if config.code.on_app_shutdown:
                await config.code.on_app_shutdown()
            if layer := get_data_layer():  # type: ignore[no-untyped-call]
                await layer.close()
            await asyncio.to_thread(self._uploads.close)

    def _import_chainlit(self) -> None:
        """Keep sessions' files in the data folder; importing Chainlit makes a folder for them in the checkout."""
        folder = CHECKOUT / ".files"
        was_there = folder.exists()
        import chainlit.config

        vars(chainlit.config)["FILES_DIRECTORY"] = self._uploads.path
        if not was_there and folder.exists():
            folder.rmdir()


class ChainlitTokens:
    """Sessions as Chainlit signs them."""

    def make(self, session: Session) -> str:
        from chainlit.auth import create_jwt

        from chat.signing_in import user_of

        return create_jwt(user_of(session))

    def read(self, token: str) -> Session | None:
        from chainlit.auth.jwt import decode_jwt
        from jwt import InvalidTokenError

        from chat.signing_in import session_of

        try:
            return session_of(decode_jwt(token))
        except (InvalidTokenError, KeyError, TypeError, ValueError):
            return None


def prepare_environment(environ: MutableMapping[str, str], data: Path, dotenv: Path = Path(".env")) -> None:
    """What Chainlit reads from the environment: its folder, its secret, and nothing that sends data elsewhere."""
    kept = {name: value for name, value in dotenv_values(dotenv).items() if value}
    environ[VARIABLE] = session_secret(data, {**kept, **environ})
    environ["CHAINLIT_APP_ROOT"] = str(CHECKOUT)
    # Chainlit would load .env into the environment, and with it what is taken out here.
    environ["CHAINLIT_ENV_FILE"] = os.devnull
    environ.update(_NO_EXPORT)
    for name in _SELECTS_ANOTHER_STORE:
        environ.pop(name, None)


@contextmanager
def without_its_settings(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Nothing of the environment is taken for a setting of Chainlit's meanwhile; afterwards it is as it was."""
    hidden = {name: environ.pop(name) for name in list(environ) if name.lower() in _TAKEN_FOR_SETTINGS}
    try:
        yield
    finally:
        environ.update(hidden)
