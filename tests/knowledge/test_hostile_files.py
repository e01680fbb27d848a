"""Files that were made to do harm, or that came to harm: one clear reason each, and the next file is read."""

import asyncio
import os
import struct
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio

from knowledge import KnowledgeSettings, UnreadableDocument
from knowledge.errors import ReaderDied, ReadingTooLong, ReadStatus
from knowledge.reading import Reader, Reading, open_reader
from tests.knowledge.conftest import Write
from tests.knowledge.documents import docx, epub, odt, paragraph, pptx, relations, samples, shape, slide, xlsx, zipped
from tests.knowledge.pdfs import encrypted, pdf

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = KnowledgeSettings(reading_seconds=30, max_file_megabytes=100)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def reader() -> AsyncIterator[Reader]:
    """One for all of them, as in life."""
    async with open_reader(SETTINGS) as reader:
        yield reader


async def refusal(reader: Reader, path: Path, name: str = "") -> tuple[ReadStatus, str]:
    """Why a file was refused; the reader goes on reading, and neither died nor hung."""
    with pytest.raises(UnreadableDocument) as refused:
        await reader.read(path, name or path.name)
    assert not isinstance(refused.value, ReaderDied | ReadingTooLong), refused.value
    after = path.with_name("after.txt")
    after.write_text("Six bar.")
    assert (await reader.read(after, "after.txt")).chunks
    return refused.value.status, str(refused.value)


def with_entry_flags(content: bytes, flags: int) -> bytes:
    """A zip file whose members claim to be encrypted."""
    changed = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := changed.find(signature, at + 1)) >= 0:
            struct.pack_into("<H", changed, at + offset, flags)
    return bytes(changed)


