"""Files to blocks, and the reasons for which a file is refused."""

from pathlib import Path

import pytest

from knowledge import UnreadableDocument
from knowledge.errors import ReadStatus
from knowledge.loaders import load
from tests.knowledge.asking import ask, put, ready
from tests.knowledge.conftest import LEASES, Write
from tests.knowledge.pdfs import encrypted, pdf

MARKDOWN = """---
title: Handbook
---

# Handbook

Some text that
goes over two lines.

Setext heading
--------------

1. First item
   with a second line
2. Second item

<!-- a comment -->

| a | b |
|---|---|
| 1 | 2 |

```python
# not a heading
```

> A quotation.
"""


def test_markdown_is_read_by_its_structure() -> None:
    """Headings, paragraphs, lists, tables and code are told apart; the title is no section."""
    document = load(MARKDOWN.encode(), "handbook.md")
    assert document.title == "Handbook"
    assert [(block.kind, block.text) for block in document.blocks] == [
        ("paragraph", "Some text that\ngoes over two lines."),
        ("heading", "Setext heading"),
        ("list", "1. First item\n   with a second line\n2. Second item"),
        ("table", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("code", "```python\n# not a heading\n```"),
        ("paragraph", "A quotation."),
    ]


def test_a_file_without_a_title_is_called_by_its_name() -> None:
    """So that the passages still say what they are from."""
    assert load(b"just text", "notes on pumps.txt").title == "notes on pumps"


def test_delimited_values_are_one_table() -> None:
    """The first row names the columns."""
    (block,) = load(b'city,note\nOslo,"cold, north"\n', "cities.csv").blocks
    assert (block.kind, block.text) == ("table", "| city | note |\n| Oslo | cold, north |")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("text", ["Können wir äöüß?", "Die Brücke über den Fluß. " * 30])
def test_text_is_read_in_the_usual_encodings(encoding: str, text: str) -> None:
    """With a mark, without one, and the old Windows encoding."""
    assert load(text.encode(encoding), "umlauts.txt").blocks[0].text.strip() == text.strip()


def test_pdf_pages_are_kept() -> None:
    """A citation names the page."""
    content = pdf("The first page tells of pumps.", "The second page tells\nof valves.")
    document = load(content, "annual_report.pdf")
    assert document.title == "annual report"
    assert [(block.page, block.text) for block in document.blocks] == [
        (1, "The first page tells of pumps."),
        (2, "The second page tells of valves."),
    ]


def test_pdf_that_opens_without_a_password_is_read() -> None:
    """Encrypted against printing, not against reading."""
    assert load(encrypted(pdf("Printed nowhere, read here."), password=""), "a.pdf").blocks[0].text == (
        "Printed nowhere, read here."
    )


@pytest.mark.parametrize(
    ("name", "content", "status", "reason"),
    [
        ("empty.md", b"", "empty", "The file is empty."),
        ("blank.txt", b" \n\t\n", "empty", "The file is empty."),
        ("noise.md", bytes(range(256)) * 4, "unsupported", "It is binary data, not text."),
        ("cut.txt", b"\xff\xfea", "damaged", "It begins as utf-16 text and then is not."),
        ("marks.md", b"---\n\n***\n", "empty", "There is no text in it."),
        ("secret.pdf", encrypted(pdf("Hidden."), "word"), "encrypted", "The PDF is encrypted and needs a password."),
        ("cut.pdf", pdf("Text.")[:60], "damaged", "The PDF is damaged"),
        ("scan.pdf", pdf(""), "empty", "The PDF has no text in it; perhaps its pages are scanned images."),
        ("stamp.pdf", pdf("Received 7 May", "2"), "empty", "The PDF has only 13 characters on 2 pages; perhaps its"),
    ],
)
def test_a_refused_file_says_why(name: str, content: bytes, status: ReadStatus, reason: str) -> None:
    """One sentence for a person, and one word for a program."""
    with pytest.raises(UnreadableDocument) as refused:
        load(content, name)
    assert refused.value.status == status
    assert str(refused.value).startswith(reason)
    assert str(refused.value).endswith(".")


async def test_one_bad_file_stops_no_other(folder: Path, write: Write) -> None:
    """Each file has its own outcome, in the order given."""
    paths = [
        write("empty.md", ""),
        folder / "missing.md",
        write("leases.md", LEASES),
        write("only.md", "# Nothing but a title\n\n## And a heading\n"),
        folder.parent,
    ]
    async with ready(folder) as knowledge:
        results = await put(knowledge, *paths)
        assert [result.path for result in results] == paths
        assert [(result.status, result.reason) for result in results] == [
            ("rejected", "The file is empty."),
            ("rejected", "There is no such file."),
            ("added", ""),
            ("rejected", "There is nothing in it but headings."),
            ("rejected", "It is a folder, not a file."),
        ]
        assert await ask(knowledge, "fence")
