"""`roundtable ingest`: what is taken from folders, and what a dry run tells."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest

from cli.bar import Bar
from cli.documents import named_files
from tests.cli.runs import Terminal

GUIDE = "# Pumps\n\nThe pump in hall seven starts at six bar, and it stops at nine bar.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Documents in folders, two of one name, and things that nobody means."""
    files = {"guide.md": GUIDE, "more/guide.md": GUIDE, ".hidden.md": GUIDE, ".git/x.md": GUIDE, "empty.txt": " \n"}
    for name, text in files.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "elsewhere.md").write_text(GUIDE)
    (tmp_path / "docs" / "link.md").symlink_to(tmp_path / "elsewhere.md")
    (tmp_path / "docs" / "loop").symlink_to(tmp_path / "docs")
    return tmp_path / "docs"


def test_folders_are_gone_through(folder: Path) -> None:
    """Hidden files are left out and links not followed; names tell files of one name apart."""
    assert [file.name for file in named_files([folder], recursive=True)] == ["empty.txt", "guide.md", "more/guide.md"]


def test_what_is_named_itself_is_always_taken(folder: Path) -> None:
    """Hidden, linked, missing, or a folder: it is answered for."""
    paths = [folder / ".hidden.md", folder / "link.md", folder / "missing.md", folder]
    assert [file.path for file in named_files(paths, recursive=False)] == paths


def test_a_dry_run_tells_what_is_in_each_file(terminal: Terminal, folder: Path) -> None:
    """Everything that an ingestion would know; nothing is kept, and the knowledge is not opened."""
    ran = terminal.types("ingest", "--agent", "security", "--recursive", "--dry-run", "--json", str(folder))
    assert ran.code == 1
    assert ran.complaint == "roundtable: 1 of 3 files could not be read."
    empty, guide, other = json.loads(ran.out)["files"]
    assert empty == {
        "path": str(folder / "empty.txt"),
        "status": "empty",
        "reason": "The file is empty.",
        "format": "",
        "pages": None,
        "language": "",
        "passages": 0,
        "remarks": [],
        "text": "",
    }
    assert (guide["status"], guide["format"], guide["language"], guide["passages"]) == ("read", "Markdown", "en", 1)
    assert "six bar" in guide["text"]
    assert other["path"] == str(folder / "more" / "guide.md")
    assert not list(terminal.settings.data.glob("knowledge*"))


def test_a_dry_run_for_people(terminal: Terminal, folder: Path) -> None:
    """A line a file; 0 when all were read."""
    path = folder / "guide.md"
    ran = terminal.types("ingest", "--agent", "security", "--dry-run", str(path))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"read: {path} (1 passage)\n"


def test_a_folder_needs_to_be_meant(terminal: Terminal, folder: Path) -> None:
    """Without --recursive it is refused like anything that is no file."""
    ran = terminal.types("ingest", "--agent", "security", "--dry-run", str(folder))
    assert ran.code == 1
    assert ran.out == f"unsupported: {folder} (It is a folder, not a file.)\n"


class AtTerminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_shows_the_share_that_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one line, which is gone at the end; a name cannot move the cursor."""
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((100, 20)))
    stream = AtTerminal()
    with Bar(stream, files=2) as bar:
        bar.finish()
        bar.show("a\x1b[2J.pdf", "reading", 6, 12)
    drawn = stream.getvalue().split("\r\x1b[K")
    assert drawn == ["", f"[{'#' * 18}{'.' * 6}] 1 of 2  a [2J.pdf: reading 6 of 12", ""]


def test_nothing_is_drawn_where_nobody_looks() -> None:
    """Into a file or a pipe."""
    stream = StringIO()
    with Bar(stream, files=1) as bar:
        bar.show("a.pdf", "reading")
    assert stream.getvalue() == ""
