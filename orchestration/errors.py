"""What can go wrong between a question and its answer.

RoundtableError
├── ConfigurationError    a setting, the data folder or a server's version is wrong: exit code 2
├── InvalidTask           the question cannot be asked as it is: exit code 2
│   └── EmptyQuestion     nothing is asked
├── InvalidPlan           the plan cannot run as it was edited: edit it again
├── NotAwaiting           the run does not wait for an approval (any more)
├── UnknownRun            no such run, or it is another person's (the two look the same on purpose)
├── UnknownDeadLetter     no such dead letter: exit code 2
├── EngineUnavailable     Redis cannot be reached: wait, or use the single agent
├── Overloaded            there is no place for another question: ask again later
├── Halted                the operator stopped all agents: ask again when they were started again
├── UnsupportedMessage    a newer program wrote this message: leave it for one that can read it
├── UnreadableRun         a run in Redis is damaged, or not as this program writes it
└── Superseded            somebody else owns this run or step now: stop working on it, silently
"""


class RoundtableError(Exception):
    """The root of everything that this package raises on purpose; its text is one sentence for a person."""


class ConfigurationError(RoundtableError):
    """A setting, the data folder or a server's version is wrong; starting again will not help."""


class InvalidTask(RoundtableError):
    """The question cannot be asked as it is."""


class EmptyQuestion(InvalidTask):
    """There is not a word in it."""


class InvalidPlan(RoundtableError):
    """The plan cannot run as it was edited."""


class NotAwaiting(RoundtableError):
    """The run does not wait for an approval: it was approved, or it is over."""


class UnknownRun(RoundtableError):
    """There is no such run for this person."""


class UnknownDeadLetter(RoundtableError):
    """There is no such dead letter."""


class EngineUnavailable(RoundtableError):
    """Redis cannot be reached at the moment."""


class Overloaded(RoundtableError):
    """There is no place for another question at the moment."""

    def __init__(self, message: str, seconds: float | None) -> None:
        super().__init__(message)
        self.seconds = seconds
        """When a place is expected to be free, from now; None when nothing is known."""


class Halted(RoundtableError):
    """The operator has stopped all agents."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """As the operator wrote it."""


class UnsupportedMessage(RoundtableError):
    """A message has a schema major version that this program does not know."""


class UnreadableRun(RoundtableError):
    """A run in Redis is damaged, or not as this program writes it."""

    def __init__(self, message: str, fence: int, overdue: bool) -> None:
        super().__init__(message)
        self.fence = fence
        """Under which it is owned here."""
        self.overdue = overdue
        """Whether its deadline has passed: nobody else will end it either."""


class Superseded(RoundtableError):
    """A fence was refused: the run or step has ended or has a new owner."""
