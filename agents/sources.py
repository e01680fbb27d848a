"""What a reply may rest on: passages and what tools gave, numbered from 1 in the order in which they came."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from agents.words import content_words
from knowledge import Hit, Matrix, Passage, Sentence, Vector
from knowledge.sentences import split, starts_item, without_bullet

Embed = Callable[[Sequence[str]], Awaitable[Matrix]]
CALCULATION = "calculate"
"""The document of what was calculated: its figures may stand beside those of the sources they were made of."""
MOST_CHARACTERS = 6_000
"""Of what a tool gave."""
MOST_SENTENCES = 200


class Sources:
    """Begins with what was found for the question."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.hits = list(hits)

    def add(self, hits: Sequence[Hit], most: int) -> list[Hit]:
        """Those of them that are new, with the next numbers."""
        known = {hit.passage.id for hit in self.hits}
        new: list[Hit] = []
        for hit in hits:
            if hit.passage.id not in known and len(new) < most:
                known.add(hit.passage.id)
                new.append(hit)
        self.hits += new
        return new


async def given(tool: str, text: str, vector: Vector, asked: str, embed: Embed) -> Hit:
    """What a tool gave, as a source. It is in no document, so its passage has no base.

    `vector` and `asked` are the question.
    """
    text = text[:MOST_CHARACTERS]
    told = [
        Sentence(text=sentence, position=at, kind=kind)
        for at, (sentence, kind) in enumerate(_sentences(text)[:MOST_SENTENCES])
    ]
    vectors = await embed([sentence.text for sentence in told] or [tool])
    named = hashlib.sha256(f"{tool}\n{text}".encode()).hexdigest()[:16]
    passage = Passage(
        id=f"{tool}:{named}",
        base="",
        document=tool,
        source=tool,
        title=tool,
        text=text,
        score=max(0.0, min(1.0, float((vectors @ vector).max()))),
    )
    words = content_words(asked)
    shared = len(words & content_words(text)) / len(words) if words else 0.0
    return Hit(passage, tuple(told), vectors[: len(told)], rank_score=0.0, lexical=shared)


def _sentences(text: str) -> list[tuple[str, Literal["prose", "item", "row"]]]:
    found: list[tuple[str, Literal["prose", "item", "row"]]] = []
    for line in filter(str.strip, text.splitlines()):
        if line.lstrip().startswith("|"):
            found.append((line.strip(), "row"))
        elif starts_item(line):
            found.append((without_bullet(line), "item"))
        else:
            found += [(sentence, "prose") for sentence in split(line)]
    return found
