"""Profiles: how near a question is to an agent's own words, and whose words it is like."""

import numpy as np
import pytest

from agents import Agent
from knowledge import HashEmbedder
from orchestration.profiles import Fit, Profiles, profile_texts
from tests.selection.shelves import GARDEN, KITCHEN

EMBEDDER = HashEmbedder()


def profiles(*agents: Agent) -> Profiles:
    return Profiles.of(agents, EMBEDDER.embed(profile_texts(agents)))


def test_a_question_is_nearest_to_the_agent_that_has_such_examples() -> None:
    """By likeness and by fit."""
    question = "When do I prune apple roses?"
    vector = EMBEDDER.embed([question])[0]
    both = profiles(GARDEN, KITCHEN)
    likeness, fits = both.likeness(vector), both.fits(question, vector)
    assert (likeness["garden"].examples or 0) > (likeness["kitchen"].examples or 0)
    assert fits["garden"] > fits["kitchen"]


def test_a_question_about_something_else_fits_nobody() -> None:
    """Words that no agent has say nothing."""
    question = "zebra quantum violin"
    vector = np.zeros(EMBEDDER.dimensions, dtype=np.float32)
    fits = profiles(GARDEN, KITCHEN).fits(question, vector)
    assert max(fits.values()) < 0.2


def test_an_agent_without_examples_has_its_description() -> None:
    """Its examples do not count against it."""
    bare = Agent(name="trains", title="Trains", description="Knows trains and their stations.")
    question = "When do trains leave their stations?"
    vector = EMBEDDER.embed([question])[0]
    known = profiles(GARDEN, bare)
    assert known.likeness(vector)["trains"].examples is None
    assert known.likeness(vector)["trains"].description > known.likeness(vector)["garden"].description
    assert known.fits(question, vector)["trains"] > known.fits(question, vector)["garden"]


def test_alone_an_agent_fits_everything() -> None:
    """There is nobody else whose question it could be."""
    assert profiles(GARDEN).fits("anything", EMBEDDER.embed(["anything"])[0]) == {"garden": 1.0}


def test_an_agent_with_many_examples_does_not_outweigh_one_with_few() -> None:
    """Each agent weighs the same: a text in the middle of both is about as much the one's as the other's."""
    texts = [*(f"bread loaf {number}" for number in range(20)), "roses bush one", "roses bush two"]
    owners = ["kitchen"] * 20 + ["garden"] * 2
    fit = Fit.learn(texts, EMBEDDER.embed(texts), owners)
    question = "bread loaf roses bush"
    found = fit.of(question, EMBEDDER.embed([question])[0])
    assert found["garden"] == pytest.approx(found["kitchen"], abs=0.35)
    assert found["garden"] > 0.2
