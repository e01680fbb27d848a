"""What a document calls itself."""

import re
from collections.abc import Sequence

from knowledge.blocks import Block

_MOST_CHARACTERS = 200
_MADE_BY_PROGRAMS = re.compile(
    r"(microsoft (word|excel|powerpoint)\b.*|(word|powerpoint) (document|presentation)|untitled.*|document ?\d*"
    r"|presentation ?\d*|slide ?\d*|title|.*\.(docx?|pptx?|xlsx?|odt|rtf|tmp))",
    re.IGNORECASE,
)


def titled(blocks: Sequence[Block], named: str, fallback: str) -> tuple[str, tuple[Block, ...]]:
    """The title and the blocks without it: it stands before every passage and is no section of its own.

    `named` is what the file's properties say. Without it the first heading of the first level counts, if it is the
    only one of its level; else `fallback`.
    """
    named = " ".join(named.split())[:_MOST_CHARACTERS]
    if _MADE_BY_PROGRAMS.fullmatch(named):
        named = ""
    outermost = [block for block in blocks if block.kind == "heading" and block.level == 1]
    if not named and len(outermost) == 1 and blocks[0] is outermost[0]:
        named = outermost[0].text
    first = next((block for block in blocks if block.kind == "heading"), None)
    if first is None or first.text != named or first.page is not None:
        return named or fallback, tuple(blocks)
    return named, tuple(block for block in blocks if block is not first)
