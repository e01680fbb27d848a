"""Who answers: the catalog of agents, and the answerers that speak for them."""

from agents.agent import Agent
from agents.answers import Answerer, Claim, Draft, Piece, Question
from agents.errors import AgentError, AnswerFailed, CatalogError, UnknownAgent
from agents.registry import AgentRegistry, load_catalog

__all__ = [
    "Agent",
    "AgentError",
    "AgentRegistry",
    "AnswerFailed",
    "Answerer",
    "CatalogError",
    "Claim",
    "Draft",
    "Piece",
    "Question",
    "UnknownAgent",
    "load_catalog",
]
