"""Agents answer with a language model behind a server of OpenAI's protocol, which says what each test tells it."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import PHONE, Opened, Profiles, Served, kept_profiles, serving, windows
from tests.browser.test_for_everybody import violations
from tests.openai_server import Asked, Hold, OpenAIServer, Piece, Thought, openai_server, words

QUESTION = "@garden When do I prune roses?"
PRUNE = "Prune roses in March, when the forsythia blooms"
PARTS = (("When do I prune roses?", "garden"), ("How long do I bake rye bread?", "kitchen"))
BAKE = "Bake rye bread for fifty minutes at 220 degrees"
WATER = "Roses want ten litres of water each week"
MODEL, OTHER = "openai:scripted", "openai:other"


def source(asked: Asked, sentence: str) -> str:
    """The number that the prompt gave the passage with this sentence."""
    for number, inside in re.findall(r"source \[(\d+)\]>>\n(.*?)\n<<", asked.text, re.DOTALL):
        if sentence in inside:
            return f"[{number}]"
    raise AssertionError(f"nothing with '{sentence}' was found for the model")


def gardener(asked: Asked) -> Iterator[Piece]:
    """Thinks, answers with its sources, and says two things that are in none."""
    yield Thought("The person asks ")
    yield Thought("about *roses*.")
    yield Hold("thinking")
    yield from words(f"{PRUNE} {source(asked, PRUNE)}.")
    yield Hold("writing")
    yield from words(f" Roses love jazz music {source(asked, WATER)}. Everybody likes them.")


def all_of_them(asked: Asked) -> Iterator[Piece]:
    """The question is divided, both agents answer at once, and one answer is written of theirs, slowly."""
    if "You plan how" in asked.system:
        yield json.dumps({"parts": [{"question": part, "agents": [agent]} for part, agent in PARTS]})
    elif "You write the one answer" in asked.system:
        numbers = {text: f"[{number}]" for number, text in re.findall(r"^\[(\d+)\] (\w+):", asked.text, re.MULTILINE)}
        yield from words(f"In short: {PRUNE} {numbers['Roses']}. ")
        yield Hold("writing")
        yield from words(f"{BAKE} {numbers['Bread']}.")
    else:
        sentence = PRUNE if "You are Gardener" in asked.system else BAKE
        yield f"{sentence} {source(asked, sentence)}." if sentence in asked.text else "NOTHING FOUND"


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    """The models' server."""
    with openai_server(gardener) as server:
        yield server


