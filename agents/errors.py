"""What can go wrong with agents.

AgentError
├── CatalogError     an entry of the catalog is wrong: the message names its file
├── UnknownAgent     somebody named an agent that does not exist
└── AnswerFailed     an answerer could not answer this step; another attempt may
"""


class AgentError(Exception):
    """The root; its text is one sentence for a person."""


class CatalogError(AgentError):
    """An agent cannot be registered."""


class UnknownAgent(AgentError):
    """There is no agent of that name."""


class AnswerFailed(AgentError):
    """An answerer gave up on a step."""
