"""How much a language model may be asked, for one step, plan or answer; and what is left of that."""

from pydantic import BaseModel, ConfigDict, Field

from agents.errors import ModelFailed
from agents.tally import add_to_tally
from agents.usage import Usage, together


class Budget(BaseModel):
    """Upper limits; the budgets of a task's parts add up to the task's."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    calls: int = Field(6, ge=0)
    tokens: int = Field(20_000, ge=0)
    """In and out together."""
    seconds: float = Field(45.0, ge=0)


class Spending:
    """What was spent of a budget. Whoever asks a model asks `check` first and tells `add` afterwards."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._usages: list[Usage] = []

    @property
    def usage(self) -> tuple[Usage, ...]:
        """By model."""
        return together(self._usages)

    @property
    def calls_left(self) -> int:
        return self.budget.calls - sum(usage.calls for usage in self._usages)

    @property
    def tokens_left(self) -> int:
        return self.budget.tokens - sum(usage.tokens for usage in self._usages)

    @property
    def seconds_left(self) -> float:
        return self.budget.seconds - sum(usage.seconds for usage in self._usages)

    def left_after(self, seconds: float) -> Budget:
        """For whoever goes on when so many seconds have passed, whatever took them."""
        left = min(self.seconds_left, self.budget.seconds - seconds)
        return Budget(calls=max(0, self.calls_left), tokens=max(0, self.tokens_left), seconds=max(0.0, left))

    def check(self, model: str) -> None:
        """Raises ModelFailed when nothing is left."""
        if self.calls_left <= 0 or self.tokens_left <= 0 or self.seconds_left <= 0:
            raise ModelFailed(model, "budget")

    def add(self, *usages: Usage) -> None:
        self._usages.extend(usages)
        add_to_tally(*usages)