@pytest.fixture(scope="module")
def modelled(model: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The application, whose agents answer with it; another model is offered."""
    environment = {
        "ROUNDTABLE_MODEL": MODEL,
        "ROUNDTABLE_MODEL_BASE_URL": model.base_url,
        "ROUNDTABLE_MODELS": OTHER,
        "ROUNDTABLE_MODEL_PRICES": f"{MODEL}=1/2",
    }
    with serving(
        tmp_path_factory.mktemp("modelled"), tmp_path_factory.getbasetemp() / "modelled.log", **environment
    ) as served:
        yield served


@pytest.fixture(scope="module")
def known(browser: Browser, modelled: Served) -> Iterator[Profiles]:
    with kept_profiles(browser, modelled) as kept:
        yield kept


@pytest.fixture
def open_modelled(browser: Browser, model: OpenAIServer, modelled: Served, known: Profiles) -> Iterator[Opened]:
    """Opens windows; before each test everything at the model's server is as it was at first."""
    model.script, model.away = gardener, False
    model.asked.clear()
    for hold in ("thinking", "writing"):
        model.release(hold)
    with windows(browser, modelled, known) as opened:
        yield opened


def choose_model(window: ChatWindow, label: str) -> None:
    """In the settings beside the composer."""
    window.page.locator("#chat-settings-open-modal").click()
    window.page.get_by_role("dialog").get_by_role("combobox").last.click()
    window.page.get_by_role("option", name=label).click()
    window.page.locator("#confirm").click()
    expect(window.page.get_by_role("dialog")).to_have_count(0)


def agent(window: ChatWindow) -> Locator:
    """The gardener's step, unfolded; the line at the top begins with the same name."""
    toggle = window.page.locator("button[id='step-Gardener']")
    if toggle.get_attribute("data-state") == "closed":
        toggle.click()
    return window.page.locator(".step").filter(has=toggle).first


def spent(window: ChatWindow) -> Locator:
    """What stands under the answer about models."""
    return window.answer.get_by_role("group", name="Language models")


def test_a_model_answers_word_by_word(open_modelled: Opened, model: OpenAIServer) -> None:
    """It thinks aloud, then writes; its sources open, and what is in none of them is marked. Its cost is under it."""
    model.hold()
    window = open_modelled().open()
    window.ask(QUESTION)
    step = agent(window)
    expect(step).to_contain_text("The person asks about roses.")
    model.release("thinking")
    expect(step).to_contain_text(PRUNE)
    expect(window.page.locator("[id^='step-Gardener is writing']")).to_be_visible()
    expect(step).not_to_contain_text("jazz")
    model.release("writing")

    expect(window.sources.first).to_be_visible()
    window.in_text.first.click()
    expect(window.page.locator("#side-view-content mark")).to_contain_text(PRUNE)
    step = agent(window)
    expect(step).to_contain_text("Sources: [")
    unsupported, uncited = step.get_by_text("not in its source"), step.get_by_text("no source", exact=True)
    expect(unsupported).to_have_attribute("title", "The source that the model named was not found to say this.")
    expect(uncited).to_have_attribute("title", "The model named no source for this.")
    uncited.click()
    assert len(window.page.context.pages) == 1, "a mark leads nowhere"
    expect(spent(window)).to_contain_text(re.compile(rf"{MODEL} · 1 call · [\d,]+ tokens · cost 0\.\d+$"))
    expect(spent(window)).to_contain_text("no source: The model named no source for this.")
    window.answer.get_by_text("By model").click()
    expect(window.answer).to_contain_text(re.compile(r"1 call, [\d,]+ tokens in, \d+ out"))


def test_a_model_writes_one_answer_of_several(open_modelled: Opened, model: OpenAIServer) -> None:
    """What agents found together; it streams, and the numbers lead to the passages of all of them."""
    model.hold()
    model.script = all_of_them
    window = open_modelled().open()
    window.ask("@garden @kitchen When do I prune roses, and how long do I bake rye bread?")
    expect(window.page.locator("[id^='step-Writing the answer']")).to_be_visible()
    expect(window.answer).to_contain_text(f"In short: {PRUNE}")
    expect(window.answer).not_to_contain_text("Bake")
    model.release("writing")
    expect(window.sources).to_have_count(2)
    expect(window.answer).to_contain_text(BAKE)
    window.in_text.last.click()
    expect(window.page.locator("#side-view-content mark").first).to_contain_text(BAKE)
    expect(spent(window)).to_contain_text(f"{MODEL} · 4 calls")
    window.unfolded("Selection")
    expect(window.page.get_by_text(f"Planned by {MODEL}.")).to_be_visible()


def test_a_model_is_chosen_in_the_settings(open_modelled: Opened, model: OpenAIServer) -> None:
    """Another one, none, and the configured one again; each holds for the next question and the next window."""
    window = open_modelled().open()
    choose_model(window, OTHER)
    window.ask(QUESTION)
    expect(spent(window)).to_contain_text(f"{OTHER} · 1 call")
    assert [asked.body["model"] for asked in model.asked] == ["other"]
    another = open_modelled().open()
    choose_model(another, "Without a model")
    another.ask(QUESTION)
    expect(spent(another)).to_have_text("Answered without a language model, as you wished")
    expect(another.answer).to_contain_text(f"{PRUNE}.")
    assert len(model.asked) == 1
    choose_model(another, f"As configured ({MODEL})")
    another.ask(QUESTION)
    expect(spent(another)).to_contain_text(f"{MODEL} · 1 call")


def test_one_agent_is_asked_again_without_a_model_by_keyboard(open_modelled: Opened, model: OpenAIServer) -> None:
    """On a phone, from the menu under the answer."""
    window = open_modelled(PHONE).open()
    window.ask(QUESTION)
    expect(window.answer.locator(".rt-again")).to_be_visible()
    window.answer.locator(".rt-again summary").focus()
    window.page.keyboard.press("Enter")
    window.page.keyboard.press("Tab")
    expect(window.answer.get_by_role("combobox", name="With the model")).to_be_focused()
    window.page.keyboard.type("Without")
    window.fits()
    window.page.keyboard.press("Tab")
    expect(window.answer.get_by_role("button", name="Ask Gardener again")).to_be_focused()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("[data-step-type=assistant_message]")).to_have_count(2)
    expect(spent(window)).to_have_text("Answered without a language model, as you wished")
    assert len(model.asked) == 1


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_all_said_in_german_and_for_everybody(open_modelled: Opened, model: OpenAIServer, dark: bool) -> None:
    """Marks, what they mean, the cost, and the choice of a model; on a phone, light and dark."""
    window = open_modelled(PHONE, dark=dark, first_visit=True, language="de").open()
    window.ask(QUESTION)
    about = window.answer.get_by_role("group", name="Sprachmodelle")
    expect(about).to_contain_text("ohne Quelle: Das Modell hat dafür keine Quelle genannt.")
    expect(about).to_contain_text(re.compile(rf"{MODEL} · 1 Aufruf · [\d.]+ Token · Kosten 0,\d+$"))
    window.answer.locator(".rt-again summary").click()
    expect(window.answer.get_by_role("combobox", name="Mit dem Modell")).to_contain_text("Ohne Modell")
    expect(agent(window).get_by_text("nicht in der Quelle")).to_be_visible()
    window.fits()
    assert violations(window.page) == []


