"""`/single QUESTION`: one question to the single agent, whatever the profile."""

from chat.commands.command import Call, Offer
from chat.manner import Manner


class Single:
    offer = Offer("single", "user-round", "QUESTION", asks=True)

    async def run(self, call: Call) -> Manner:
        return call.usual.by_single_agent()
