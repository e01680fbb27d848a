"""The page in the language that the reader's browser wants: German, or else English."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from agents import UnknownAgent
from chat.errors import NotStarted, TooManyFiles
from chat.german import GERMAN, German
from chat.language import LANGUAGES, translation_of, words_of
from chat.picture import draw
from chat.starters import STARTERS
from chat.story import Story, tell
from chat.words import ENGLISH, Words
from knowledge import UnreadableDocument
from orchestration.aggregation import NEAREST, NOTHING
from orchestration.errors import EmptyQuestion, EngineUnavailable, Halted, NotAwaiting, Overloaded, UnknownRun
from tests.chat.browser_side import Site
from tests.chat.events import RUN, TITLES, council_run, planned, selected
from tests.chat.scripted import ScriptedOrchestrator

TRANSLATIONS = Path(__file__).parents[2] / ".chainlit" / "translations"


@pytest.mark.parametrize(
    ("accepted", "words"),
    [
        ("de", GERMAN),
        ("de-AT,de;q=0.9,en;q=0.8", GERMAN),
        ("DE_ch", GERMAN),
        ("en-GB,de;q=0.9", ENGLISH),
        ("fr-FR,fr;q=0.9,de;q=0.8", ENGLISH),
        ("den", ENGLISH),
        ("*", ENGLISH),
        ("", ENGLISH),
        (None, ENGLISH),
    ],
)
def test_a_browser_gets_what_it_wants_most_or_english(accepted: str | None, words: Words) -> None:
    """As Chainlit's page does with its own texts: the first language counts."""
    assert words_of(accepted) is words


def test_german_says_everything_that_english_says() -> None:
    """Nothing is left to the class it comes from, so a new text without a translation fails here."""
    said = {name for name in vars(Words) if not name.startswith("__")}
    assert said - vars(German).keys() == set()
    assert {starter.label for starter in STARTERS} == {s.label for s in STARTERS if GERMAN.starter(s.label) != s.label}


def leaves(texts: object, path: str = "") -> Iterator[str]:
    if isinstance(texts, dict):
        for name, inner in texts.items():
            yield from leaves(inner, f"{path}/{name}")
    else:
        yield path


def test_chainlits_own_texts_are_there_in_both() -> None:
    """Chainlit shows the key of a text that is missing."""
    english, german = (json.loads((TRANSLATIONS / f"{translation_of(one.code)}.json").read_text()) for one in LANGUAGES)
    assert list(leaves(german)) == list(leaves(english))


def test_amounts_dates_and_plurals() -> None:
    """A comma in a figure, and the right ending."""
    assert [GERMAN.passages(n) for n in (0, 1, 2)] == ["keine Textstelle", "1 Textstelle", "2 Textstellen"]
    assert GERMAN.seconds(0.23) == "0,2 s"
    assert GERMAN.file_size(3_440_000) == "3,4 MB"
    assert GERMAN.share(0.9) == "90 %"
    assert GERMAN.day(datetime(2026, 3, 1, tzinfo=UTC)) == "1. März 2026"
    assert GERMAN.listed(["A", "B", "C"]) == "A, B und C"
    assert GERMAN.waiting(1, 8.0) == "Wartet: eine Frage ist vor deiner dran, etwa 8 s"
    assert GERMAN.planned(2, 3, 1) == "2 Agenten, 3 Schritte; 1 wartet auf das, was andere finden."
    assert GERMAN.found(0) == "Keine Textstelle gefunden"


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (EngineUnavailable("Redis does not answer."), "Die Agenten sind gerade nicht zu erreichen."),
        (
            Overloaded("Full.", 12.0),
            "Es werden schon so viele Fragen beantwortet, wie gleichzeitig möglich ist;",
        ),
        (Halted("All agents have been stopped (update).", "update"), "Alle Agenten wurden angehalten (update);"),
        (EmptyQuestion("The question is empty."), "Die Frage ist leer, darum wurde nichts gefragt."),
        (UnknownAgent("There is no agent x.", "x"), "Den Agenten „x“ gibt es nicht"),
        (NotAwaiting("This plan was approved already."), "Über diesen Plan ist schon entschieden"),
        (UnknownRun("There is no such run."), "Diese Frage ist nicht mehr da,"),
        (UnreadableDocument("It needs a password.", "encrypted"), "Sie ist verschlüsselt und braucht ein Passwort."),
        (TooManyFiles(20), "Es werden höchstens 20 Dateien"),
        (NotStarted("Starting."), "Roundtable startet noch,"),
        (ValueError("strange"), "Etwas Unerwartetes ging schief."),
    ],
)
def test_what_goes_wrong_is_said_by_its_kind(error: Exception, begins: str) -> None:
    assert GERMAN.trouble(error).startswith(begins)


