"""Who answers: the catalog of agents, and the answerers that speak for them."""

from agents.agent import Agent
from agents.answers import Answerer, Claim, Draft, Exchange, Piece, Question, Terms
from agents.budget import Budget, Spending
from agents.errors import (
    AgentError,
    AnswerFailed,
    CatalogError,
    ModelFailed,
    ModelMisconfigured,
    ToolFailed,
    ToolMisconfigured,
    UnknownAgent,
    UnknownModel,
)
from agents.notes import Note
from agents.registry import AgentRegistry, load_catalog
from agents.usage import Usage, together

__all__ = [
    "Agent",
    "AgentError",
    "AgentRegistry",
    "AnswerFailed",
    "Answerer",
    "Budget",
    "CatalogError",
    "Claim",
    "Draft",
    "Exchange",
    "ModelFailed",
    "ModelMisconfigured",
    "Note",
    "Piece",
    "Question",
    "Spending",
    "Terms",
    "ToolFailed",
    "ToolMisconfigured",
    "UnknownAgent",
    "UnknownModel",
    "Usage",
    "load_catalog",
    "together",
]
