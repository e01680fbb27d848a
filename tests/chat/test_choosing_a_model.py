"""A person chooses among the models that the operator offers: for what they ask from now on, or for one answer anew."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from agents import Usage
from agents.models import NO_MODEL, Models
from agents.models.resting import FAILURES, Resting
from agents.models.scripted import ScriptedModel
from chat.commands.status import language_models
from chat.german import GERMAN
from chat.model_choice import CONFIGURED, choices, wish_of
from chat.plain import plain
from chat.preferences import DETAIL, MODEL, Preferences
from chat.words import ENGLISH
from history import History
from orchestration.errors import Overloaded
from tests.chat.browser_side import Site
from tests.chat.events import BACKUP, QUESTION, SECRET, answer, selected
from tests.chat.scripted import ScriptedOrchestrator
from tests.chat.test_asking_again import answered

USUAL, OTHER = "scripted:usual", "scripted:other"
MODELS = Models(
    {USUAL: ScriptedModel("Yes.", USUAL), OTHER: ScriptedModel("No.", OTHER)}, default=USUAL, offered=(OTHER,)
)


@pytest.fixture
def orchestrator() -> ScriptedOrchestrator:
    """One in which a model speaks, and another one may be wished."""
    scripted = ScriptedOrchestrator()
    scripted.models = MODELS
    return scripted


def test_what_is_configured_what_is_offered_and_none() -> None:
    """In this order; a value is never empty, because a page cannot choose that."""
    assert choices(MODELS, "", ENGLISH) == [
        {"label": "As configured (scripted:usual)", "value": CONFIGURED},
        {"label": OTHER, "value": OTHER},
        {"label": "Without a model", "value": NO_MODEL},
    ]
    assert [wish_of(sent) for sent in (CONFIGURED, OTHER, NO_MODEL, "", None, 3)] == ["", OTHER, NO_MODEL, "", "", ""]


def test_what_is_not_offered_any_more_can_be_changed() -> None:
    """It was wished when it was; nobody is answered by another one in secret."""
    model = Preferences(model="scripted:gone").widgets(ENGLISH, MODELS)[-1]
    assert isinstance(model, Mapping)
    assert model["initial"] == "scripted:gone"
    assert {"label": "scripted:gone (not offered any more)", "value": "scripted:gone"} in cast(
        list[Any], model["items"]
    )


def test_where_nothing_is_offered_there_is_no_such_setting() -> None:
    """As without any model: one setting less; but a wish can always be taken back."""
    silent = Models({USUAL: ScriptedModel("Yes.", USUAL)}, default=USUAL)
    assert [len(Preferences().widgets(GERMAN, models)) for models in (Models(), silent, MODELS)] == [2, 2, 3]
    assert len(Preferences(model=NO_MODEL).widgets(GERMAN, silent)) == 3


async def test_a_model_is_chosen_in_the_settings(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """It holds for the next question, and is there in the next window."""
    tab = await site.tab()
    heard = cast(list[Mapping[str, Any]], await tab.until_heard("chat_settings"))
    assert [one["id"] for one in heard] == ["ask_first", DETAIL, MODEL]
    await tab.ask(QUESTION)
    assert (await orchestrator.submitted.get()).model == ""
    await tab.set(**{MODEL: OTHER})
    await tab.ask(QUESTION)
    assert (await orchestrator.submitted.get()).model == OTHER

    again = await site.tab()
    heard = cast(list[Mapping[str, Any]], await again.until_heard("chat_settings"))
    assert heard[-1]["initial"] == OTHER
    await again.set(**{MODEL: NO_MODEL})
    await again.ask(f"/single {QUESTION}")
    task = await orchestrator.submitted.get()
    assert (task.model, task.mode) == (NO_MODEL, "single")
    assert (await history.preferences("local"))[MODEL] == NO_MODEL


async def test_a_wish_from_when_there_were_models_holds_nobody_up(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """Without any model everybody is answered without one."""
    orchestrator.models = Models()
    await history.prefer("local", {MODEL: OTHER})
    tab = await site.tab()
    assert len(cast(list[object], await tab.until_heard("chat_settings"))) == 2
    await tab.ask(QUESTION)
    assert (await orchestrator.submitted.get()).model == ""
    assert (await history.preferences("local"))[MODEL] == OTHER


async def test_one_agent_is_asked_again_with_another_model(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """With any that is offered; the same agent with two of them at the same time."""
    tab, first = await answered(site, orchestrator)
    again = cast(Mapping[str, Any], tab.page.props("Again"))
    assert ([one["value"] for one in again["models"]], again["model"]) == ([CONFIGURED, OTHER, NO_MODEL], CONFIGURED)
    for value, wished in ((OTHER, OTHER), (NO_MODEL, NO_MODEL), (CONFIGURED, "")):
        assert await site.act(tab, "ask_agent", run=first.id, part=1, agent="operations", model=value) is True
        task = await orchestrator.submitted.get()
        assert (task.question, task.model, task.undivided) == (f"@operations {SECRET}", wished, True)
    assert await site.act(tab, "ask_agent", run=first.id, part=1, agent="operations", model=OTHER) is False


async def test_the_model_that_was_asked_is_proposed_again(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """Who asks another agent may want to change one thing only."""
    tab = await site.tab()
    await tab.until_heard("chat_settings")
    await tab.set(**{MODEL: NO_MODEL})
    await tab.ask(BACKUP)
    task = await orchestrator.submitted.get()
    await orchestrator.happens(selected("operations", run=task.id), answer(run=task.id))
    await tab.until(lambda page: page.props("Again")["model"] == NO_MODEL)
    assert tab.page.props("Spent")["line"] == ENGLISH.as_wished_without_model


async def test_a_refused_question_keeps_its_model(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """Over a reload as well, whatever is in the settings by then."""
    tab, first = await answered(site, orchestrator)
    orchestrator.refusal = Overloaded("Roundtable is full.", None)
    await site.act(tab, "ask_agent", run=first.id, part=1, agent="operations", model=OTHER)
    await tab.until(lambda page: page.props("Offer")["label"] == "Ask again")
    reloaded = await site.tab(thread=tab.thread)
    await reloaded.until(lambda page: page.props("Offer"))
    await site.act(reloaded, "ask_again", **cast(Mapping[str, Any], reloaded.page.props("Offer")["payload"]))
    assert (await orchestrator.submitted.get()).model == OTHER


async def test_what_is_not_offered_any_more_is_refused(
    site: Site, orchestrator: ScriptedOrchestrator, history: History
) -> None:
    """In a sentence, in the reader's language; another model does not answer in its place."""
    await history.prefer("local", {MODEL: "scripted:gone"})
    tab = await site.tab(language="de")
    await tab.until_heard("chat_settings")
    await tab.ask(QUESTION)
    await tab.until(lambda page: "wird nicht mehr angeboten" in str(page.step("Roundtable")["output"]))
    assert orchestrator.submitted.empty()
    await tab.set(**{MODEL: CONFIGURED})
    await tab.ask(QUESTION)
    assert (await orchestrator.submitted.get()).model == ""


