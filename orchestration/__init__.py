"""A question goes in, several agents work, one cited answer comes out. The path is spelled in path.py."""

from orchestration.errors import (
    ConfigurationError,
    EngineUnavailable,
    InvalidTask,
    RoundtableError,
    UnknownRun,
)
from orchestration.messages import Task, TaskResult
from orchestration.runtime import AgentOrchestrator, open_runtime, open_single, processes
from orchestration.settings import ENVIRONMENT, Settings, read_settings

__all__ = [
    "ENVIRONMENT",
    "AgentOrchestrator",
    "ConfigurationError",
    "EngineUnavailable",
    "InvalidTask",
    "RoundtableError",
    "Settings",
    "Task",
    "TaskResult",
    "UnknownRun",
    "open_runtime",
    "open_single",
    "processes",
    "read_settings",
]
