"""Rows as aligned columns, for a person to read."""

from collections.abc import Sequence

GAP = "  "


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """One line for the header and one for each row; columns of figures are told by their header's leading space."""
    lines = [[" ".join(cell.split()) for cell in row] for row in (header, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    aligned = [
        [
            cell.rjust(width) if title.startswith(" ") else cell.ljust(width)
            for title, cell, width in zip(header, line, widths, strict=True)
        ]
        for line in lines
    ]
    return [GAP.join(line).rstrip() for line in aligned]
