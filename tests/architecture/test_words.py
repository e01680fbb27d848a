"""The scripts and elements of the page speak both languages, and have no words of their own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PUBLIC = Path(__file__).parents[2] / "public"
ELEMENTS = sorted((PUBLIC / "elements").glob("*.jsx"))
_COMMENT = re.compile(r"^[ \t]*//[^\n]*$|/\*.*?\*/|[ \t]//[ \t][^\n]*$", re.MULTILINE | re.DOTALL)
_SENTENCE = re.compile(r"""(['"`])(?=[^'"`\n]*[a-z] [a-z])[A-Z][^'"`\n]*\1""")
_SHOWN = re.compile(r"(?<!=)>\s*([A-Za-z][A-Za-z ,.’'…]*)\s*</?[a-zA-Z]")
_NAMED = re.compile(r"""(?:aria-label|title|placeholder)=["'](?!\$)[^"']*[A-Za-z]""")
_USED = re.compile(r"\bwords\.(\w+)")


def told() -> dict[str, dict[str, object]]:
    """What public/page/words.js exports: names, and texts in single quotes, so it is nearly JSON."""
    source = _COMMENT.sub("", (PUBLIC / "page" / "words.js").read_text())
    found = {}
    for language, inside in re.findall(r"^export const ([A-Z]+) = (\{.*?^\});", source, re.MULTILINE | re.DOTALL):
        found[language] = json.loads(re.sub(r"(?<=[{,\n])\s*(\w+): (?=['{\[])", r'"\1":', inside).replace("'", '"'))
    return found


def texts(given: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text by its name; one of a list or of a group by its name in it."""
    inside = given.items() if isinstance(given, dict) else enumerate(given) if isinstance(given, list) else None
    if inside is None:
        yield path, str(given)
        return
    for name, each in inside:
        yield from texts(each, f"{path}.{name}")


def gaps(sentence: str) -> list[str]:
    """What is filled in."""
    return sorted(set(re.findall(r"\b[A-Z]{3,}\b", sentence)) - {"PDF", "JSON"})


def test_both_languages_say_the_same_and_fill_the_same_in() -> None:
    """In the same order, so that a reader finds both."""
    both = told()
    english, german = (dict(texts(both[name])) for name in ("ENGLISH", "GERMAN"))
    assert list(german) == list(english)
    differ = {name for name in english if gaps(english[name]) != gaps(german[name])}
    assert differ <= {".halted"}, "the server says the English sentence whole"


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda path: path.stem)
def test_an_element_has_no_words_of_its_own(element: Path) -> None:
    """Neither between its tags, nor in what is read aloud, nor in its notes; and those that it uses are there."""
    code = _COMMENT.sub("", element.read_text())
    found = [match[0] for pattern in (_SENTENCE, _SHOWN, _NAMED) for match in pattern.finditer(code)]
    assert [words for words in found if "JSON" not in words] == []
    assert set(_USED.findall(code)) <= told()["ENGLISH"].keys()


@pytest.mark.parametrize("sheet", sorted(PUBLIC.glob("*.css")), ids=lambda sheet: sheet.name)
def test_a_stylesheet_closes_what_it_opens(sheet: Path) -> None:
    """A browser says nothing when a brace is missing: it puts all that follows into the block that was left open."""
    rules = _COMMENT.sub("", sheet.read_text())
    assert rules.count("{") == rules.count("}")
