"""What can go wrong between a question and its answer.

RoundtableError
├── ConfigurationError    a setting, the data folder or a server's version is wrong: exit code 2
├── InvalidTask           the question cannot be asked as it is: exit code 2
│   ├── EmptyQuestion     nothing is asked
│   ├── QuestionTooLong   more characters than a question may have
│   ├── UnreadableQuestion  it is no text
│   └── AskedBefore       a question of this id is there already
├── InvalidPlan           the plan cannot run as it was edited: edit it again
│   ├── EmptyPlan         nobody is asked
│   ├── TooManyQuestions  more than a plan may ask
│   ├── AgentGone         a step asks an agent that does not exist
│   ├── AgentAway         a step asks an agent that nobody runs
│   ├── WaitsForLater     a step waits for one that stands behind it
│   ├── AsksTheSame       two steps ask one agent the same
│   └── UnaskableStep     a step's question cannot be asked
├── NotAwaiting           the run does not wait for an approval (any more)
├── UnknownRun            no such run, or it is another person's (the two look the same on purpose)
├── UnknownDeadLetter     no such dead letter: exit code 2
├── EngineUnavailable     Redis cannot be reached: wait, or use the single agent
├── Overloaded            there is no place for another question: ask again later
├── Halted                the operator stopped all agents: ask again when they were started again
├── UnsupportedMessage    a newer program wrote this message: leave it for one that can read it
├── UnreadableRun         a run in Redis is damaged, or not as this program writes it
├── Forgotten             Redis lost what it had acknowledged of a run: go on from what it has
├── Forged                nobody who has the signing keys wrote this: leave it out, and raise the alarm
│   └── ForgedPart        it is what was asked or decided in a run: the run cannot go on
└── Superseded            somebody else owns this run or step now: stop working on it, silently
"""

from typing import Literal


class RoundtableError(Exception):
    """The root of everything that this package raises on purpose; its text is one sentence for a person."""


class ConfigurationError(RoundtableError):
    """A setting, the data folder or a server's version is wrong; starting again will not help."""


class InvalidTask(RoundtableError):
    """The question cannot be asked as it is."""


class EmptyQuestion(InvalidTask):
    """There is not a word in it."""


class QuestionTooLong(InvalidTask):
    """It has more characters than a question may have."""

    def __init__(self, characters: int, most: int) -> None:
        super().__init__(
            f"The question has {characters:,} characters and may have {most:,}. Ask a shorter question;"
            " long material belongs into a document that an agent keeps."
        )
        self.characters = characters
        self.most = most


class UnreadableQuestion(InvalidTask):
    """It is no text."""

    def __init__(self) -> None:
        super().__init__("The question looks like binary data, not text. Please type it in words.")


class AskedBefore(InvalidTask):
    """A question of this id is there already."""

    def __init__(self) -> None:
        super().__init__("A question with this id was asked already.")


class InvalidPlan(RoundtableError):
    """The plan cannot run as it was edited."""


class EmptyPlan(InvalidPlan):
    """Nobody is asked."""

    def __init__(self) -> None:
        super().__init__("The plan is empty. Add an agent, or cancel it.")


class TooManyQuestions(InvalidPlan):
    """The plan asks more different questions than it may."""

    def __init__(self, asked: int, most: int) -> None:
        super().__init__(f"The plan asks {asked} different questions and may ask {most}.")
        self.asked = asked
        self.most = most


class AgentGone(InvalidPlan):
    """There is no agent of that name; `row` counts the steps from 1, here and below."""

    def __init__(self, row: int, agent: str) -> None:
        super().__init__(f"Step {row}: there is no agent “{agent}” any more. Choose another one.")
        self.row = row
        self.agent = agent


class AgentAway(InvalidPlan):
    """Nobody runs the agent at the moment."""

    def __init__(self, row: int, title: str) -> None:
        super().__init__(f"Step {row}: no worker runs {title} right now. Choose another agent, or try again later.")
        self.row = row
        self.title = title


class WaitsForLater(InvalidPlan):
    """A step can only wait for what stands before it."""

    def __init__(self, row: int) -> None:
        super().__init__(f"Step {row} can only wait for steps that stand before it.")
        self.row = row


class AsksTheSame(InvalidPlan):
    """Two steps ask one agent the same."""

    def __init__(self, first: int, row: int, title: str) -> None:
        super().__init__(f"Steps {first} and {row} ask {title} the same. Take one of them out.")
        self.first = first
        self.row = row
        self.title = title


class UnaskableStep(InvalidPlan):
    """The question of a step cannot be asked."""

    def __init__(self, row: int, cause: InvalidTask) -> None:
        super().__init__(f"Step {row}: {cause}")
        self.row = row
        self.cause = cause


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

    def __init__(self, message: str, fence: int, overdue: bool, forged: "ForgedPart | None" = None) -> None:
        super().__init__(message)
        self.fence = fence
        """Under which it is owned here."""
        self.overdue = overdue
        """Whether its deadline has passed: nobody else will end it either."""
        self.forged = forged
        """Why it cannot be believed, where that is what is wrong with it."""


class Forged(RoundtableError):
    """Nobody who has the signing keys wrote a message, or not for this place; says which of the two, as a clause."""


class ForgedPart(Forged):
    """The message is a part of a run that orchestrators write down for one another."""

    def __init__(self, part: Literal["task", "selection", "plan"], why: str) -> None:
        super().__init__(why)
        self.part = part


class Forgotten(RoundtableError):
    """Redis has less of a run than it had: a master died, and whoever took over had not heard of everything."""


class Superseded(RoundtableError):
    """A fence was refused: the run or step has ended or has a new owner."""