def replaced(content: bytes, members: dict[str, str | bytes]) -> bytes:
    """A zip file with other members in the place of its own."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return zipped({**{name: archive.read(name) for name in archive.namelist()}, **members})


ZEROS = bytes(30_000_000)
ROWS = "<row>" + "<c><v>7</v></c>" * 100 + "</row>"
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


@pytest.mark.parametrize("kind", ["docx", "xlsx", "epub", "pptx", "odt", "zip"])
async def test_a_zip_bomb_is_not_unpacked(reader: Reader, tmp_path: Path, kind: str) -> None:
    """A few kilobytes that would become thirty million."""
    member = {"docx": "word/document.xml", "xlsx": "xl/worksheets/sheet1.xml", "epub": "OPS/c0.xhtml"}.get(
        kind, "x.xml"
    )
    original = samples().get(f"pumps.{kind}", zipped({"a": "b"}))
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(replaced(original, {member: ZEROS}))
    status, reason = await refusal(reader, path)
    assert (status, reason.partition(",")[0]) == ("unsupported", "Unpacked it is 30 MB")


async def test_many_parts_are_not_counted_one_by_one(reader: Reader, write: Write) -> None:
    """More than any document has."""
    content = zipped({f"word/{number}": b"" for number in range(20_001)})
    assert await refusal(reader, write("a.docx", content)) == (
        "unsupported", "It consists of 20,001 parts; more than 20,000 are not read."
    )  # fmt: skip


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
WORD = "<w><body><p><r><t>{}</t></r></p></body></w>"
BILLION = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xml", f"{BILLION}<x>six bar &l11;</x>".encode()),
        ("a.docx", replaced(docx(""), {"word/document.xml": BILLION + WORD.format("six bar &l11;")})),
        ("a.html", f"{BILLION}<p>six bar &l11;</p>".encode()),
        ("a.epub", epub(f"{BILLION}<p>six bar &l11;</p>")),
    ],
)  # fmt: skip
async def test_a_billion_laughs_stay_unsaid(reader: Reader, write: Write, name: str, content: bytes) -> None:
    """No entity is expanded; what is beside it is read."""
    reading = await reader.read(write(name, content), name)
    assert "six bar" in reading.text
    assert len(reading.text) < 500


async def test_a_billion_laughs_in_a_workbook(reader: Reader, write: Write) -> None:
    """The parser that reads sheets row by row refuses them."""
    sheet = BILLION + SHEET.format('<row><c t="inlineStr"><is><t>&l11;</t></is></c></row>')
    content = replaced(xlsx({"A": [["x"]]}), {"xl/worksheets/sheet1.xml": sheet})
    status, _ = await refusal(reader, write("a.xlsx", content))
    assert status == "damaged"


DEEP = 200_000
MARKERS = (b"[[", b"![", b"[^", b"![a](", b" **a", b"<https://", b". A")
NESTED_PARTS = b'Content-Type: multipart/mixed; boundary="x"\n\n--x\n' * 1_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", b"<div>" * DEEP + b"six bar"),
        ("table.html", b"<table><tr><td>a</td><td>" * 20_000 + b"six bar"),
        ("list.html", b"<ul><li>six bar" * 20_000),
        ("a.xml", b"<a>" * DEEP + b"six bar" + b"</a>" * DEEP),
        ("a.json", b"[" * DEEP + b'"six bar"' + b"]" * DEEP),
        ("keys.json", b'{"a":' * 500 + b'"six bar"' + b"}" * 500),
        ("a.rtf", b"{\\rtf1 " + b"{" * DEEP + b"six bar" + b"}" * DEEP + b"}"),
        ("a.md", b">" * DEEP + b" six bar\n" + b"  - x\n" * 10 + b"[" * 5_000),
        *((f"marker{number}.md", b"six bar " + marker * 50_000) for number, marker in enumerate(MARKERS)),
        ("a.docx", docx("<w:tbl><w:tr><w:tc>" * 2_000 + paragraph("six bar") + "</w:tc></w:tr></w:tbl>" * 2_000)),
        ("a.odt", odt("<text:list><text:list-item>" * 2_000 + "<text:p>six bar</text:p>")),
        ("a.eml", b"From: a@b.c\nTo: d@e.f\nSubject: six bar\n" + NESTED_PARTS),
        ("a.py", b"(" * DEEP + b"'six bar'"),
        ("a.pdf", pdf("six bar, or was it seven?").replace(b"/Kids [", b"/Kids " + b"[" * 50_000)),
    ],
)  # fmt: skip
async def test_deep_nesting_is_survived(reader: Reader, write: Write, name: str, content: bytes) -> None:
    """Read as far as makes sense, or refused with a reason; in any case the next file is read."""
    path = write(name, content)
    try:
        reading = await reader.read(path, name)
    except UnreadableDocument:
        status, reason = await refusal(reader, path)
        assert status in ("unsupported", "damaged", "empty")
        assert reason.endswith(".")
    else:
        assert "six bar" in reading.text


class Listening:
    """A server on loopback that counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self.port = 0

    async def __aenter__(self) -> "Listening":
        self._server = await asyncio.start_server(self._visit, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *about: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _visit(self, incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        self.visits += 1
        outgoing.close()


async def test_nothing_that_a_document_refers_to_is_fetched(reader: Reader, write: Write, tmp_path: Path) -> None:
    """No picture, style, template, frame, entity or DTD, neither from the network nor from the disk."""
    secret = tmp_path / "secret.txt"
    secret.write_text("The password is swordfish.")
    async with Listening() as server:
        url = f"http://127.0.0.1:{server.port}/x"
        outside = (
            f'<Relationship Id="t" Type="x/attachedTemplate" TargetMode="External" Target="{url}"/></Relationships>'
        )
        rels = relations(i=("image", url), s=("styles", url), n=("footnotes", f"file://{secret}"))
        entity = f'<!DOCTYPE x SYSTEM "{url}.dtd" [<!ENTITY e SYSTEM "file://{secret}"><!ENTITY u SYSTEM "{url}">'
        entity += f'<!ENTITY % p SYSTEM "{url}"> %p;]>'
        links = (
            f'<link rel="stylesheet" href="{url}"><script src="{url}"></script><img src="{url}"><iframe src="{url}">'
        )
        files = {
            "a.docx": docx(
                paragraph("six bar"), word___rels__settings_xml_rels=rels.replace("</Relationships>", outside)
            ),
            "b.docx": replaced(docx(paragraph("six bar")), {"word/_rels/document.xml.rels": rels}),
            "c.docx": replaced(
                docx(""), {"word/document.xml": entity + "<d><body><p><r><t>six bar &e; &u;</t></r></p></body></d>"}
            ),
            "a.html": f'<base href={url}>{links}</iframe><meta http-equiv=refresh content="0; {url}">six bar'.encode(),
            "a.xml": f'<?xml version="1.0"?>{entity}<?xml-stylesheet href="{url}"?><x>six bar &e; &u;</x>'.encode(),
            "x.xml": f'<x xmlns:xi="http://www.w3.org/2001/XInclude">six bar <xi:include href="{url}"/></x>'.encode(),
            "a.md": f"six bar ![picture]({url}) <img src='{url}'>".encode(),
            "a.eml": f"From: a@b.c\nSubject: x\nContent-Type: text/html\n\nsix bar {links}".encode(),
            "a.rtf": rb"{\rtf1 six bar {\field{\*\fldinst INCLUDEPICTURE " + url.encode() + rb"}}}",
            "a.epub": epub(f"<html><head>{links}</iframe></head><body>six bar<img src='{url}'/></body></html>"),
            "a.pptx": pptx(slide(shape("title", "six bar"), f'<p:pic><a:blip r:link="{url}"/></p:pic>')),
        }
        for name, content in files.items():
            reading = await reader.read(write(name, content), name)
            assert "six bar" in reading.text, name
            assert "swordfish" not in reading.text, name
        assert server.visits == 0


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_OFFICE = OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500)


@pytest.mark.parametrize(
    ("name", "content", "status", "reason"),
    [
        ("a.pdf", encrypted(pdf("Hidden."), "word"), "encrypted", "needs a password"),
        ("a.docx", ENCRYPTED_OFFICE, "encrypted", "needs a password"),
        ("a.xlsx", ENCRYPTED_OFFICE, "encrypted", "needs a password"),
        ("a.zip", with_entry_flags(zipped({"a.txt": "x"}), 1), "encrypted", "needs a password"),
        ("b.docx", with_entry_flags(docx(paragraph("x")), 1), "encrypted", "needs a password"),
        ("a.odt", odt("", **{"META-INF__manifest_xml": "<m><encryption-data/></m>"}), "encrypted", "needs a password"),
        ("a.epub", epub("x", **{"META-INF__encryption_xml": '<e><EncryptionMethod Algorithm="aes"/></e>'}),
         "encrypted", "protected against copying"),
        ("zero.pdf", b"", "empty", "The file is empty."),
        ("blank.txt", b" \r\n\t\f ", "empty", "The file is empty."),
        ("mark.txt", b"\xef\xbb\xbf\n", "empty", "no text"),
        ("marks.txt", "\ufeff \n".encode("utf-16-le"), "empty", "no text"),
        ("a.html", b"<html><body><script>1</script></body></html>", "empty", "no text"),
        ("blank.docx", docx(""), "empty", "no text"),
        ("blank.xlsx", xlsx({"A": []}), "empty", "no text"),
        ("blank.pptx", pptx(slide()), "empty", "no text"),
        ("comma.csv", b",,,\n,,,\n", "empty", "no text"),
        ("null.json", b"{}", "empty", "no text"),
        ("cut.docx", samples()["pumps.docx"][:700], "damaged", "damaged"),
        ("cut.pdf", pdf("Text.")[:60], "damaged", "damaged"),
        ("noise.docx", bytes(range(256)) * 8, "damaged", "not a DOCX file at all"),
        ("noise.txt", bytes(range(256)) * 8, "unsupported", "binary data"),
        ("missing.docx", zipped({"[Content_Types].xml": "<Types/>", "word/styles.xml": "<s/>"}), "damaged", "missing"),
        ("noxml.docx", replaced(docx(""), {"word/document.xml": b"\x00\x01\x02"}), "damaged", "not XML"),
        ("a.doc", OLE + bytes(200) + "WordDocument".encode("utf-16-le"), "unsupported", "Save it as .docx or PDF"),
        ("a.tar", zipped({"inner.zip": zipped({"inner.zip": b"x"})}), "unsupported", "Unpack it"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(100), "unsupported", "a picture"),
    ],
)  # fmt: skip
async def test_one_reason_for_each(
    reader: Reader, write: Write, name: str, content: bytes, status: str, reason: str
) -> None:
    """Encrypted, empty, damaged or unsupported, in words that help."""
    was, why = await refusal(reader, write(name, content))
    assert was == status
    assert reason in why


async def test_encrypted_against_printing_only_is_read(reader: Reader, write: Write) -> None:
    """It opens without a password."""
    path = write("a.pdf", encrypted(pdf("Printed nowhere, read here."), ""))
    assert "Printed nowhere, read here." in (await reader.read(path, "a.pdf")).text


async def test_five_thousand_pages_are_refused(reader: Reader, write: Write) -> None:
    """Before they are read."""
    path = write("long.pdf", pdf(*["Six bar."] * 5_000))
    assert (await refusal(reader, path))[1].startswith("It has 5,000 pages; more than 2,000 are not read.")


async def test_a_million_cells_are_refused(reader: Reader, write: Write) -> None:
    """As soon as they are too many."""
    content = replaced(xlsx({"A": [["x"]]}), {"xl/worksheets/sheet1.xml": SHEET.format(ROWS * 10_000)})
    assert (await refusal(reader, write("cells.xlsx", content)))[1].startswith("It has more than 500,000 cells")


async def test_200_megabytes_are_refused(reader: Reader, tmp_path: Path) -> None:
    """Without being read at all."""
    path = tmp_path / "huge.txt"
    path.touch()
    os.truncate(path, 200_000_000)
    assert await refusal(reader, path) == ("unsupported", "It is 200 MB large; more than 100 MB are not read.")


async def test_a_sheet_that_lies_about_its_size(reader: Reader, write: Write) -> None:
    """A cell in the last row and column is one cell."""
    rows = (
        '<dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c r="XFD1048576"><v>7</v></c></row></sheetData>'
    )
    sheet = SHEET.format("").replace("<sheetData></sheetData>", rows)
    content = replaced(xlsx({"A": [["x"]]}), {"xl/worksheets/sheet1.xml": sheet})
    assert "7" in (await reader.read(write("far.xlsx", content), "far.xlsx")).text


async def test_cells_that_span_everything(reader: Reader, write: Write) -> None:
    """A table of two cells that claims to have a billion."""
    page = b"<table>" + b"<tr><td rowspan=99999 colspan=99999>six</td><td>bar</td></tr>" * 50 + b"</table>"
    reading: Reading = await reader.read(write("wide.html", page), "wide.html")
    assert "six" in reading.text


async def test_names_do_no_harm(reader: Reader, write: Write) -> None:
    """A name is shown and compared, never opened."""
    path = write("a.txt", "Six bar.")
    for name in ("../../../etc/passwd", "a\0b.txt", "\x1b]0;owned\x07.txt", "\ud800.txt", "a" * 100_000, "", ".", "/"):
        reading = await reader.read(path, name)
        assert reading.title.isprintable()
        assert "/" not in reading.title
        assert len(reading.title) <= 150
