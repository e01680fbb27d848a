"""`/plan QUESTION`: the plan for one question is shown before it runs."""

from dataclasses import replace

from chat.commands.command import Call, Offer
from chat.manner import Manner


class Plan:
    offer = Offer("plan", "list-checks", "QUESTION", asks=True)

    async def run(self, call: Call) -> Manner:
        return replace(call.usual, approval=True)
