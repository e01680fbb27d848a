"""Who does what, in which order. Pure: a selection in, a plan out."""

from orchestration.messages import CoordinationPlan, PlanStep, Selection


def make_plan(selection: Selection) -> CoordinationPlan:
    """A step for each chosen agent of each part; the same agent never gets the same question twice.

    A part that builds on another one waits for all its steps. Parts for which nobody was chosen get no step.
    """
    steps: list[PlanStep] = []
    asked: set[tuple[str, str]] = set()
    by_part: dict[int, list[str]] = {}
    for number, part in enumerate(selection.parts):
        needs = tuple(step for other in part.needs for step in by_part.get(other, ()))
        for agent in part.agents:
            if not agent.chosen or (agent.agent, part.question) in asked:
                continue
            asked.add((agent.agent, part.question))
            step = PlanStep(
                id=f"s{len(steps) + 1}",
                agent=agent.agent,
                question=part.question,
                part=number,
                depends_on=needs,
                # What another step finds changes what to look for, so that vector is made when it is known.
                vector="" if needs else part.vector,
                prefers=selection.prefers,
            )
            steps.append(step)
            by_part.setdefault(number, []).append(step.id)
    return CoordinationPlan(steps=tuple(steps))
