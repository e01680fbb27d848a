"""How people are called: one spelling for each, which is safe in a key, a folder, a header and a log."""

import unicodedata

from people.errors import InvalidName

LOCAL = "local"
"""The one person of a machine without a login."""
MOST_CHARACTERS = 64
_BESIDES = frozenset("._-+@")


def person_id(name: str) -> str:
    """The one spelling of a name, however it was typed. Raises InvalidName."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())
    if not folded or len(folded) > MOST_CHARACTERS:
        raise InvalidName(f"A name has between 1 and {MOST_CHARACTERS} characters.")
    wrong = next((c for c in folded if not (c.isalnum() or c in _BESIDES)), "")
    if wrong or not folded[0].isalnum():
        shown = wrong if wrong.isprintable() and wrong else f"U+{ord(wrong):04X}" if wrong else folded[0]
        raise InvalidName(
            f"A name begins with a letter or a digit and has only letters, digits and . _ - + @ in it, not “{shown}”."
        )
    return folded
