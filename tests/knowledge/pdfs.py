"""Small PDF files, made here so that no binary lies in the repository."""

import io


def pdf(*pages: str) -> bytes:
    """A PDF of Helvetica text, one string a page, lines as given."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in pages:
        lines = b" T* ".join(b"(" + line.encode("latin-1") + b") Tj" for line in page.splitlines())
        stream = b"BT /F1 11 Tf 14 TL 50 750 Td " + lines + b" ET"
        objects.append(b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
    references = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[1] = b"<< /Type /Pages /Kids [" + references + b"] /Count %d >>" % len(kids)
    return _file(objects)


def encrypted(content: bytes, password: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _file(objects: list[bytes], info: bytes = b"") -> bytes:
    objects = [*objects, info] if info else objects
    content = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n" % size
        + table
        + b"trailer << /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, b" /Info %d 0 R" % len(objects) if info else b"", len(content))
    )


Placed = tuple[float, float, str]
"""A text with its place: points from the left and from the top of the page."""


def placed(*pages: list[Placed], size: float = 10, title: str = "", bold: tuple[str, ...] = ()) -> bytes:
    """A PDF with texts where they are wanted, in Helvetica; those in `bold` in its bold face."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
    ]
    kids = []
    for page in pages:
        texts = b"".join(
            b"BT /F%d %g Tf %.2f %.2f Td (%s) Tj ET\n"
            % (2 if text in bold else 1, size, left, 792 - top, _escaped(text))
            for left, top, text in page
        )
        objects.append(b"<< /Length %d >>\nstream\n" % len(texts) + texts + b"endstream")
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>" % len(objects)
        )
    references = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[1] = b"<< /Type /Pages /Kids [" + references + b"] /Count %d >>" % len(kids)
    return _file(objects, b"<< /Title (%s) >>" % _escaped(title) if title else b"")


def _escaped(text: str) -> bytes:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("latin-1")
