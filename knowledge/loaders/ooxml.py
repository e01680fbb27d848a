"""What Word, PowerPoint and Excel files have in common: parts, relationships and properties."""

import posixpath
from typing import TYPE_CHECKING

from knowledge.errors import UnreadableDocument
from knowledge.loaders.archive import Archive
from knowledge.loaders.xml_tree import attribute, child, children, descendants, parse_xml

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def relationships(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Of a part: id -> (kind, part it leads to). What lies outside of the file is left out: nothing is fetched."""
    folder, name = posixpath.split(part)
    rels = f"{folder}/_rels/{name}.rels".lstrip("/")
    if rels not in archive:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for each in children(parse_xml(archive.read(rels), "its list of parts"), "Relationship"):
        if attribute(each, "TargetMode").lower() == "external":
            continue
        target = attribute(each, "Target")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        found[attribute(each, "Id")] = (attribute(each, "Type").rpartition("/")[2], path)
    return found


def related(archive: Archive, part: str, kind: str) -> str:
    """The first part of this kind that `part` leads to and that is there; empty without one."""
    return next((path for its, path in relationships(archive, part).values() if its == kind and path in archive), "")


def main_part(archive: Archive, usual: str) -> str:
    """Where the document is. Raises UnreadableDocument without one."""
    named = related(archive, "", "officeDocument")
    for candidate in (named, usual):
        if candidate and candidate in archive:
            return candidate
    raise UnreadableDocument(f"It is damaged: its part {usual} is missing.")


def core_title(archive: Archive) -> str:
    """The title in the file's properties; empty without one."""
    part = related(archive, "", "core-properties") or "docProps/core.xml"
    if part not in archive:
        return ""
    try:
        root = parse_xml(archive.read(part), "its properties")
    except UnreadableDocument:
        return ""  # the text is what counts
    title = child(root, "title")
    return (title.text or "").strip() if title is not None else ""


def chart_texts(archive: Archive, part: str) -> list[list[str]]:
    """What a chart shows, as rows: a series with its name, categories and values each."""
    root = parse_xml(archive.read(part), "a chart of it")
    categories: list[str] = []
    rows: list[list[str]] = []
    for series in descendants(root, "ser"):
        categories = categories or _points(child(series, "cat"))
        name = _points(child(series, "tx"))
        values = _points(child(series, "val")) or _points(child(series, "yVal"))
        if values:
            rows.append([" ".join(name), *values])
    return [["", *categories], *rows] if categories and rows else rows


def _points(element: "Element | None") -> list[str]:
    if element is None:
        return []
    return [point.text or "" for point in descendants(element, "v")]
