"""How a question is asked."""

from dataclasses import dataclass

from orchestration.messages import Mode


@dataclass(frozen=True)
class Manner:
    """Who is asked, and whether at once."""

    mode: Mode = "council"
    approval: bool = False
    """The person wants to see the plan first."""
    for_once: bool = False
    """The mode is for this question only: the conversation goes on with the council."""

    def by_single_agent(self) -> "Manner":
        """The same for one question to the single agent, which makes no plan."""
        return Manner("single", for_once=self.for_once or self.mode != "single")
