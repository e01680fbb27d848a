"""What a file is: by its content first, since names are often wrong; then by its extension."""

import re
from dataclasses import dataclass

from knowledge.errors import UnreadableDocument
from knowledge.loaders.archive import Archive
from knowledge.loaders.encoding import is_text
from knowledge.loaders.source_code import language_of
from knowledge.names import extension_of

EXTENSIONS = {
    "PDF": "pdf",
    "DOCX": "docx docm dotx dotm",
    "PPTX": "pptx pptm ppsx ppsm potx potm",
    "XLSX": "xlsx xlsm xltx xltm",
    "EPUB": "epub",
    "ODT": "odt ott",
    "RTF": "rtf",
    "HTML": "html htm xhtml xht",
    "Markdown": "md markdown mdown mkd",
    "CSV": "csv tsv tab",
    "JSON": "json jsonl ndjson geojson ipynb webmanifest",
    "XML": "xml rss atom xsd xsl xslt wsdl kml gpx",
    "EML": "eml mht mhtml",
    "Plain text": "txt text rst log",
}
"""Format -> its extensions."""

_BY_EXTENSION = {f".{each}": kind for kind, names in EXTENSIONS.items() for each in names.split()}
_BINARY = frozenset({"PDF", "DOCX", "PPTX", "XLSX", "EPUB", "ODT"})

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_KINDS = (
    ("WordDocument", "a Word document of before 2007", "Save it as .docx or PDF"),
    ("Workbook", "an Excel workbook of before 2007", "Save it as .xlsx"),
    ("Book", "an Excel workbook of before 2007", "Save it as .xlsx"),
    ("PowerPoint Document", "a PowerPoint presentation of before 2007", "Save it as .pptx or PDF"),
    ("__substg1.0_", "an Outlook message", "Save it as .eml or text"),
)
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF87a", "a picture"),
    (b"GIF89a", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
    (b"BM", "a picture"),
    (b"\0\0\1\0", "a picture"),
    (b"\x1f\x8b", "an archive"),
    (b"BZh", "an archive"),
    (b"\xfd7zXZ\0", "an archive"),
    (b"7z\xbc\xaf\x27\x1c", "an archive"),
    (b"Rar!\x1a\x07", "an archive"),
    (b"\x28\xb5\x2f\xfd", "an archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"ID3", "a recording"),
    (b"OggS", "a recording"),
    (b"fLaC", "a recording"),
    (b"\x1aE\xdf\xa3", "a recording"),
    (b"SQLite format 3\0", "a database"),
    (b"PAR1", "a database"),
)
_ADVICE = {
    "a picture": "Text in pictures is not read; put in the text itself, or a PDF with a text layer",
    "an archive": "Unpack it and put in the files that are in it",
    "a program": "Put in its documentation or source",
    "a recording": "Put in a transcript",
    "a database": "Export what matters as CSV",
}
_HTML = re.compile(r"\s*(?:<!--.{0,2000}?-->\s*|<\?xml[^>]{0,200}\?>\s*)*<(?:!doctype\s+html|html[\s>])", re.I | re.S)
_MAIL = re.compile(
    rb"(?:From|To|Subject|Date|Message-ID|Received|Return-Path|Delivered-To|MIME-Version|X-[\w-]+):[^\n]*\n"
    rb"(?:[ \t][^\n]*\n|[\w-]+:[^\n]*\n){2,}",
    re.IGNORECASE,
)
_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Detected:
    """A format's name, one of EXTENSIONS or a programming language, and what to say about the file's name."""

    format: str
    remark: str = ""


def detect(content: bytes, name: str) -> Detected:
    """Raises UnreadableDocument for what is no document, with words on what to do."""
    extension = extension_of(name)
    claimed = _BY_EXTENSION.get(extension, "")
    kind = _by_magic(content, claimed) or _by_text(content, name, claimed)
    if kind == claimed or (not claimed and kind == "Plain text") or language_of(name, content) == kind:
        return Detected(kind)
    if not extension:
        return Detected(kind)
    return Detected(kind, f"Its name ends in {extension}, but it is {_spoken(kind)}; it was read as that.")


def _spoken(kind: str) -> str:
    return "plain text" if kind == "Plain text" else f"{'an' if kind[0] in 'EHOXR' else 'a'} {kind} file"


def _by_magic(content: bytes, claimed: str) -> str:
    """Of formats that begin in a way of their own; empty for text. Raises UnreadableDocument."""
    head = content[:1_024]
    if b"%PDF-" in head or (claimed == "PDF" and (b"endobj" in content or b"startxref" in content)):
        return "PDF"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _by_members(content, claimed)
    if head.startswith(_OLE):
        raise _ole_refusal(content)
    if head.lstrip().startswith(b"{\\rtf"):
        return "RTF"
    for magic, what in _MAGIC:
        if head.startswith(magic) and (len(magic) > 2 or not is_text(content[:_HEAD_BYTES])):
            raise _refusal(what)
    if head[4:8] == b"ftyp":
        raise _refusal("a picture" if head[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "a recording")
    if head.startswith(b"RIFF"):
        raise _refusal("a picture" if head[8:12] == b"WEBP" else "a recording")
    if head[257:262] == b"ustar":
        raise _refusal("an archive")
    if not is_text(content[:_HEAD_BYTES]):
        if claimed in _BINARY and b"PK\x05\x06" in content[-65_600:]:
            return claimed  # the beginning is damaged, and the directory at the end may still be there
        if claimed in _BINARY:
            raise UnreadableDocument(f"It is damaged, or not a {claimed} file at all.")
        raise UnreadableDocument("It is binary data, not text.", "unsupported")
    return ""


def _by_members(content: bytes, claimed: str) -> str:
    """What a zip file is by what is in it."""
    try:
        archive = Archive(content)
    except UnreadableDocument as error:
        if error.status == "damaged" and claimed not in _BINARY:
            raise UnreadableDocument("It is a zip archive, and damaged.") from error
        raise
    if archive.encrypted and "META-INF/container.xml" not in archive:
        raise UnreadableDocument("It is encrypted and needs a password.", "encrypted")
    folders = {member.partition("/")[0].lower() for member in archive.names}
    if "mimetype" in archive:
        kind = _by_mimetype(archive.read("mimetype")[:200].decode("latin-1").strip())
        if kind:
            return kind
    if "META-INF/container.xml" in archive:
        return "EPUB"
    if "xl/workbook.bin" in archive:
        raise UnreadableDocument(
            "It is a binary Excel workbook (.xlsb). Save it as .xlsx and put that in.", "unsupported"
        )
    office = [kind for folder, kind in (("word", "DOCX"), ("ppt", "PPTX"), ("xl", "XLSX")) if folder in folders]
    if office:
        return claimed if claimed in office else office[0]
    if "content.xml" in archive and "META-INF/manifest.xml" in archive:
        return "ODT"
    if claimed in _BINARY:
        raise UnreadableDocument(f"It is damaged, or not a {claimed} file at all: its text is missing.")
    raise _refusal("an archive")


def _by_mimetype(mimetype: str) -> str:
    if mimetype == "application/epub+zip":
        return "EPUB"
    family, _, kind = mimetype.partition("opendocument.")
    if not family or not kind:
        return ""
    if kind.startswith("text"):
        return "ODT"
    advice = {"spreadsheet": "Save it as .xlsx or CSV", "presentation": "Save it as .pptx or PDF"}
    what = kind.partition("-")[0]
    raise UnreadableDocument(
        f"It is an OpenDocument {what}. {advice.get(what, 'Save it as PDF')} and put that in.", "unsupported"
    )


def _by_text(content: bytes, name: str, claimed: str) -> str:
    """What text is by its extension, unless that cannot be; then by how it begins."""
    head = content[:_HEAD_BYTES]
    start = head[:4_096].decode("utf-8", "ignore").lstrip("\ufeff")
    html = bool(_HTML.match(start))
    if claimed == "RTF" or claimed in _BINARY or not claimed:
        if not claimed and (language := language_of(name, content)):
            return language
        if claimed or not extension_of(name):
            return _by_beginning(start, head, content)
        return "HTML" if html else "Plain text"
    if html and claimed in ("Plain text", "Markdown", "CSV", "JSON", "EML"):
        return "HTML"
    return claimed


def _by_beginning(start: str, head: bytes, content: bytes) -> str:
    if _HTML.match(start):
        return "HTML"
    if start.startswith("<?xml"):
        return "XML"
    if _MAIL.match(head):
        return "EML"
    if start[:1] in ("{", "[") and content.rstrip()[-1:] in (b"}", b"]"):
        return "JSON"
    return "Plain text"


def _ole_refusal(content: bytes) -> UnreadableDocument:
    if _wide("EncryptedPackage") in content:
        return UnreadableDocument("It is encrypted and needs a password.", "encrypted")
    for stream, what, advice in _OLE_KINDS:
        if _wide(stream) in content:
            return UnreadableDocument(f"It is {what}, which is not read. {advice} and put that in.", "unsupported")
    return UnreadableDocument(
        "It is an Office file of before 2007, which is not read. Save it in a present format.", "unsupported"
    )


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def _refusal(what: str) -> UnreadableDocument:
    return UnreadableDocument(f"It is {what}, which is not read. {_ADVICE[what]}.", "unsupported")
