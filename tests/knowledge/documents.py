"""Small documents of every kind, made here so that no binary lies in the repository."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from email.message import EmailMessage

from tests.knowledge.pdfs import pdf

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    f'xmlns:r="{_OFFICE}/relationships"'
)
_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def zipped(members: Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]) -> bytes:
    """A zip file; a name may come twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def relations(**targets: tuple[str, str]) -> str:
    """A part's relationships: id=(kind, target)."""
    each = (
        f'<Relationship Id="{key}" Type="{_OFFICE}/relationships/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_RELATIONSHIPS}">{"".join(each)}</Relationships>'


STYLES = f"""<w:styles {_W}>
<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="Own"><w:name w:val="Our section"/><w:basedOn w:val="H1"/></w:style>
<w:style w:styleId="T"><w:name w:val="Title"/></w:style>
</w:styles>"""
NUMBERING = f"""<w:numbering {_W}>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>
<w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num></w:numbering>"""


def docx(body: str, **more: str | bytes) -> bytes:
    """A Word document with this body; `more` are further members, `__` standing for a slash and `_` for a dot."""
    return zipped({
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(a=("officeDocument", "word/document.xml")),
        "word/_rels/document.xml.rels": relations(
            a=("styles", "styles.xml"), b=("numbering", "numbering.xml"), c=("footnotes", "footnotes.xml")
        ),
        "word/styles.xml": STYLES,
        "word/numbering.xml": NUMBERING,
        "word/document.xml": f'<?xml version="1.0"?><w:document {_W}><w:body>{body}</w:body></w:document>',
        **{name.replace("__", "/").replace("_", "."): content for name, content in more.items()},
    })  # fmt: skip


def paragraph(text: str, properties: str = "") -> str:
    """Of a Word document."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def cell(text: str, properties: str = "", more: str = "") -> str:
    """Of a table in a Word document."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}{more}</w:tc>"


def slide(*shapes: str) -> str:
    return f"<p:sld {_P}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>"


def shape(kind: str, *lines: str) -> str:
    """A placeholder of this kind ("" for a text box), with its paragraphs."""
    mark = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else ""
    paragraphs = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines)
    return f"<p:sp><p:nvSpPr>{mark}</p:nvSpPr><p:txBody>{paragraphs}</p:txBody></p:sp>"


def slide_table(rows: Sequence[Sequence[str]]) -> str:
    made = "".join(
        "<a:tr>" + "".join(f"<a:tc><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>" for text in row)
        + "</a:tr>"
        for row in rows
    )  # fmt: skip
    return (
        f"<p:graphicFrame><a:graphic><a:graphicData><a:tbl>{made}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def pptx(*slides: str, notes: str = "") -> bytes:
    """A presentation; `notes` go with its first slide. The files of the slides are numbered from the last."""
    files = {f"ppt/slides/slide{len(slides) - n}.xml": content for n, content in enumerate(slides)}
    listed = "".join(f'<p:sldId id="{256 + n}" r:id="s{n}"/>' for n in range(len(slides)))
    leads = {f"s{n}": ("slide", f"slides/slide{len(slides) - n}.xml") for n in range(len(slides))}
    if notes:
        files[f"ppt/slides/_rels/slide{len(slides)}.xml.rels"] = relations(n=("notesSlide", "../notesSlides/n.xml"))
        files["ppt/notesSlides/n.xml"] = slide(shape("body", notes), shape("sldNum", "1"))
    return zipped({
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(a=("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f"<p:presentation {_P}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(**leads),
        **files,
    })  # fmt: skip


def xlsx(sheets: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """A workbook; strings that begin with = are formulas without a stored value."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def epub(*chapters: str, **more: str) -> bytes:
    """A book of XHTML chapters, listed in the order given and stored the other way round."""
    items = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    return zipped({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        **{name.replace("__", "/").replace("_", "."): content for name, content in more.items()},
        **{f"OPS/c{n}.xhtml": chapters[n] for n in reversed(range(len(chapters)))},
        "OPS/book.opf": '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Alpine pumps'
        f"</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
    })  # fmt: skip


def odt(body: str, **more: str) -> bytes:
    """An OpenDocument text with this body."""
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"<office:document-content {_ODF}><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>",
        **{name.replace("__", "/").replace("_", "."): content for name, content in more.items()},
    })  # fmt: skip


def mail(subject: str, body: str, html: str = "", attachment: str = "") -> bytes:
    message = EmailMessage()
    message["From"] = "Ana Silva <ana@example.org>"
    message["To"] = "board@example.org"
    message["Date"] = "Fri, 16 Dec 2022 17:04:16 -0500"
    message["Message-ID"] = "<1@example.org>"
    message["Subject"] = subject
    message.set_content(body)
    if html:
        message.add_alternative(html, subtype="html")
    if attachment:
        message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename=attachment)
    return message.as_bytes()


def samples() -> Mapping[str, bytes]:
    """One good document of each kind, by file name; all speak of pumps."""
    words = "The pump in hall seven starts at six bar and stops at nine. "
    text = words * 8
    rows: list[list[object]] = [["Part", "Price", "Stock"], *([f"valve {n}", n * 1.5, n] for n in range(30))]
    return {
        "pumps.pdf": pdf(words, "Valves close by themselves.\nNobody has to wait for them.", words),
        "pumps.docx": docx(
            paragraph("Pumps", '<w:pStyle w:val="H1"/>')
            + paragraph(text)
            + paragraph("one", '<w:numPr><w:numId w:val="7"/></w:numPr>')
            + f"<w:tbl><w:tr>{cell('Part')}{cell('Price')}</w:tr><w:tr>{cell('valve')}{cell('7')}</w:tr></w:tbl>"
        ),
        "pumps.pptx": pptx(
            slide(shape("title", "Pumps"), shape("body", "six bar", "nine bar")),
            slide(shape("title", "Prices"), slide_table([["Part", "Price"], ["valve", "7"]])),
            notes=words,
        ),
        "pumps.xlsx": xlsx({"Parts": rows, "Sums": [["Sum"], [12.5]]}),
        "pumps.epub": epub(f"<html><body><h1>Pumps</h1><p>{text}</p></body></html>", f"<html><p>{words}</p></html>"),
        "pumps.odt": odt(f'<text:h text:outline-level="1">Pumps</text:h><text:p>{text}</text:p>'),
        "pumps.rtf": (r"{\rtf1\ansi{\fonttbl\f0 Arial;}\f0 " + text + r"\par Caf\'e9 \u8364?\par}").encode(),
        "pumps.html": f"<html><head><title>Pumps</title></head><body><h1>Pumps</h1><p>{text}</p>"
        "<table><tr><th>Part</th><th>Price</th></tr><tr><td>valve</td><td>7</td></tr></table></body></html>".encode(),
        "pumps.md": f"# Pumps\n\n{text}\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n".encode(),
        "pumps.csv": "\n".join(",".join(map(str, row)) for row in rows).encode(),
        "pumps.json": b'{"name": "Pumps", "parts": [{"part": "valve", "price": 7}, {"part": "seal", "price": 2}]}',
        "pumps.xml": f"<pumps><pump hall='7'><note>{words}</note></pump></pumps>".encode(),
        "pumps.eml": mail("Pumps", text, f"<p>{text}</p>"),
        "pumps.py": b"import os\n\n\nclass Pump:\n    def start(self) -> None:\n        print('six bar')\n" * 5,
        "pumps.txt": (text + "\n\nKönnen Pumpen frieren?").encode("cp1252"),
        "pumps16.txt": text.encode("utf-16"),
    }
