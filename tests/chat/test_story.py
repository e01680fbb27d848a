"""A run's events become the picture of the run, one event after another."""

from collections.abc import Iterable

import pytest

from chat.changes import changes
from chat.picture import LONGEST_LEFT_OPEN, draw
from chat.story import Story, tell
from chat.wire import Element, Picture, Step
from orchestration.messages import AnyEvent, PlanStep, Recorded
from tests.chat.events import (
    BACKUP,
    MESSAGE,
    OPERATIONS,
    QUESTION,
    RUN,
    SECURITY,
    TITLES,
    accepted,
    aggregating,
    answer,
    answer_token,
    begun,
    conflict,
    council_run,
    failed,
    finished,
    planned,
    preparing,
    recorded,
    restarted,
    result,
    resumed,
    retrieved,
    retrying,
    returned,
    selected,
    started,
    thought,
    token,
    waiting,
)
from tests.chat.page import Page, shows


def fold(events: Iterable[Recorded]) -> Story:
    story = Story(RUN)
    for event in events:
        story = tell(story, event)
    return story


def picture(*events: AnyEvent) -> Picture:
    return draw(fold(recorded(*events)), TITLES)


def step(drawn: Picture, name: str) -> Step:
    return next(s for s in drawn.steps if s.name == name)


def element(drawn: Picture, name: str) -> Element:
    return next(e for e in drawn.elements if e.name == name)


def names(drawn: Picture) -> list[str]:
    return [s.name for s in drawn.steps]


def states(drawn: Picture) -> list[object]:
    nodes = element(drawn, "PlanGraph").props["nodes"]
    assert isinstance(nodes, list)
    return [node["state"] for node in nodes]


BEFORE = (accepted(), selected("operations", "security"), planned())
ALONE = PlanStep(id="s1", agent="operations", question=QUESTION)


def test_an_accepted_question_is_the_message_that_asked_it() -> None:
    """The page has drawn the message already; the same id makes ours the same message."""
    drawn = picture(accepted())
    question, run, status = drawn.steps
    assert (question.id, question.output, question.type) == (MESSAGE, QUESTION, "user_message")
    assert (run.name, run.type, run.parent, run.ended) == ("on_message", "run", MESSAGE, None)
    assert (status.name, status.parent, status.ended) == ("Choosing agents", run.id, None)


def test_a_question_from_elsewhere_gets_a_stable_id() -> None:
    """Whatever asked without a chat message is shown all the same."""
    assert picture(accepted(message="")).steps[0].id == picture(accepted(message="")).steps[0].id


def test_waiting_for_the_knowledge_counts() -> None:
    """The first start reads the documents while the question waits."""
    waiting = picture(accepted(), preparing(120)).steps[-1]
    assert waiting.name == "Reading the demo knowledge: 120 of 250 passages"
    assert waiting.ended is None


def test_the_selection_says_who_and_why() -> None:
    """In a sentence, and each score in its element."""
    drawn = picture(accepted(), selected("operations", "security"))
    assert step(drawn, "Selection").output.startswith(f"- “{BACKUP}”: Operations and Security were chosen.\n- “")
    assert not step(drawn, "Selection").open
    props = element(drawn, "Selection").props
    assert props["threshold"] == 0.4
    assert isinstance(props["agents"], list)
    assert props["agents"][0]["scores"] == {"description": 0.6, "knowledge": 0.8}


def test_the_plan_is_a_graph_from_the_question_to_the_answer() -> None:
    """The second step waits for the first, and the graph says so."""
    drawn = picture(*BEFORE)
    assert step(drawn, "Plan").output == "2 agents, 2 steps; 1 waits for what others find."
    assert states(drawn) == ["answered", "queued", "waiting", "waiting"]
    assert element(drawn, "PlanGraph").props["edges"] == [
        {"from": "question", "to": "s1"},
        {"from": "s1", "to": "s2"},
        {"from": "s2", "to": "aggregate"},
    ]


def test_the_picture_of_a_long_plan_folds_when_the_run_ends() -> None:
    """Or the answer would be far below it; a small one stays as it is."""
    many = tuple(PlanStep(id=f"s{n}", agent="security", question=f"{n}?") for n in range(LONGEST_LEFT_OPEN + 1))
    at_work = (accepted(), selected("security"), planned(*many), started(many[0]))
    plan = step(picture(*at_work), "Plan")
    assert plan.open
    assert plan.ended is None
    plan = step(picture(*at_work, *(finished(each) for each in many), answer()), "Plan")
    assert plan.folds
    assert not plan.open
    assert plan.ended is not None
    assert step(picture(*BEFORE), "Plan").open
    assert not step(picture(*BEFORE), "Plan").folds


def test_an_agent_at_work_is_open_and_streams() -> None:
    """Its step is named by the agent and its part of the question, what it found is nested."""
    drawn = picture(
        *BEFORE, started(OPERATIONS), retrieved(OPERATIONS), token(OPERATIONS, "Stop "), token(OPERATIONS, "it.")
    )
    working = step(drawn, "Operations: How do I back up the data folder?")
    assert (working.output, working.streaming, working.open, working.ended) == ("Stop it.", True, True, None)
    assert working.avatar == "operations"
    found = step(drawn, "Found 1 passage")
    assert (found.parent, found.type) == (working.id, "retrieval")
    assert found.output == "1. **backup.md** (Copying), score 0.81"
    assert states(drawn) == ["answered", "running", "waiting", "waiting"]


def test_numbers_in_an_agents_own_text_say_what_they_stand_for() -> None:
    """Of its own passages; when it is done, for a model writes the numbers as it goes."""
    text = "Stop it. [1] Then copy it. [uncited](#mark-uncited) Nine. [9]"
    live = picture(*BEFORE, started(OPERATIONS), retrieved(OPERATIONS), token(OPERATIONS, text))
    name = "Operations: How do I back up the data folder?"
    said = 'Stop it. [1] Then copy it. [no source](#mark-uncited "The model named no source for this.") Nine. [9]'
    assert step(live, name).output == said
    done = picture(*BEFORE, started(OPERATIONS), retrieved(OPERATIONS), finished(OPERATIONS, text))
    assert step(done, name).output == f"{said}\n\n*Sources:* \\[1\\] backup.md (Copying)"


def test_reasoning_is_nested_when_there_is_any() -> None:
    """It streams until the answer begins, then it folds."""
    thinking = picture(*BEFORE, started(OPERATIONS), thought(OPERATIONS, "Look "), thought(OPERATIONS, "closely."))
    assert step(thinking, "Reasoning").output == "Look closely."
    assert step(thinking, "Reasoning").streaming
    spoken = picture(*BEFORE, started(OPERATIONS), thought(OPERATIONS, "Look closely."), token(OPERATIONS, "Stop it."))
    assert not step(spoken, "Reasoning").streaming
    assert step(spoken, "Reasoning").ended is not None


def test_a_result_replaces_what_was_streamed() -> None:
    """The committed text counts, whatever the tokens said; the step folds."""
    drawn = picture(*BEFORE, started(OPERATIONS), token(OPERATIONS, "Sto"), finished(OPERATIONS, "Copy it."))
    done = step(drawn, "Operations: How do I back up the data folder?")
    assert (done.output, done.streaming, done.open, done.folds) == ("Copy it.", False, False, True)
    assert done.ended is not None
    assert states(drawn) == ["answered", "answered", "queued", "waiting"]


def test_a_restart_clears_the_dead_attempt_and_says_so() -> None:
    """Tokens of the dead attempt that come late do not count either."""
    drawn = picture(
        *BEFORE, started(OPERATIONS), retrieved(OPERATIONS), token(OPERATIONS, "Dead "), restarted(OPERATIONS),
        token(OPERATIONS, "late"), token(OPERATIONS, "Alive", attempt=2),
    )  # fmt: skip
    again = step(drawn, "Operations: How do I back up the data folder?")
    assert again.output == "*Started again: the try before was lost.*\n\nAlive"
    assert "Found 1 passage" not in names(drawn)
    assert states(drawn)[1] == "restarted"


