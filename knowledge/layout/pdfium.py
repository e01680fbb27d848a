"""The words of a PDF's page, with their places. The only module that knows pypdfium2 (PDFium; Apache-2.0, BSD-3)."""

import contextlib
import ctypes
import math
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.layout.words import Word

if TYPE_CHECKING:
    import pypdfium2

_one_at_a_time = threading.Lock()
"""PDFium is not made for several threads, not even with one document each."""

_BROKEN_WORD = 0.7
"""A gap wider than this share of the height ends a word also where PDFium sees no space."""
_ASLANT = 0.3
"""Sine of the angle from which text is not in the page's lines any more."""
_FARTHEST = 14_400.0
"""Points beyond the page's edges: the largest page that viewers show (ISO 32000-1, annex C.2). Farther is nowhere."""
_SPACES = frozenset({0, 9, 10, 13, 32, 0xA0, 0x200B})
_SOFT_HYPHENS = frozenset({0x02, 0xAD, 0xFFFE})
_BOLD_NAME = re.compile(rb"bold|black|heavy|semibold|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}


class WrongPassword(Exception):
    """The file does not open without a password."""


class NotPdf(Exception):
    """The file cannot be understood."""


@dataclass(frozen=True)
class PageWords:
    words: tuple[Word, ...]
    aside: str
    """What is written in another direction than the rest, such as a stamp at the edge."""
    height: float


class PdfFile:
    """An open file. Every method is blocking."""

    def __init__(self, document: "pypdfium2.PdfDocument") -> None:
        self._document = document

    def __len__(self) -> int:
        return len(self._document)

    @property
    def metadata(self) -> Mapping[str, str]:
        """`Title`, `Subject`, ... as the file's writer put them."""
        return dict(self._document.get_metadata_dict())

    def page(self, number: int) -> PageWords:
        """The page `number`, from 0; without words where it cannot be understood."""
        import pypdfium2

        try:
            page = self._document[number]
        except pypdfium2.PdfiumError:
            return PageWords((), "", 0.0)
        try:
            text = page.get_textpage()
            try:
                place = _Place(page.get_rotation(), *page.get_bbox())
                words, aside = _words(text, place)
                return PageWords(tuple(words), aside, place.height)
            finally:
                text.close()
        except pypdfium2.PdfiumError:
            return PageWords((), "", 0.0)
        finally:
            page.close()


@contextlib.contextmanager
def open_pdf(content: bytes) -> Iterator[PdfFile]:
    """Raises WrongPassword and NotPdf. Other threads wait until the file is closed."""
    import pypdfium2
    from pypdfium2 import raw

    with _one_at_a_time:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "assword" in str(error):
                raise WrongPassword from error
            raise NotPdf from error
        try:
            yield PdfFile(document)
        finally:
            document.close()


_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Place:
    """From PDFium's coordinates to the page as a person sees it."""

    turned: int
    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.top - self.bottom if self.turned in (90, 270) else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.turned in (90, 270) else self.top - self.bottom

    def near(self, box: _Box) -> _Box | None:
        """The part of the box that is not absurdly far from the page; None where there is none."""
        left, top = max(box[0], -_FARTHEST), max(box[1], -_FARTHEST)
        right, bottom = min(box[2], self.width + _FARTHEST), min(box[3], self.height + _FARTHEST)
        return (left, top, right, bottom) if left <= right and top <= bottom else None

    def box(self, left: float, bottom: float, right: float, top: float) -> _Box:
        """Left, top, right, bottom, y downwards."""
        if self.turned == 90:
            return bottom - self.bottom, left - self.left, top - self.bottom, right - self.left
        if self.turned == 180:
            return self.right - right, bottom - self.bottom, self.right - left, top - self.bottom
        if self.turned == 270:
            return self.top - top, self.right - right, self.top - bottom, self.right - left
        return left - self.left, self.top - top, right - self.left, self.top - bottom


def _words(text: "pypdfium2.PdfTextPage", place: _Place) -> tuple[list[Word], str]:
    """Words in the file's order, which within a word is the reading order for every script; and what is aside."""
    from pypdfium2 import raw

    handle = text.raw
    code_of, box_of, rect = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox, raw.FS_RECTF()
    pointer = ctypes.byref(rect)
    words: list[Word] = []
    aside: list[str] = []
    letters: list[str] = []
    left = top = right = bottom = 0.0
    bold = backwards = across = False

    def end() -> None:
        if letters and across:
            aside.append("".join(letters))
        elif letters and (near := place.near((left, top, right, bottom))):
            words.append(Word(_whole("".join(letters)), *near, bold, backwards))
        letters.clear()

    for index in range(text.count_chars()):
        code = code_of(handle, index)
        if code in _SPACES or not box_of(handle, index, pointer):
            end()
            if across and aside and code in _SPACES:
                aside.append(" ")
            continue
        this = place.box(rect.left, rect.bottom, rect.right, rect.top)
        if letters and not _continues(this, left, top, right, bottom):
            end()
        if not letters:
            left, top, right, bottom = this
            bold = _is_bold(raw, handle, index)
            angle = float(raw.FPDFText_GetCharAngle(handle, index)) - math.radians(place.turned)
            across = abs(math.sin(angle)) > _ASLANT
            backwards = False
        else:
            left, top = min(left, this[0]), min(top, this[1])
            right, bottom = max(right, this[2]), max(bottom, this[3])
        if code in _SOFT_HYPHENS:
            letters.append("-")
        else:
            letters.append(_LIGATURES.get(code) or chr(code))
            if 0x590 <= code <= 0x8FF or 0xFB1D <= code <= 0xFEFC:
                backwards = True
    end()
    return words, " ".join(_whole("".join(aside)).split())


def _continues(box: _Box, left: float, top: float, right: float, bottom: float) -> bool:
    height = max(bottom - top, 1.0)
    if min(bottom, box[3]) - max(top, box[1]) < 0.5 * min(height, box[3] - box[1]):
        return False
    return box[0] - right <= _BROKEN_WORD * height and left - box[2] <= _BROKEN_WORD * height


def _whole(text: str) -> str:
    """PDFium gives UTF-16 units; a letter outside of the first plane comes in two halves."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _is_bold(raw: object, handle: object, index: int) -> bool:
    flags = ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    raw.FPDFText_GetFontInfo(handle, index, name, 128, ctypes.byref(flags))  # type: ignore[attr-defined]
    if _BOLD_NAME.search(name.value):
        return True
    return int(raw.FPDFText_GetFontWeight(handle, index)) >= _BOLD_WEIGHT  # type: ignore[attr-defined]
