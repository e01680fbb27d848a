"""Pictures of the page, small enough for a README."""

import io
from pathlib import Path

from PIL import Image

COLOURS = 256
"""As many as one byte tells apart: enough for text on a few plain surfaces, at a third of the size."""


def keep_picture(drawn: bytes, file: Path) -> None:
    """Write a screenshot as a small PNG: the colours of whole surfaces stay, rare ones become the nearest of them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(drawn)) as opened:
        image = opened.convert("RGB")
    counted = image.getcolors(image.width * image.height) or []
    common = [colour for _, colour in sorted(counted, key=lambda each: each[0], reverse=True)[:COLOURS]]
    palette = Image.new("P", (1, 1))
    palette.putpalette([shade for colour in common for shade in _shades(colour)])
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(file, optimize=True)


def _shades(colour: object) -> tuple[int, int, int]:
    assert isinstance(colour, tuple)
    red, green, blue = colour
    return red, green, blue
