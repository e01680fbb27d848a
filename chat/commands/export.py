"""`/export`: this conversation as a file, to take along."""

import logging

from chat.commands.command import Call, Offer
from chat.errors import ChatError
from chat.host import current
from chat.plain import plain
from chat.reply import reply
from orchestration.errors import RoundtableError

log = logging.getLogger(__name__)


class Export:
    offer = Offer("export", "download")

    async def run(self, call: Call) -> None:
        window, message = call.window, call.message
        try:
            found = await current().history.conversation(window.person, window.thread)
        except (ChatError, RoundtableError) as error:
            log.warning("thread %s cannot be exported: %s", window.thread, error)
            await reply(window, message, "export", plain(window.words.trouble(error)), failed=True)
            return
        if found is None:
            await reply(window, message, "export", window.words.nothing_to_export)
            return
        address = f"/api/conversations/{window.thread}/export"
        await reply(window, message, "export", f"[{window.words.download_export}]({address})")