WORKING = (*BEFORE, started(OPERATIONS), retrieved(OPERATIONS), token(OPERATIONS, "Dead "))
NAME = "Operations: How do I back up the data folder?"


def test_a_failed_attempt_is_tried_again() -> None:
    """With the reason and the pause; what it had said is gone, also when a token of it comes late."""
    failed_once = (*WORKING, retrying(OPERATIONS), token(OPERATIONS, "late"))
    waits = picture(*failed_once)
    assert step(waits, NAME).output == "*Without an answer: The oven is broken; tried again in 1 s*"
    assert not step(waits, NAME).failed
    assert "Found 1 passage" not in names(waits)
    assert states(waits)[1] == "retrying"
    again = picture(*failed_once, restarted(OPERATIONS), token(OPERATIONS, "Alive", attempt=2))
    assert step(again, NAME).output == "*Without an answer: The oven is broken; tried again*\n\nAlive"
    assert states(again)[1] == "running", "its worker did not go away"


def test_a_step_that_is_given_back_waits_again() -> None:
    """A worker that leaves says so, and why."""
    waits = picture(*WORKING, returned(OPERATIONS))
    assert step(waits, NAME).output == "*Broken off, because the server it ran on was stopped; it begins again soon.*"
    assert step(waits, NAME).ended is None
    assert states(waits)[1] == "returned"
    again = picture(*WORKING, returned(OPERATIONS), restarted(OPERATIONS), token(OPERATIONS, "Alive", attempt=2))
    assert step(again, NAME).output.endswith("it began again.*\n\nAlive")


@pytest.mark.parametrize(
    ("ahead", "seconds", "said"),
    [
        (12, 8.2, "Waiting: 12 questions are ahead of yours, about 8 s"),
        (1, None, "Waiting: 1 question is ahead of yours"),
        (0, 0.2, "Waiting: yours is the next question, about 1 s"),
        (40, 200.0, "Waiting: 40 questions are ahead of yours, about 3 min"),
    ],
)
def test_waiting_for_a_turn_says_how_long(ahead: int, seconds: float | None, said: str) -> None:
    """As far as it is known; afterwards it is over."""
    waits = picture(accepted(), waiting(ahead, seconds)).steps[-1]
    assert (waits.name, waits.ended) == (said, None)
    over = picture(accepted(), waiting(ahead, seconds), begun()).steps[-1]
    assert (over.id, over.name) == (waits.id, "Choosing agents")


def test_a_takeover_is_a_quiet_line_and_doubles_nothing() -> None:
    """Whoever takes over puts the findings together anew: the same disagreement is told once."""
    findings = (*BEFORE, finished(OPERATIONS), finished(SECURITY))
    together = (aggregating(2), conflict())
    drawn = picture(*findings, *together, answer_token("Dead "), resumed(), *together, answer_token("Alive", fence=2))
    assert names(drawn).count("Interrupted, and taken up again") == 1
    assert step(drawn, "Not the same everywhere").output.count("Not the same about") == 1
    assert step(drawn, "Roundtable").output == "Alive"
    twice = picture(*findings, resumed(2), resumed(3), answer())
    assert names(twice).count("Interrupted, and taken up again") == 1


def test_a_takeover_of_a_run_that_waits_does_not_end_the_wait() -> None:
    """Only its turn does."""
    drawn = picture(accepted(), waiting(3), resumed())
    assert step(drawn, "Waiting: 3 questions are ahead of yours").ended is None


def test_an_agent_that_is_left_out_is_named_with_the_reason() -> None:
    """Its circuit breaker is open; that must not look as if it had not fitted."""
    event = selected("operations")
    (part,) = event.selection.parts
    resting = "it failed 5 times in a row and is asked again in 24 s"
    agents = tuple(a.model_copy(update={"left_out": "" if a.chosen else resting}) for a in part.agents)
    selection = event.selection.model_copy(update={"parts": (part.model_copy(update={"agents": agents}),)})
    drawn = picture(accepted(), event.model_copy(update={"selection": selection}))
    told = "it could not answer 5 times in a row and is asked again in 24 s"
    assert step(drawn, "Selection").output == f"Operations was chosen. Security was left out: {told}."


