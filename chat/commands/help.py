"""`/help`: what can be done here."""

from chat.commands.command import Call, Offer, Offers
from chat.reply import reply

_HELP = """\
**Ask.** Type a question, or several in one; the agents that fit answer together, with sources. A number in an answer \
opens its source.

- **@security** before a question asks that agent; type `@` for all names.
- **Go on** with “How long does that take?” or “And the second one?”: it is completed from what was said before. *Ask \
again* under an answer asks one agent alone.
- **Files**: drop them anywhere, with or without a question. `@security keep this for me` says who keeps \
them, and for whom.
- **Ask me first** in the settings beside the field shows you each plan before it runs; **Detail** says how much of \
the agents' work you see.
- **Stop** ends everything that runs in this conversation. Closing or reloading the page does not.

**Commands**, typed or chosen from the list after a `/`:

{commands}

**Keys**: Enter sends, Shift+Enter begins a new line; in the lists after `/` and `@` the arrows choose, Enter or Tab \
takes, Escape closes."""


class Help:
    offer = Offer("help", "What can be done here", "circle-help", button=True)

    def __init__(self, others: Offers) -> None:
        self._offers = (*others, self.offer)

    async def run(self, call: Call) -> None:
        lines = [f"- `{' '.join(filter(None, (f'/{one.name}', one.takes)))}`: {one.about}" for one in self._offers]
        await reply(call.window, call.message, "help", _HELP.format(commands="\n".join(lines)))
