"""A question goes in, several agents work, one cited answer comes out. The path is spelled in path.py."""

from orchestration.agent_orchestrator import AgentOrchestrator
from orchestration.errors import (
    ConfigurationError,
    EngineUnavailable,
    Halted,
    InvalidTask,
    Overloaded,
    RoundtableError,
    UnknownDeadLetter,
    UnknownRun,
)
from orchestration.messages import Task, TaskResult, Turn
from orchestration.operations import Operations, open_operations
from orchestration.runtime import open_runtime, open_single
from orchestration.settings import ENVIRONMENT, Settings, read_settings
from orchestration.shelves import open_shelves

__all__ = [
    "ENVIRONMENT",
    "AgentOrchestrator",
    "ConfigurationError",
    "EngineUnavailable",
    "Halted",
    "InvalidTask",
    "Operations",
    "Overloaded",
    "RoundtableError",
    "Settings",
    "Task",
    "TaskResult",
    "Turn",
    "UnknownDeadLetter",
    "UnknownRun",
    "open_operations",
    "open_runtime",
    "open_shelves",
    "open_single",
    "read_settings",
]