def test_a_failure_gives_its_reason_and_leaves_the_others_alone() -> None:
    """Red, in words; the other agent goes on."""
    drawn = picture(*BEFORE, started(OPERATIONS), started(SECURITY), failed(OPERATIONS), token(SECURITY, "Encrypt it."))
    broken = step(drawn, "Operations: How do I back up the data folder?")
    assert (broken.failed, broken.output) == (True, "Its model did not answer in time.")
    assert not step(drawn, "Security: How do I keep the backup confidential?").failed
    assert states(drawn) == ["answered", "failed", "running", "waiting"]


def test_conflicts_are_listed_where_it_is_put_together() -> None:
    """With what was claimed and how it was settled."""
    drawn = picture(*BEFORE, finished(OPERATIONS), finished(SECURITY), aggregating(2), conflict())
    together = step(drawn, "Not the same everywhere")
    assert together.output.startswith("- Not the same about how often:")
    assert "Every week." in together.output
    assert "The newer source counts." in together.output


def test_the_answer_streams_and_then_holds_the_result_with_its_sources() -> None:
    """The links to our own citations stay links."""
    streaming = step(picture(*BEFORE, answer_token("Copy "), answer_token("the")), "Roundtable")
    assert (streaming.output, streaming.streaming) == ("Copy the", True)
    drawn = picture(*BEFORE, answer_token("Copy "), answer())
    final = step(drawn, "Roundtable")
    assert final.id == streaming.id
    assert (final.output, final.streaming) == ("Copy the folder [1](#cite-run1-1).", False)
    assert final.type == "assistant_message"
    props = element(drawn, "Sources").props
    assert (props["run"], props["contributed"]) == (RUN, ["operations", "security"])
    assert all(s.ended is not None for s in drawn.steps)


def test_another_orchestrator_begins_the_answer_anew() -> None:
    """The tokens of the one that went away do not count."""
    drawn = picture(*BEFORE, answer_token("Dead "), answer_token("Alive", fence=2), answer_token("late"))
    assert step(drawn, "Roundtable").output == "Alive"


def test_one_agent_needs_no_ceremony() -> None:
    """No graph, nothing to put together, and no sub-question in the name."""
    drawn = picture(
        accepted(mode="single"), selected("operations"), planned(ALONE), started(ALONE), finished(ALONE),
        aggregating(1, 1), answer(),
    )  # fmt: skip
    assert names(drawn)[3:] == ["Selection", "Operations", "Found 1 passage", "Roundtable"]
    assert [e.name for e in drawn.elements] == ["Selection", "Sources", "Again"]


def test_a_single_agent_that_is_not_in_the_catalog_has_a_readable_name() -> None:
    """The single agent over all the knowledge is nobody of the council."""
    alone = PlanStep(id="s1", agent="single_agent", question=QUESTION)
    assert "Single agent" in names(picture(accepted(mode="single"), planned(alone), started(alone)))


def test_stop_ends_what_runs_and_says_so() -> None:
    """No red, no step left running."""
    drawn = picture(
        *BEFORE, started(OPERATIONS), finished(OPERATIONS), started(SECURITY), token(SECURITY, "Enc"),
        answer("cancelled", reason="Stopped."),
    )  # fmt: skip
    stopped = step(drawn, "Security: How do I keep the backup confidential?")
    assert (stopped.output, stopped.failed, stopped.streaming) == ("Enc\n\n*Stopped.*", False, False)
    assert states(drawn) == ["answered", "answered", "cancelled", "cancelled"]
    said = step(drawn, "Roundtable")
    assert said.output == "Stopped. One agent had answered; what it found is in its step above."
    assert all(s.ended is not None for s in drawn.steps)


