"""How a command ends: its exit code, and one line when something went wrong."""

from dataclasses import dataclass

from cli.errors import CommandError, NobodyReads, PortTaken, WrongUsage

DONE = 0
FAILED = 1
WRONG = 2
NOTHING_FOUND = 3
INTERRUPTED = 130


@dataclass(frozen=True)
class Outcome:
    """`sentence` is empty where nobody wants to be told.

    `expected` is false for what nobody foresaw, whose traceback is worth keeping.
    """

    code: int
    sentence: str
    expected: bool = True


def outcome_of(error: BaseException) -> Outcome:
    """What an error that ended a command means to the person at the terminal."""
    while isinstance(error, BaseExceptionGroup):
        # Task groups wrap what went wrong; the first error is the cause, what follows are its consequences.
        error = error.exceptions[0]
    if isinstance(error, NobodyReads):
        return Outcome(FAILED, "")
    if isinstance(error, CommandError):
        return Outcome(WRONG if isinstance(error, WrongUsage | PortTaken) else FAILED, str(error))
    if isinstance(error, OSError):
        return Outcome(FAILED, _of_the_system(error))
    return _of_the_product(error)


def _of_the_system(error: OSError) -> str:
    about = f"{error.filename}: " if error.filename else ""
    return f"{about}{error.strerror or error or type(error).__name__}."


def _of_the_product(error: BaseException) -> Outcome:
    # Imported here because `--help` and a wrong option must not wait for them.
    from agents import AgentError, CatalogError, ModelMisconfigured, ToolMisconfigured, UnknownAgent, UnknownModel
    from knowledge import InvalidBase, KnowledgeError
    from orchestration.errors import ConfigurationError, InvalidTask, RoundtableError, UnknownDeadLetter
    from people import InvalidName, InvalidPassword, PeopleError

    sentence = " ".join(str(error).split())
    wrong = ConfigurationError | InvalidTask | UnknownDeadLetter | UnknownAgent | CatalogError | InvalidBase
    wrong |= InvalidName | InvalidPassword | UnknownModel | ModelMisconfigured | ToolMisconfigured
    if isinstance(error, wrong):
        return Outcome(WRONG, sentence)
    if isinstance(error, RoundtableError | AgentError | KnowledgeError | PeopleError):
        return Outcome(FAILED, sentence)
    about = f"{type(error).__name__}: {sentence}" if sentence else type(error).__name__
    return Outcome(FAILED, f"Something unexpected went wrong ({about}).", expected=False)
