"""Pictures of the page, small enough for a README."""

import io
from pathlib import Path

from PIL import Image

COLOURS = 256
"""As many as one byte tells apart: enough for text on a few plain surfaces, at a third of the size."""


def keep_picture(drawn: bytes, file: Path) -> None:
    """Write the smallest PNG of a screenshot that looks the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(drawn)) as image:
        few = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(file, optimize=True)