def test_nothing_found_is_said_around_the_sources() -> None:
    """How an answer without an answer begins is known; what follows stays."""
    told = GERMAN.nothing_found(f"{NOTHING}{NEAREST}\n\n- Backup (backup.md) [1](#cite-r-1)")
    assert told.startswith("Dazu wurde nichts gefunden. Am nächsten kommen")
    assert told.endswith(":\n\n- Backup (backup.md) [1](#cite-r-1)")
    assert GERMAN.nothing_found("Something else.") == "Something else."


def test_a_run_is_drawn_in_the_readers_language() -> None:
    """From the same events: what Roundtable says differs, what agents and documents say does not."""
    story = Story(RUN)
    for each in council_run():
        story = tell(story, each)
    english, german = draw(story, TITLES), draw(story, TITLES, GERMAN)
    assert [step.id for step in german.steps] == [step.id for step in english.steps]
    names = {step.name for step in german.steps}
    assert names >= {"Auswahl", "Plan", "Nicht überall dasselbe"}
    assert "Selection" not in names
    answers = [[s.output for s in picture.steps if s.type == "assistant_message"] for picture in (english, german)]
    assert answers[0] == answers[1]


async def test_two_windows_in_two_languages(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """One conversation, each window in the language of its browser."""
    english = await site.tab()
    await english.ask("How do I back up the data folder?")
    task = await orchestrator.submitted.get()
    await orchestrator.happens(selected("operations", run=task.id), planned(run=task.id))
    await english.until(lambda page: "Selection" in page.names())
    german = await site.tab(thread=task.conversation, language="de-DE,de;q=0.9")
    await german.until(lambda page: "Auswahl" in page.names())
    for tab, said in ((english, ENGLISH), (german, GERMAN)):
        switch, _ = cast(list[dict[str, str]], await tab.until_heard("chat_settings"))
        assert switch["label"] == said.ask_first
        commands = cast(list[dict[str, str]], await tab.until_heard("set_commands"))
        assert said.about("knowledge") in [command["description"] for command in commands]


def test_what_is_written_behind_a_command_is_german() -> None:
    """Commands are the same in every language."""
    assert GERMAN.typed("plan", "QUESTION") == "/plan FRAGE"
    assert GERMAN.typed("agents", "[AGENT]") == "/agents [AGENT]"
    assert GERMAN.typed("help", "") == "/help"


async def test_a_question_is_refused_in_german(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """By the kind of what was wrong with it."""
    tab = await site.tab(language="de")
    await tab.ask("  ")
    await tab.until(lambda page: page.step("Roundtable")["output"] == GERMAN.trouble(EmptyQuestion()))


async def test_chainlit_is_asked_for_no_third_language(site: Site) -> None:
    """It has texts in twenty, which say what Chainlit does and not what is done here."""

    async def told(language: str) -> tuple[object, object]:
        settings = (await site.http.get("/project/settings", params={"language": language})).json()
        translated = (await site.http.get("/project/translations", params={"language": language})).json()
        return [p["display_name"] for p in settings["chatProfiles"]], translated

    assert await told("fr-FR") == await told("en-US") == await told("no language at all")
    assert await told("de-AT") == await told("de-DE") != await told("en-US")
    assert (await told("de"))[0] == [GERMAN.council, GERMAN.single_agent]