def test_stop_closes_what_a_model_is_writing(open_modelled: Opened, model: OpenAIServer) -> None:
    """Its server sees that nobody listens any more, while it has more to say."""
    model.hold()
    model.release("thinking")
    window = open_modelled().open()
    window.ask(QUESTION)
    expect(agent(window)).to_contain_text(PRUNE)
    window.stop()
    expect(window.page.locator("[id^='step-Stopped']")).to_be_visible()
    model.until(lambda asked: asked[0].closed)
    assert not any("jazz" in str(piece) for piece in model.asked[0].sent)


def test_what_a_model_writes_loads_and_links_nothing(open_modelled: Opened, model: OpenAIServer) -> None:
    """Neither while it streams nor afterwards, nor in what is taken along; each window's witness sees every request."""
    evil = "http://evil.example"
    hostile = f"![x]({evil}/p.png) [here]({evil}) <img src={evil}/q.png> <{evil}> {evil} [r][1]\n\n[1]: {evil}\n\n"

    def hostile_gardener(asked: Asked) -> Iterator[Piece]:
        yield Thought(hostile)
        yield from words(f"{PRUNE} {source(asked, PRUNE)}. ")
        yield from hostile  # Letter by letter, so that no piece looks like a link.
        yield Hold("writing")

    model.hold()
    model.script = hostile_gardener
    window = open_modelled().open()
    window.ask(QUESTION)
    step = agent(window)
    expect(step).to_contain_text(PRUNE)
    expect(step.get_by_text(PRUNE)).to_contain_text("evil")
    for _ in ("while it streams", "afterwards"):
        assert window.page.locator("a[href*=evil], img[src*=evil]").count() == 0
        model.release("writing")
        expect(spent(window)).to_be_visible()
    run = window.answer.locator("a[href^='/api/runs/']").get_attribute("href")
    told = window.page.request.get(f"{window.base}{run}/answer").text()
    assert "](" not in told
    assert re.search(r"(?<!\\)<\w", told) is None


def test_without_its_server_the_sources_answer_and_it_says_so(open_modelled: Opened, model: OpenAIServer) -> None:
    """In plain sight, at the agent and under the answer. Last: then it is left alone for a while, as /status says."""
    model.away = True
    window = open_modelled().open()
    window.ask(QUESTION)
    expect(window.answer).to_contain_text(f"{PRUNE}.")
    # Whether the one who writes still tries it depends on how often the agents did.
    expect(spent(window)).to_contain_text(re.compile(rf"Answered .*without the model: {MODEL} cannot be reached\."))
    expect(agent(window)).to_contain_text(f"Answered without the model: {MODEL} cannot be reached.")
    window.ask("/status now")
    told = rf"Language models: {MODEL} \(\d+ calls, .* since the server started; left alone for another"
    expect(window.answer).to_contain_text(re.compile(told))