async def test_the_operator_sees_which_models_there_are(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """And which of them people may choose; each agent names its own."""
    tab = await site.tab()
    await tab.ask("/status")
    told = "Language models: scripted\\:usual and scripted\\:other; people may choose scripted\\:other."
    await tab.until(lambda page: told in str(page.step("Roundtable")["output"]))
    await tab.ask("/agents security")
    await tab.until(lambda page: "scripted\\:usual" in str(page.step("Roundtable")["output"]))


def test_a_model_that_failed_again_and_again_is_said_to_rest() -> None:
    """With how long, while that lasts."""
    now = 100.0
    resting = Resting(lambda: now)
    models = Models({USUAL: ScriptedModel("Yes.", USUAL)}, default=USUAL, resting={USUAL: resting})
    assert language_models(models, (), ENGLISH) == "Language models: scripted\\:usual."
    for _ in range(FAILURES):
        resting.begin()
        resting.failed()
    said = "Language models: scripted\\:usual (left alone for another 30 s after failures)."
    assert language_models(models, (), ENGLISH) == said
    assert "noch 30 s in Ruhe gelassen" in language_models(models, (), GERMAN)
    now += 31
    assert language_models(models, (), ENGLISH) == "Language models: scripted\\:usual."


def test_what_each_was_asked_is_said() -> None:
    """And nothing of those that were not."""
    models = Models({name: ScriptedModel("Yes.", name) for name in (USUAL, OTHER)}, default=USUAL)
    usage = (Usage(model=USUAL, calls=12, tokens_in=34_000, tokens_out=900, seconds=20.0, cost=0.5),)
    told = language_models(models, usage, ENGLISH)
    assert f"{plain(USUAL)} (12 calls, 34,000 tokens in, 900 out, 20 s, cost 0.50 since the server started)" in told
    assert told.endswith(f" and {plain(OTHER)}.")
    assert "(seit dem Start des Servers 12 " in language_models(models, usage, GERMAN)
