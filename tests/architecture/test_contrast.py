"""Words can be read in both themes: at least 4.5 to 1 against what they stand on, by WCAG's formula."""

import colorsys
import json
from pathlib import Path

import pytest

THEME = json.loads((Path(__file__).parents[2] / "public" / "theme.json").read_text())["variables"]
SEATS = ("architecture", "operations", "security", "knowledge", "product")
INKS = ("foreground", "muted-foreground", "state-good", "state-warn", "state-bad", *(f"agent-{seat}" for seat in SEATS))
GROUNDS = ("background", "card", "popover", "accent")
PAIRS = [
    *((ink, ground) for ink in INKS for ground in GROUNDS),
    ("foreground", "muted"),
    ("foreground", "mark"),
    ("primary-foreground", "primary"),
    ("secondary-foreground", "secondary"),
    ("destructive-foreground", "destructive"),
    ("sidebar-foreground", "sidebar-background"),
    ("sidebar-accent-foreground", "sidebar-accent"),
]

Colour = tuple[float, float, float]


def colour(theme: str, name: str) -> Colour:
    hue, saturation, lightness = (float(part.rstrip("%")) for part in THEME[theme][f"--{name}"].split())
    return colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)


def over(ink: Colour, ground: Colour, share: float) -> Colour:
    """A thin coat of one colour on another one."""
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(ink, ground, strict=True))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    def luminance(of: Colour) -> float:
        linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in of)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out(theme: str) -> None:
    low = {pair: round(contrast(*(colour(theme, name) for name in pair)), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_numbers_of_sources_stand_out(theme: str) -> None:
    """In the colour of an agent, on a tenth of it; under the pointer the other way round."""
    page = colour(theme, "background")
    for seat in SEATS:
        ink = colour(theme, f"agent-{seat}")
        assert contrast(ink, over(ink, page, 0.1)) >= 4.5, seat
        assert contrast(ink, page) >= 4.5, seat


def test_the_formula() -> None:
    """Black on white is the most there is."""
    assert round(contrast((0, 0, 0), (1, 1, 1)), 6) == 21
