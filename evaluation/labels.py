"""Agents made of a set's data."""

import re
from collections.abc import Sequence

from agents import Agent

_DESCRIBES = 20
"""The shortest description that an agent may have."""


def agent_name(label: str) -> str:
    """A label of the data as an agent may be called: lower case, without odd characters."""
    return re.sub(r"[^a-z0-9_-]+", "-", label.lower()).strip("-")


def make_agent(label: str, description: str, examples: Sequence[str]) -> Agent:
    """An agent without documents; one whose description is too short to be one is described with its label too."""
    described = description if len(description) >= _DESCRIBES else f"The agent {label}: {description}"
    return Agent(name=agent_name(label), title=label, description=described, examples=tuple(examples))
