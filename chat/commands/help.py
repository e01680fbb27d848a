"""`/help`: what can be done here."""

from chat.commands.command import Call, Offer, Offers
from chat.reply import reply


class Help:
    offer = Offer("help", "circle-help", button=True)

    def __init__(self, others: Offers) -> None:
        self._offers = (*others, self.offer)

    async def run(self, call: Call) -> None:
        words = call.window.words
        lines = [f"- `{words.typed(one.name, one.takes)}`: {words.about(one.name)}" for one in self._offers]
        await reply(call.window, call.message, "help", words.help.format(commands="\n".join(lines)))
