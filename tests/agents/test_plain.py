"""What a model writes is inert, and its code stays as it is, whatever readers of Markdown take for code."""

import pytest

from agents.plain import inert, without_links

PICTURE = "<img src=https://evil.example/p.png>"


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "\\`{}\\`",
        "a ~~~ {} ~~~ b",
        "a ``` {}",
        "`` ` `` {} `",
        "`a\n` {} `",
        "- `a\n- `b` {} `",
        "| `a | {} | b` |",
        "```\na ``` b\n```\n{}",
        "> ```\n\n{}",
    ],
)
def test_what_only_looks_like_code_is_as_inert_as_the_rest(around: str) -> None:
    """An export is read by other programs than the page, which may show HTML."""
    shown = inert(around.format(PICTURE))
    assert "\\<img" in shown
    assert "https://" not in shown


@pytest.mark.parametrize(
    "code",
    [
        "Type `a[0](b) <x> https://a.example`.",
        "Type ``a ` <b>`` and `c[1](d)`.",
        "Do this:\n\n  ```\n<b> [a](b)\n  ```\n",
    ],
)
def test_code_stays_as_it_is(code: str) -> None:
    assert inert(without_links(code)) == code


def test_links_in_links_end() -> None:
    """However deep they are, in one look at each depth that anybody writes; what is left of them is broken."""
    deep = "[" * 50 + "word" + "](//evil.example)" * 50
    assert "](" not in inert(without_links(deep))
    assert without_links("[![picture](//evil.example/p.png)](//evil.example)") == "picture"
