"""Books, chapter by chapter: a zip file of web pages and the order in which they are read."""

import posixpath
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.archive import Archive
from knowledge.loaders.html import html_blocks, parse_html
from knowledge.loaders.titles import titled
from knowledge.loaders.xml_tree import attribute, child, children, descendants, parse_xml
from knowledge.names import stem_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Fonts may be disguised in a book whose text is not."""


def load_epub(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """A chapter that is damaged is left out with a remark. Raises UnreadableDocument."""
    archive = Archive(content)
    if archive.encrypted or _protected(archive):
        raise UnreadableDocument("The book is protected against copying and cannot be read.", status="encrypted")
    package = _package(archive)
    root = parse_xml(archive.read(package), "its list of chapters")
    chapters = list(_chapters(archive, package, root))
    if not chapters:
        raise UnreadableDocument("It is damaged: none of its chapters is there.")
    names = _names(archive, package, root)
    blocks: list[Block] = []
    damaged = 0
    for chapter in chapters:
        try:
            found = html_blocks(parse_html(archive.read(chapter)))
        except UnreadableDocument as error:
            if error.status in ("encrypted", "unsupported"):
                raise
            damaged += error.status == "damaged"
            continue
        if found and chapter in names and not any(block.kind == "heading" for block in found[:3]):
            found.insert(0, Block("heading", names[chapter], 1))
        blocks.extend(found)
    if damaged == len(chapters):
        raise UnreadableDocument("It is damaged: none of its chapters can be read.")
    title = next((each.text or "" for each in descendants(root, "title")), "")
    named, rest = titled(blocks, title, stem_of(name))
    remarks = (f"{damaged} of {len(chapters)} chapters are damaged and were left out.",) if damaged else ()
    return LoadedDocument(named, rest, remarks=remarks)


def _protected(archive: Archive) -> bool:
    part = "META-INF/encryption.xml"
    if part not in archive:
        return False
    methods = descendants(parse_xml(archive.read(part), "its list of encrypted parts"), "EncryptionMethod")
    return any(attribute(method, "Algorithm") not in _FONTS for method in methods)


def _package(archive: Archive) -> str:
    if "META-INF/container.xml" in archive:
        root = parse_xml(archive.read("META-INF/container.xml"), "its container")
        for rootfile in descendants(root, "rootfile"):
            if (path := attribute(rootfile, "full-path").lstrip("/")) in archive:
                return path
    for path in archive.names:
        if path.lower().endswith(".opf"):
            return path
    raise UnreadableDocument("It is damaged: its list of chapters is missing.")


def _chapters(archive: Archive, package: str, root: "Element") -> Iterator[str]:
    """The parts in reading order, each once."""
    items = {attribute(each, "id"): each for each in descendants(root, "item")}
    given = set[str]()
    for reference in descendants(root, "itemref"):
        item = items.get(attribute(reference, "idref"))
        if item is None or attribute(item, "media-type") not in _PAGES or attribute(item, "properties") == "nav":
            continue
        path = _beside(package, attribute(item, "href"))
        if path in archive and path not in given:
            given.add(path)
            yield path


def _names(archive: Archive, package: str, root: "Element") -> dict[str, str]:
    """Part -> what the table of contents calls it, for chapters that have no heading."""
    ncx = next(
        (each for each in descendants(root, "item") if attribute(each, "media-type") == "application/x-dtbncx+xml"),
        None,
    )
    path = _beside(package, attribute(ncx, "href")) if ncx is not None else ""
    if path not in archive:
        return {}
    try:
        contents = parse_xml(archive.read(path), "its table of contents")
    except UnreadableDocument:
        return {}  # the chapters are what counts
    names: dict[str, str] = {}
    for point in descendants(contents, "navPoint"):
        label, target = child(point, "navLabel", "text"), next(children(point, "content"), None)
        if label is not None and label.text and target is not None:
            names.setdefault(_beside(path, attribute(target, "src").partition("#")[0]), label.text.strip())
    return names


def _beside(part: str, reference: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), unquote(reference))).lstrip("/")