def test_nothing_found_is_an_answer_without_sources() -> None:
    """The result's own words, with what was nearest."""
    drawn = picture(*BEFORE, answer("nothing_found", "Nothing was found. The nearest is the backup page."))
    assert step(drawn, "Roundtable").output == "Nothing was found. The nearest is the backup page."
    assert [e.name for e in drawn.elements] == ["Selection", "Selection", "PlanGraph", "Again"]


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_an_end_without_an_answer_gives_its_reason(state: str) -> None:
    """And marks the steps that it cut off."""
    ending = answer("failed" if state == "failed" else "expired", reason="The time was over.")
    drawn = picture(*BEFORE, started(OPERATIONS), ending)
    assert step(drawn, "Roundtable").output == "The time was over. Your question is kept; please ask it again."
    assert step(drawn, "Roundtable").failed
    cut = step(drawn, "Operations: How do I back up the data folder?")
    assert cut.output == "*Left here: the question was over.*"


def test_a_finished_step_needs_only_its_result() -> None:
    """What the log has trimmed since then is in the result, too."""
    live = picture(*BEFORE, started(OPERATIONS), retrieved(OPERATIONS), finished(OPERATIONS))
    trimmed = picture(*BEFORE, started(OPERATIONS), finished(OPERATIONS))
    assert names(live) == names(trimmed)
    assert result(OPERATIONS).passages != ()


def test_every_event_leads_from_one_picture_to_the_next() -> None:
    """A page that is told every change shows the picture after every event."""
    page, story, before = Page(), Story(RUN), Picture()
    for event in council_run():
        story = tell(story, event)
        after = draw(story, TITLES)
        page.hear_all(changes(before, after))
        before = after
        assert shows(page, after)


@pytest.mark.parametrize("split", range(len(council_run()) + 1))
def test_catching_up_and_going_on_is_the_same_as_having_been_there(split: int) -> None:
    """A snapshot at any moment, then live: the same page as from the start to the end in one."""
    events, page = council_run(), Page()
    until_then, in_the_end = draw(fold(events[:split]), TITLES), draw(fold(events), TITLES)
    page.hear_all(changes(Picture(), until_then))
    page.hear_all(changes(until_then, in_the_end))
    assert shows(page, in_the_end)


@pytest.mark.parametrize("lost", range(len(council_run()) + 1))
def test_a_page_that_missed_something_is_put_right(lost: int) -> None:
    """It shows an old picture when its connection comes back: everything is sent again, leftovers go."""
    events, page = council_run(), Page()
    old, now = draw(fold(events[:lost]), TITLES), draw(fold(events), TITLES)
    page.hear_all(changes(Picture(), old))
    page.hear_all(changes(Picture(), now, leftover=frozenset(s.id for s in old.steps)))
    assert page.steps == {s.id: s.json() for s in now.steps}


def test_tokens_travel_as_tokens() -> None:
    """Not as the whole text again."""
    before = picture(*BEFORE, started(OPERATIONS), token(OPERATIONS, "Stop "))
    after = picture(*BEFORE, started(OPERATIONS), token(OPERATIONS, "Stop "), token(OPERATIONS, "it."))
    assert [e.event for e in changes(before, after)] == ["stream_token"]


def test_a_completed_question_is_shown_as_it_was_understood() -> None:
    """Before anything else, without unfolding; a question that stands on its own has no such line."""
    plain = picture(accepted(), selected("operations", "security"))
    assert not any(s.name.startswith("Understood") for s in plain.steps)
    event = selected("operations", "security")
    changed = event.selection.model_copy(update={"understood": "Back up the folder: *why?*"})
    drawn = picture(accepted(question="Why?"), event.model_copy(update={"selection": changed}))
    assert names(drawn)[3:5] == ["Understood as “Back up the folder: *why?*”", "Selection"]
    assert drawn.steps[0].output == "Why?"
    told = [element.props["understood"] for element in drawn.elements]
    assert told == ["Back up the folder: *why?*", ""]


def test_what_somebody_says_goes_before_what_is_told_about_it() -> None:
    """The status line and the picture of the plan can wait for the words."""
    begun_both = (*BEFORE, started(OPERATIONS), started(SECURITY), token(OPERATIONS, "Stop "))
    before = picture(*begun_both)
    after = picture(*begun_both, failed(SECURITY), token(OPERATIONS, "it."))
    events = [e.event for e in changes(before, after)]
    assert events[0] == "stream_token"
    assert len(events) > 2
