"""`/plan QUESTION`: the plan for one question is shown before it runs."""

from dataclasses import replace

from chat.commands.command import Call, Offer
from chat.manner import Manner


class Plan:
    offer = Offer(
        "plan", "See the plan for one question, and change it, before it runs", "list-checks", "QUESTION", asks=True
    )

    async def run(self, call: Call) -> Manner:
        return replace(call.usual, approval=True)
