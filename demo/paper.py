"""A small PDF of an office that does not exist: nobody but who was given it can answer from it."""

NAME = "harbour-office.pdf"
PAGES = (
    (
        "The harbour office",
        "",
        "The harbour office has been in the old customs house since 1998.",
        "Visitors sign in at the front desk, and leave their bags there.",
    ),
    (
        "Keys and opening hours",
        "",
        "The keys of the harbour office are kept by Mira Lindqvist, in the green cabinet on the second floor.",
        "The harbour office opens at seven in the morning, and closes at six in the evening.",
    ),
)


def paper() -> bytes:
    """The document, of a page for each of PAGES."""
    kids = [4 + 2 * number for number in range(len(PAGES))]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] /Count {len(kids)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for kid, (title, *lines) in zip(kids, PAGES, strict=True):
        shown = "".join(f" T* ({line}) Tj" for line in lines)
        drawn = f"BT /F1 18 Tf 16 TL 50 740 Td ({title}) Tj /F1 11 Tf{shown} ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {kid + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    return _file(objects)


def _file(objects: list[str]) -> bytes:
    content, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    return (
        f"{content}xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(content)}\n%%EOF\n"
    ).encode("ascii")
