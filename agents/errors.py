"""What can go wrong with agents.

AgentError
├── CatalogError        an entry of the catalog is wrong: the message names its file
├── UnknownAgent        somebody named an agent that does not exist
├── UnknownModel        somebody named a language model that is not offered
├── ModelMisconfigured  a language model cannot be used as it is configured: the message names the setting or extra
├── ModelFailed         a language model did not answer; `why` says in which way
├── ToolMisconfigured   a server of tools cannot be used as it is configured: the message names the setting
├── ToolFailed          a tool did not do what a model wanted; the text tells the model why
└── AnswerFailed        an answerer could not answer this step; another attempt may
"""

from typing import Literal

from agents.usage import Usage

Why = Literal[
    "timeout", "unreachable", "rate_limited", "refused", "interrupted", "unusable", "budget", "resting", "unknown"
]
"""In which way a model failed.

timeout: silent for too long. unreachable: no connection, or the server's own error. rate_limited: too many requests.
refused: the provider did not accept the request (key, name, size). interrupted: broke off in mid-answer. unusable: what
it said cannot be used. budget: nothing left to spend. resting: it failed so often that it is left alone for a while.
unknown: not configured where it was asked for.
"""


class AgentError(Exception):
    """The root; its text is one sentence for a person."""


class CatalogError(AgentError):
    """An agent cannot be registered."""


class UnknownAgent(AgentError):
    """There is no agent of that name."""

    def __init__(self, message: str, name: str, near: str = "") -> None:
        super().__init__(message)
        self.name = name
        self.near = near
        """One that is written like it, if there is one."""


class UnknownModel(AgentError):
    """There is no language model of that name, or it may not be chosen."""


class ModelMisconfigured(AgentError):
    """A language model cannot be used as it is configured."""


class ModelFailed(AgentError):
    """A language model did not answer. What a provider said is neither shown nor logged: it may hold secrets."""

    def __init__(self, model: str, why: Why, retry_after: float | None = None, usage: tuple[Usage, ...] = ()) -> None:
        """`retry_after`: seconds for which the provider wants to be left alone, where it said so. `usage`: what was
        spent for nothing.
        """
        super().__init__(f"The model {model} did not answer ({why.replace('_', ' ')}).")
        self.model = model
        self.why: Why = why
        self.retry_after = retry_after
        self.usage = usage


class ToolMisconfigured(AgentError):
    """A server of tools cannot be used as it is configured."""


class ToolFailed(AgentError):
    """A tool did not do what a model wanted."""


class AnswerFailed(AgentError):
    """An answerer gave up on a step."""
