"""How a question is asked."""

from dataclasses import dataclass

from orchestration.messages import Mode, Priority


@dataclass(frozen=True)
class Manner:
    """Who is asked, whether at once, with which model, and before or after others."""

    mode: Mode = "council"
    approval: bool = False
    """The person wants to see the plan first."""
    for_once: bool = False
    """The mode is for this question only: the conversation goes on with the council."""
    model: str = ""
    """The language model that the person wished, as `Task.model`."""
    priority: Priority = "interactive"
    """Whether somebody waits for the answer."""

    def by_single_agent(self) -> "Manner":
        """The same for one question to the single agent, which makes no plan."""
        return Manner("single", for_once=self.for_once or self.mode != "single", model=self.model)
