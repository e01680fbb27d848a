"""`/background QUESTION`: one question that lets those of people who wait for theirs go first."""

from dataclasses import replace

from chat.commands.command import Call, Offer
from chat.manner import Manner


class Background:
    offer = Offer("background", "hourglass", "QUESTION", asks=True)

    async def run(self, call: Call) -> Manner:
        return replace(call.usual, priority="background")
