"""What the agents' own words say about a question: their examples, their descriptions, and how they differ.

Two kinds of likeness. How near a question is to an agent's examples says whether it is in its field at all. Which
words and meanings set the agents' examples apart says whose field it is when several are near; that is learnt from
the examples themselves by ridge regression (regularised least squares, one column an agent), in closed form.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from agents import Agent
from agents.words import content_words
from knowledge import Matrix, Vector

NEAREST = 3
"""Examples that count: their mean is steadier than the nearest alone."""
REGULARISATION = 1.0

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """How one agent's own words compare with a question, each 0 to 1; None where the agent has none."""

    examples: float | None
    description: float


def profile_texts(agents: Sequence[Agent]) -> list[str]:
    """What has to be embedded for `Profiles.of`, in its order."""
    return [text for agent in agents for text in (agent.description, *agent.examples)]


class Profiles:
    """The own words of some agents, made once."""

    def __init__(self, examples: Mapping[str, Matrix], descriptions: Mapping[str, Vector], fit: "Fit | None") -> None:
        self._examples = examples
        self._descriptions = descriptions
        self._fit = fit

    @classmethod
    def of(cls, agents: Sequence[Agent], vectors: Matrix) -> Self:
        """`vectors` are the embeddings of `profile_texts(agents)`, shape (texts, d). Takes time with many examples."""
        descriptions: dict[str, Vector] = {}
        examples: dict[str, Matrix] = {}
        at = 0
        for agent in agents:
            descriptions[agent.name] = vectors[at]
            examples[agent.name] = vectors[at + 1 : at + 1 + len(agent.examples)]
            at += 1 + len(agent.examples)
        owners = [agent.name for agent in agents for _ in range(1 + len(agent.examples))]
        fit = Fit.learn(profile_texts(agents), vectors, owners) if len(agents) > 1 else None
        return cls(examples, descriptions, fit)

    def likeness(self, vector: Vector) -> dict[str, Likeness]:
        """For each agent; `vector` is a text's embedding, shape (d,)."""
        return {
            name: Likeness(_mean_of_best(self._examples[name] @ vector), _share(float(description @ vector)))
            for name, description in self._descriptions.items()
        }

    def fits(self, text: str, vector: Vector) -> dict[str, float]:
        """For each agent how much more a text is like its words than like the others', 0 to 1."""
        return self._fit.of(text, vector) if self._fit else dict.fromkeys(self._descriptions, 1.0)


class OwnWords:
    """The profiles of some agents, learnt when they are first asked for."""

    def __init__(self, agents: Mapping[str, Agent], embed: Callable[[Sequence[str]], Awaitable[Matrix]]) -> None:
        self._agents = agents
        self._embed = embed
        self._profiles: Profiles | None = None
        self._learning = asyncio.Lock()

    async def profiles(self) -> Profiles:
        async with self._learning:
            if self._profiles is None:
                agents = list(self._agents.values())
                vectors = await self._embed(profile_texts(agents))
                self._profiles = await asyncio.to_thread(Profiles.of, agents, vectors)
            return self._profiles


class Fit:
    """A linear reading of a text's meaning and words: one output for each agent, about 1 for its own, 0 for others."""

    def __init__(self, words: "_Words", weights: _Floats, mean: _Floats, agents: Sequence[str]) -> None:
        self._words = words
        self._weights = weights
        self._mean = mean
        self._agents = tuple(agents)

    @classmethod
    def learn(cls, texts: Sequence[str], vectors: Matrix, owners: Sequence[str]) -> Self:
        """From texts, their embeddings (texts, d) and the agent of each; every agent weighs the same."""
        agents = tuple(dict.fromkeys(owners))
        words = _Words.of(texts)
        features = words.features(texts, vectors)
        column = np.array([agents.index(owner) for owner in owners])
        weight = 1 / np.bincount(column, minlength=len(agents))[column]
        mean = np.average(features, axis=0, weights=weight)
        features -= mean
        wanted = np.full((len(texts), len(agents)), -1 / len(agents))
        wanted[np.arange(len(texts)), column] += 1.0
        # The dual form: as many unknowns as texts, however many words there are.
        noise = REGULARISATION * weight.mean() / weight
        solved = np.linalg.solve(features @ features.T + np.diag(noise), wanted)
        return cls(words, features.T @ solved * len(agents) / (len(agents) - 1), mean, agents)

    def of(self, text: str, vector: Vector) -> dict[str, float]:
        """For each agent, 0 to 1."""
        features = self._words.features([text], vector[np.newaxis])[0] - self._mean
        return {
            name: _share(value) for name, value in zip(self._agents, (features @ self._weights).tolist(), strict=True)
        }


@dataclass(frozen=True)
class _Words:
    """Rarity of the words in some texts."""

    rarity: Mapping[str, float]
    place: Mapping[str, int]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        counts: dict[str, int] = {}
        for text in texts:
            for word in content_words(text):
                counts[word] = counts.get(word, 0) + 1
        known = sorted(counts)
        rarity = {word: float(np.log(1 + (len(texts) + 0.5) / (counts[word] + 0.5))) for word in known}
        return cls(rarity, {word: place for place, word in enumerate(known)})

    def features(self, texts: Sequence[str], vectors: Matrix) -> _Floats:
        """Shape (texts, d + words): the embedding, and the words by rarity at the same length."""
        words = np.zeros((len(texts), len(self.place)))
        for row, text in enumerate(texts):
            for word in content_words(text):
                if word in self.place:
                    words[row, self.place[word]] = self.rarity[word]
        norms = np.linalg.norm(words, axis=1, keepdims=True)
        norms[norms == 0] = 1.0
        return np.hstack([vectors.astype(np.float64), words / norms])


def _mean_of_best(similarities: Vector) -> float | None:
    if not len(similarities):
        return None
    return _share(float(np.sort(similarities)[-NEAREST:].mean()))


def _share(value: float) -> float:
    return max(0.0, min(1.0, value))
