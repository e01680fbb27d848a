"""Documents from a person's hands into the agents' knowledge, and back. Read this first."""

from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import PHONE, Opened
from tests.knowledge.pdfs import encrypted, pdf


def file(name: str, content: str | bytes) -> FilePayload:
    """As a browser sends it that knows no type for it."""
    body = content.encode() if isinstance(content, str) else content
    return {"name": name, "mimeType": "application/octet-stream", "buffer": body}


def about(subject: str) -> str:
    return f"# {subject}\n\nPrune {subject} in February, before the roses.\n"


def list_documents(window: ChatWindow) -> None:
    window.page.locator("#command-knowledge").click()
    window.composer.click()
    window.page.keyboard.press("Enter")
    expect(window.listing).to_be_visible()


def test_a_file_with_a_question(window: ChatWindow) -> None:
    """The agent is proposed, a button gives the file to it, and the answer is from the file."""
    window.attach(file("quinces.md", about("quinces")))
    window.ask("When do I prune quinces?")
    best = window.card.locator(".rt-choose[data-best=yes]")
    expect(best).to_contain_text("Gardener")
    expect(window.stop_button).to_be_hidden()
    best.focus()
    window.page.keyboard.press("Enter")
    expect(window.card.locator("[data-file=added]")).to_contain_text("1 passage")
    expect(window.answer).to_contain_text("Prune quinces in February, before the roses.")
    expect(window.sources.first).to_contain_text("quinces")


def test_a_card_below_what_was_said_before(window: ChatWindow) -> None:
    """What it says to readers who listen alone does not stretch the page."""
    window.connected()
    list_documents(window)
    window.attach(file("limes.md", about("limes")))
    window.ask("@garden keep this")
    expect(window.card.locator("[data-file=added]")).to_be_visible()
    window.page.set_viewport_size({"width": 1200, "height": 500})
    window.scrolls_in_one_place()


DROP = """
(element, [name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  for (const kind of ['dragenter', 'dragover', 'drop'])
    element.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
}
"""


def test_files_are_dropped_anywhere(window: ChatWindow) -> None:
    """Onto the conversation, or beside it; of whatever name."""
    window.connected()
    for where, name in ((window.composer, "figs.md"), (window.page.locator("#header"), "Figs file")):
        where.evaluate(DROP, [name, about(name)])
        expect(window.page.locator("#attachments")).to_contain_text(name)
    window.ask("@garden keep these")
    expect(window.card.locator("[data-file=added]")).to_have_count(2)


def test_a_restarted_server_does_not_know_the_card(window: ChatWindow) -> None:
    """What is still on the page from before says so, and offers nothing that cannot be done any more."""
    window.attach(file("dates.md", about("dates")))
    window.page.keyboard.press("Enter")
    expect(window.card.locator(".rt-choose").first).to_be_visible()
    window.page.evaluate("postMessage({ roundtable: 'deliveries', known: [] })")
    expect(window.card.get_by_role("status")).to_contain_text("The server was restarted meanwhile.")
    expect(window.card.locator(".rt-choose").first).to_be_hidden()


def test_what_cannot_be_read_says_why(window: ChatWindow) -> None:
    """Each file for itself, an empty one too; the others are kept where the message says."""
    window.attach(
        file("empty.txt", b""),
        file("locked.pdf", encrypted(pdf("Secret."), "a password")),
        file("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        file("medlars.md", about("medlars")),
    )
    window.ask("@garden keep these for me")
    rows = window.card.locator(".rt-file-row")
    expect(rows.nth(3)).to_have_attribute("data-file", "added")
    for row, word in zip(rows.all()[:3], ("empty", "password", "picture"), strict=True):
        expect(row).to_have_attribute("data-file", "rejected")
        expect(row).to_contain_text(word)
    expect(window.answer).to_contain_text("Only you see it.")
    expect(window.page.locator("[data-step-type=user_message] .rt-attached li")).to_have_count(4)
    window.page.reload()
    expect(rows).to_have_count(4)
    window.attach(file("the same.md", about("medlars")))
    window.page.keyboard.press("Enter")
    expect(window.card).to_contain_text("already there: Gardener has it as “medlars.md”")


def test_a_pdf_opens_at_the_page(window: ChatWindow) -> None:
    """The page stands below the quoted passage; the browser's own viewer is one click away, at the same page."""
    window.attach(file("cellar.pdf", pdf("A cellar is cool.", "Store the apples in the cellar from October on.")))
    window.ask("@kitchen keep this. When do I store the apples in the cellar?")
    window.sources.first.click()
    panel = window.page.locator("#side-view-content")
    expect(panel.locator("mark")).to_contain_text("Store the apples in the cellar")
    expect(panel.locator(".rt-around")).to_contain_text("A cellar is cool.")
    expect(panel.get_by_text("2 / 2")).to_be_visible()
    expect(panel.locator("canvas")).to_be_visible()
    assert (panel.locator(".rt-original").get_attribute("href") or "").endswith("?inline=true#page=2")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_documents_are_listed_moved_and_removed(open_window: Opened, dark: bool, tmp_path: Path) -> None:
    """On a phone, with the keyboard: search, give away, get back, take out after one question."""
    window = open_window(PHONE, dark=dark).open()
    name = f"sloes {dark}.md"
    window.attach(file(name, about(name)))
    window.ask("@garden keep this")
    expect(window.card.locator("[data-file=added]")).to_be_visible()
    window.fits()
    list_documents(window)
    window.listing.get_by_role("searchbox").fill("sloes")
    row = window.listing.locator(".rt-document").filter(has_text=name)
    expect(row).to_be_visible()
    window.fits()
    with window.page.expect_download() as download:
        row.get_by_role("link", name="Download").press("Enter")
    download.value.save_as(tmp_path / "back")
    assert (tmp_path / "back").read_text() == about(name)
    row.get_by_role("button", name=f"Move {name}", exact=True).press("Enter")
    row.get_by_role("combobox").select_option("kitchen")
    row.get_by_role("button", name="Move", exact=True).press("Enter")
    shelf = window.listing.locator(".rt-shelf[data-agent=kitchen]")
    expect(shelf).to_contain_text(name)
    row.get_by_role("button", name=f"Remove {name}", exact=True).press("Enter")
    expect(row.get_by_role("button", name="Cancel")).to_be_focused()
    window.fits()
    row.get_by_role("button", name="Remove", exact=True).press("Enter")
    expect(window.listing).to_contain_text("No document matches.")
