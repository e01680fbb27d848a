"""Whose questions come sooner where some have to wait: an operator gives people and roles more or less weight."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def nobodys(person: str) -> str:
    """Where no roles are known."""
    return ""


@dataclass(frozen=True)
class Weights:
    """Start-time fair queueing: with twice the weight turns come twice as fast."""

    given: Mapping[str, float] = field(default_factory=dict)
    """By person or role; everybody else has 1."""
    role: Callable[[str], str] = nobodys
    """What a person's role is called."""

    def apart(self, person: str) -> float:
        """How far a person's turns are from each other; what is given to the person goes before what the role has."""
        if not self.given:
            return 1.0
        weight = self.given.get(person)
        return 1 / (weight if weight is not None else self.given.get(self.role(person), 1.0))


EVERYBODY_ALIKE = Weights()
