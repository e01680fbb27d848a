"""Small sentences."""

from collections.abc import Sequence
from datetime import datetime


def listed(items: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def counted(number: int, noun: str) -> str:
    """`no passage`, `1 passage`, `2 passages`."""
    return f"{number or 'no'} {noun}{'s' if number > 1 else ''}"


def shortened(text: str, most: int) -> str:
    """One line of at most `most` characters, cut between words where there is one."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head = line[: most - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:.") + "…"


def duration(seconds: float) -> str:
    """`1 s` at the least, `45 s`, `3 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


def seconds(amount: float) -> str:
    """`0.2 s`, `9.9 s`, `12 s`, `3 min`: what something took."""
    return f"{max(0.1, amount):.1f} s" if amount < 9.95 else duration(amount)


def pace(amount: float) -> str:
    """`42 ms`, `2.4 s`: how long somebody usually takes."""
    return f"{1000 * amount:.0f} ms" if amount < 1 else seconds(amount)


def file_size(size: int) -> str:
    """`820 bytes`, `12 kB`, `3.4 MB`; empty where it is not known."""
    if size <= 0:
        return ""
    if size < 1_000:
        return f"{size} bytes"
    if size < 1_000_000:
        return f"{round(size / 1_000)} kB"
    return f"{size / 1_000_000:.1f} MB"


def day(at: datetime) -> str:
    """`12 March 2026`."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def language_name(code: str) -> str:
    """The English name behind an ISO 639-1 code; the code itself where it is a rare one."""
    return _LANGUAGES.get(code, code)


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hu": "Hungarian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip
