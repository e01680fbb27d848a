"""What a person sees from a question to the passages behind its answer. Read this first."""

import re

from playwright.sync_api import expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import Served

QUESTION = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"


def test_who_answers_is_shown_with_the_reasons(window: ChatWindow) -> None:
    """The first step says who was chosen for each part of the question, and why."""
    window.ask(QUESTION)
    selection = window.unfolded("Selection")
    expect(selection).to_contain_text("Gardener and Baker were chosen.")
    expect(selection.locator(".rt-choice[data-chosen=yes]").first).to_contain_text("Gardener")
    expect(selection.locator(".rt-reason").first).to_contain_text("You asked for it by name.")


def test_the_plan_changes_while_the_agents_work(window: ChatWindow, served: Served) -> None:
    """One card for each step, between the question and the answer; its words follow what happens."""
    served.hold()
    window.ask(QUESTION)
    gardener = window.nodes.filter(has_text="Gardener").filter(has_text="prune roses")
    baker = window.nodes.filter(has_text="Baker").filter(has_text="rye bread")
    for card in (gardener, baker):
        expect(card).to_contain_text("Running")
    expect(window.nodes).to_have_count(6)
    expect(window.nodes.last).to_contain_text("Waiting")
    served.release()
    for card in (gardener, baker):
        expect(card).to_contain_text("Answered")
    expect(window.nodes.last).to_contain_text("Ready")


def test_several_agents_think_aloud_at_the_same_time(window: ChatWindow, served: Served) -> None:
    """Their words arrive while they work, each in the step of its agent."""
    served.hold()
    window.ask(QUESTION)
    thoughts = [window.step(f"{agent}: ") for agent in ("Gardener", "Baker")]
    for agent, thought in zip(("Gardener", "Baker"), thoughts, strict=True):
        expect(thought).to_contain_text(f"{agent} begins.")
    for words, so_far in (("Weighing", "begins. Weighing"), ("the words.", "begins. Weighing the words.")):
        served.say(words)
        for thought in thoughts:
            expect(thought).to_contain_text(so_far)
    expect(window.stop_button).to_be_visible()


def test_each_agents_step_holds_what_it_found_and_what_it_says(window: ChatWindow) -> None:
    """A step folds when it is done, and can be opened again."""
    window.ask(QUESTION)
    expect(window.sources.first).to_be_visible()
    for agent, part, said in (
        ("Gardener", "When do I prune roses?", "Prune roses in March, when the forsythia blooms."),
        ("Baker", "How long do I bake rye bread?", "Bake rye bread for fifty minutes at 220 degrees."),
    ):
        step = window.unfolded(f"{agent}: {part}")
        expect(step).to_contain_text(said)
        expect(step).to_contain_text(re.compile(r"Found \d+ passages"))
        expect(step).to_contain_text("Reasoning")


def test_the_answer_is_one_and_cites(window: ChatWindow) -> None:
    """Grouped by the parts of the question, with a number behind each sentence and its source below."""
    window.ask(QUESTION)
    expect(window.sources).to_have_count(2)
    expect(window.in_text).to_have_text(["1", "2"])
    expect(window.answer).to_contain_text("Prune roses in March, when the forsythia blooms.")
    expect(window.answer).to_contain_text("Bake rye bread for fifty minutes at 220 degrees.")
    expect(window.shimmers).to_have_count(0)
    expect(window.stop_button).to_be_hidden()


def test_a_citation_opens_its_passage(window: ChatWindow) -> None:
    """A number in the text and a row of the list both open the document beside the chat, the quote marked."""
    window.ask(QUESTION)
    content, title = window.page.locator("#side-view-content"), window.page.locator("#side-view-title")
    window.in_text.first.click()
    expect(title).to_contain_text("1 · Roses")
    expect(content.locator("mark")).to_have_text("Prune roses in March, when the forsythia blooms.")
    window.sources.nth(1).click()
    expect(title).to_contain_text("2 · Bread")
    expect(content.locator("mark")).to_have_text("Bake rye bread for fifty minutes at 220 degrees.")
    expect(content).to_contain_text("A rye bread is done when it sounds hollow.")
    assert len(window.page.context.pages) == 1, "a citation opened a second tab"


def test_what_nobody_knows_is_said(window: ChatWindow) -> None:
    """No answer is made up."""
    window.ask("What is the capital of Mongolia?")
    expect(window.answer).to_contain_text("Nothing found on this")
    expect(window.shimmers).to_have_count(0)
    expect(window.stop_button).to_be_hidden()


def test_questions_to_begin_with(window: ChatWindow) -> None:
    """Each has a picture; a click on one asks it."""
    starters = window.page.locator("#starters > button")
    expect(starters).to_have_count(6)
    for picture in starters.locator("img").all():
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("img => img.naturalWidth") > 0
    window.page.locator("#starter-which-faiss-index").click()
    asked = window.page.locator("[data-step-type=user_message]")
    expect(asked).to_contain_text("Which FAISS index should I use for 200,000 passages?")
    expect(window.answer).to_be_visible()
    expect(window.stop_button).to_be_hidden()


def test_the_single_agent_answers_without_a_plan(window: ChatWindow) -> None:
    """The other profile is the rollback: one agent, all documents, the same citations."""
    window.page.locator("#chat-profiles").click()
    window.page.get_by_role("option", name="Single agent").click()
    expect(window.page.locator("#chat-profiles")).to_contain_text("Single agent")
    window.ask("How long do I bake rye bread?")
    expect(window.sources.first).to_be_visible()
    expect(window.answer).to_contain_text("Bake rye bread for fifty minutes at 220 degrees.")
    expect(window.page.locator(".rt-plan")).to_have_count(0)
