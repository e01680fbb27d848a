"""XML of strangers: no entity is expanded, no DTD is loaded, nothing is fetched, depth is limited."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from knowledge.errors import UnreadableDocument

if TYPE_CHECKING:
    from lxml.etree import HTMLParser, XMLParser
    from lxml.etree import _Element as Element


def parse_xml(content: bytes, what: str) -> "Element":
    """The root of a tree; small mistakes are repaired. Raises UnreadableDocument where nothing can be made of it."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableDocument(f"It is damaged: {what} is not XML.") from error
    refuse_depth(parser)
    if root is None:
        raise UnreadableDocument(f"It is damaged: {what} is not XML.")
    return root


def refuse_depth(parser: "XMLParser | HTMLParser") -> None:
    """Raises UnreadableDocument where the parser dropped what stands too deep; it says so in its log only."""
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise UnreadableDocument("It is nested too deep to be read.", "unsupported")


def local(element: "Element") -> str:
    """An element's name without its namespace: files name namespaces in many ways, and wrongly."""
    tag = element.tag
    # An entity that was not expanded is a node whose tag is a function.
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: "Element", *names: str) -> Iterator["Element"]:
    """Children with one of these local names."""
    return (child for child in element if local(child) in names)


def child(element: "Element | None", *path: str) -> "Element | None":
    """The first descendant down this path of local names."""
    for name in path:
        if element is None:
            return None
        element = next(children(element, name), None)
    return element


def descendants(element: "Element", *names: str) -> Iterator["Element"]:
    """All below and including `element` with one of these local names, in document order."""
    return (each for each in element.iter() if local(each) in names)


def attribute(element: "Element | None", name: str) -> str:
    """An attribute by its local name; empty without one."""
    if element is None:
        return ""
    value: str | None = element.get(name)
    if value is None:
        return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")
    return value
