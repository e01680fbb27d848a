"""What a command can refuse by itself; what the rest of the product raises is explained in outcome.py.

CommandError
├── WrongUsage    the command line cannot be understood: exit code 2
├── PortTaken     somebody else serves this port, or it needs more rights: exit code 2
├── NoAnswer      nobody answered within the time that a question may take: exit code 1
├── NobodyReads   whoever read the result has seen enough: exit code 1, and not a word
└── NotWritten    the result could not be written: exit code 1
"""


class CommandError(Exception):
    """The root; its text is one sentence for the person at the terminal."""


class WrongUsage(CommandError):
    """The command line cannot be understood."""


class PortTaken(CommandError):
    """The port cannot be served."""


class NoAnswer(CommandError):
    """A run's events stopped before its end."""


class NobodyReads(CommandError):
    """The other end of standard output was closed."""


class NotWritten(CommandError):
    """Standard output does not take the result."""
