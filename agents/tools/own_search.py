"""Looks something else up in the agent's own knowledge."""

from collections.abc import Mapping

from agents.answers import Search
from agents.errors import ToolFailed
from agents.models import ToolOffer
from agents.tools.tool import Outcome

MOST_CHARACTERS = 300


class OwnSearch:
    """A model says what is searched for, and nothing else: whose documents they are was settled with `search`."""

    offer = ToolOffer(
        name="search_knowledge",
        description=(
            "Searches your own documents again, for something that the sources so far do not say. Ask for one thing at"
            " a time, in a full question or with its most telling words."
        ),
        schema={
            "type": "object",
            "properties": {"query": {"type": "string", "description": "what to look up"}},
            "required": ["query"],
        },
    )

    def __init__(self, search: Search) -> None:
        self._search = search

    async def call(self, arguments: Mapping[str, object]) -> Outcome:
        query = arguments.get("query")
        if not isinstance(query, str) or not any(character.isalnum() for character in query):
            raise ToolFailed("search_knowledge needs a query, in words.")
        return Outcome(hits=await self._search(query.strip()[:MOST_CHARACTERS]))
