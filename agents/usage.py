"""What was asked of language models: how often, how much, how long."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

CHARACTERS_A_TOKEN = 4
"""Where nobody says how many tokens there were."""


class Usage(BaseModel):
    """The calls of one model, added up."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str
    """`provider:name`, as it is configured."""
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False
    """The provider did not say how many tokens; they are counted from the characters."""
    seconds: float = 0.0
    cost: float | None = None
    """In the currency of the configured prices; None where there is no price."""

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out


def estimated_tokens(characters: int) -> int:
    """Of a text of so many characters."""
    return characters // CHARACTERS_A_TOKEN + 1


def together(usages: Iterable[Usage]) -> tuple[Usage, ...]:
    """One for each model, in the order in which they were first asked."""
    by_model: dict[str, Usage] = {}
    for usage in usages:
        before = by_model.get(usage.model)
        by_model[usage.model] = usage if before is None else _sum(before, usage)
    return tuple(by_model.values())


def _sum(one: Usage, other: Usage) -> Usage:
    priced = [usage.cost for usage in (one, other) if usage.cost is not None]
    return Usage(
        model=one.model,
        calls=one.calls + other.calls,
        tokens_in=one.tokens_in + other.tokens_in,
        tokens_out=one.tokens_out + other.tokens_out,
        estimated=one.estimated or other.estimated,
        seconds=round(one.seconds + other.seconds, 4),
        cost=round(sum(priced), 10) if priced else None,
    )
