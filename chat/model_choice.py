"""The language models that a person may choose from: what is configured, each that is offered, or none."""

from agents.models import NO_MODEL, Models
from chat.wire import Json
from chat.words import Words

CONFIGURED = "configured"
"""What a page calls no wish: an empty value cannot be chosen there. No model has this name."""


def offers(models: Models, wished: str = "") -> bool:
    """Whether there is anything to choose: something is offered, or a wish could not be taken back else."""
    return bool(models) and bool(models.offered or wished)


def choices(models: Models, wished: str, words: Words) -> list[Json]:
    """Each with its name for people. What was wished once stays among them until something else is chosen."""
    found = [(CONFIGURED, words.as_configured(models.default)), *((name, name) for name in models.offered)]
    if not models.may_be_chosen(wished):
        found.append((wished, words.no_longer_offered(wished)))
    found.append((NO_MODEL, words.without_model))
    return [{"label": label, "value": value} for value, label in found]


def value_of(wished: str) -> str:
    """A wish as a page has it."""
    return wished or CONFIGURED


def wish_of(value: object) -> str:
    """What a page sends, which may be anything."""
    return value if isinstance(value, str) and value != CONFIGURED else ""
