"""Whatever is typed, the page answers with a sentence and stays usable."""

from playwright.sync_api import expect

from tests.browser.chat_window import ChatWindow

REFUSED = {
    "punctuation": ("?!... --- ...", "The question is empty, so nothing was asked. Please type what you want to know."),
    "a book": ("x" * 200_000, "The question has 200,000 characters and may have 8,000, so it was not asked."),
    "an unknown agent": ("@nobody help", "There is no agent called “nobody”, so nothing was done."),
}
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_what_cannot_be_asked_is_refused_with_a_sentence(window: ChatWindow) -> None:
    """It says what is wrong; no run begins, nothing is torn, and the next question is answered."""
    for typed, sentence in REFUSED.values():
        window.ask(typed)
        expect(window.answer).to_contain_text(sentence)
        expect(window.answer).not_to_contain_text("Traceback")
        expect(window.stop_button).to_be_hidden()
        window.fits()
    window.ask("@garden When do I prune roses?")
    expect(window.answer).to_contain_text("Prune roses in March")
    expect(window.page.locator("[data-step-type=assistant_message]")).to_have_count(len(REFUSED) + 1)


def test_markup_is_text(window: ChatWindow) -> None:
    """It is shown as it was typed and does nothing."""
    window.ask(MARKUP)
    expect(window.page.locator("[data-step-type=user_message]")).to_contain_text(MARKUP)
    expect(window.answer).to_contain_text("Nothing found on this")
    expect(window.page.locator("img[src=x]")).to_have_count(0)
