"""Who does what in which order: a selection in, a plan out."""

from orchestration.messages import AgentScore, CoordinationPlan, PartSelection, Selection
from orchestration.planning import make_plan
from orchestration.splitting import split_question


def planned(question: str, *chosen: tuple[str, ...]) -> CoordinationPlan:
    """The plan for a question whose parts got these agents."""
    parts = split_question(question)
    assert len(parts) == len(chosen)
    return make_plan(
        Selection(
            threshold=0.3,
            parts=tuple(
                PartSelection(
                    question=part.question,
                    heading=part.heading,
                    builds_on=part.builds_on,
                    vector="AAAA",
                    agents=(*(_score(agent, True) for agent in agents), _score("nobody", False)),
                )
                for part, agents in zip(parts, chosen, strict=True)
            ),
        )
    )


def _score(agent: str, chosen: bool) -> AgentScore:
    return AgentScore(agent=agent, score=0.5, scores={}, reason="", chosen=chosen)


def test_a_step_for_each_chosen_agent_of_each_part() -> None:
    """All of them may begin at once."""
    plan = planned("How do I make a backup, and how do I keep the archive secret?", ("operations",), ("security", "x"))
    assert [(step.agent, step.part) for step in plan.steps] == [("operations", 0), ("security", 1), ("x", 1)]
    assert plan.ready((), ()) == plan.steps


def test_a_part_that_builds_on_another_waits_for_all_its_steps() -> None:
    """And is embedded when it is known what the others found."""
    plan = planned("What agents are there, and then which of them know backups?", ("a", "b"), ("c",))
    last = plan.steps[-1]
    assert last.depends_on == ("s1", "s2")
    assert last.vector == ""
    assert last not in plan.ready(("s1",), ("s1", "s2"))
    assert last in plan.ready(("s1", "s2"), ("s1", "s2"))


def test_a_part_that_builds_on_one_without_agents_does_not_wait() -> None:
    """Nothing will come from there."""
    plan = planned("What agents are there, and then which of them know backups?", (), ("c",))
    assert [step.depends_on for step in plan.steps] == [()]


def test_the_same_agent_never_gets_the_same_question_twice() -> None:
    """A question that says the same twice is asked once."""
    part = PartSelection(question="Who?", heading="Who?", agents=(_score("a", True),))
    assert len(make_plan(Selection(parts=(part, part), threshold=0.3)).steps) == 1


def test_nobody_chosen_means_no_steps() -> None:
    """The run then ends with nothing found."""
    assert planned("What is a lease?", ()).steps == ()


def test_steps_depend_only_on_earlier_steps() -> None:
    """So that a plan has no circle."""
    plan = planned("What is A like, which of these is B, and which of these is C?", ("a",), ("a",), ("b",))
    order = [step.id for step in plan.steps]
    for step in plan.steps:
        assert all(order.index(needed) < order.index(step.id) for needed in step.depends_on)
