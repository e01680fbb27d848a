"""Pictures of the page, small enough for a README."""

import io
from pathlib import Path

from PIL import Image

SURFACES = 128
"""Colours that are kept as they are: the most frequent ones."""
OTHERS = 128
"""Colours for all the rest, such as a logo's. One byte a pixel tells both apart, a third of what three bytes take."""


def keep_picture(drawn: bytes, file: Path) -> None:
    """Write a screenshot as a small PNG: whole surfaces keep their colours, what is rare gets the nearest of a few."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(drawn)) as opened:
        image = opened.convert("RGB")
    counted = sorted(image.getcolors(image.width * image.height) or [], key=lambda each: each[0], reverse=True)
    shades = [bytes(colour) for _, colour in counted if isinstance(colour, tuple)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(b"".join(shades[:SURFACES]) + _few(shades[SURFACES:]))
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(file, optimize=True)


def _few(shades: list[bytes]) -> bytes:
    """OTHERS colours that stand for all of these, however many points have each."""
    if not shades:
        return b""
    row = Image.frombytes("RGB", (len(shades), 1), b"".join(shades))
    return bytes(row.quantize(OTHERS, method=Image.Quantize.MEDIANCUT).getpalette() or [])
