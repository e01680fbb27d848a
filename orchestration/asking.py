"""What may be asked: checks a task before anything is stored."""

import unicodedata

from agents import AgentRegistry, UnknownAgent, UnknownModel
from agents.models import NO_MODEL, Models
from orchestration.calls import mentions
from orchestration.errors import EmptyQuestion, InvalidTask, QuestionTooLong, UnreadableQuestion
from orchestration.following import MOST_TURNS
from orchestration.messages import Task

MOST_CHARACTERS = 8_000
MOST_OF_AN_ID = 200
MOST_OF_CONTEXT = 40_000
"""Characters of what was said before: it is kept with every question."""


def is_an_id(text: str) -> bool:
    """Whether a run or a conversation can be called like this: ids come from pages, which may send anything."""
    return text.isprintable() and len(text) <= MOST_OF_AN_ID


def checked(task: Task, registry: AgentRegistry, models: Models | None = None) -> Task:
    """The task with a tidy question; raises InvalidTask, agents.UnknownAgent or agents.UnknownModel with one sentence
    for the person. Without `models` it is left to whoever takes the task in which ones may be wished.
    """
    if not all(is_an_id(name) for name in (task.id, task.person, task.conversation, task.message)):
        raise InvalidTask("The question came with a name that cannot be one.")
    question = tidy(task.question)
    if len(task.context) > MOST_TURNS or sum(len(turn.model_dump_json()) for turn in task.context) > MOST_OF_CONTEXT:
        most = f"{MOST_TURNS} turns and {MOST_OF_CONTEXT:,} characters"
        raise InvalidTask(f"What was said before is too much to come with a question: at most {most}.")
    for name in task.agents:
        registry[name]
    if models is not None and not models.may_be_chosen(task.model):
        offered = ", ".join((*models.offered, NO_MODEL))
        raise UnknownModel(f"The language model '{task.model}' is not offered; these are: {offered}.")
    _, unknown = mentions(question, registry)
    if unknown:
        try:
            registry[unknown[0]]
        except UnknownAgent as error:
            said = f"{error} Write @ only before an agent's name."
            raise UnknownAgent(said, error.name, error.near) from None
    return task.model_copy(update={"question": question})


def tidy(question: str) -> str:
    """The question without what cannot be read; raises InvalidTask when nothing else is left, or too much."""
    question = question.strip()
    if len(question) > MOST_CHARACTERS:
        raise QuestionTooLong(len(question), MOST_CHARACTERS)
    noise = sum(unicodedata.category(c) in ("Cc", "Cn", "Co", "Cs") and c not in "\n\r\t" for c in question)
    noise += question.count("\ufffd")
    if noise > max(2, len(question) // 50):
        raise UnreadableQuestion
    question = "".join(c for c in question if c in "\n\r\t" or unicodedata.category(c) not in ("Cc", "Cn", "Co", "Cs"))
    if not any(c.isalnum() for c in question):
        raise EmptyQuestion("The question is empty. Please type what you want to know.")
    return question
