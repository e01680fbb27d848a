"""Zip containers of strangers: everything is counted before anything is inflated.

Office documents and books are zip files. A small one can hold petabytes, the same bytes many times, or members that
only look small; so the sizes that it declares are judged first, and no more than those is ever inflated.
"""

import io
import lzma
import zipfile
import zlib

from knowledge.errors import UnreadableDocument

MOST_MEMBERS = 20_000
MOST_BYTES = 400_000_000
"""All members together, inflated."""
MOST_TIMES = 150
"""Inflated to compressed size; text and XML rarely reach 30."""
_NEGLIGIBLE_BYTES = 20_000_000
"""Below this no ratio does harm; tiny files of repeated text compress absurdly well."""


class Archive:
    """Raises UnreadableDocument for what cannot be opened or is made to do harm."""

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, UnicodeDecodeError) as error:
            raise UnreadableDocument("It is damaged: the container that it consists of cannot be opened.") from error
        members = self._zip.infolist()
        if len(members) > MOST_MEMBERS:
            raise UnreadableDocument(
                f"It consists of {len(members):,} parts; more than {MOST_MEMBERS:,} are not read.", status="unsupported"
            )
        inflated = sum(member.file_size for member in members)
        if inflated > MOST_BYTES or (inflated > _NEGLIGIBLE_BYTES and inflated > MOST_TIMES * len(content)):
            raise UnreadableDocument(
                f"Unpacked it is {inflated / 1_000_000:,.0f} MB, {inflated // max(len(content), 1):,} times its size; "
                "such files are not read.",
                status="unsupported",
            )
        self._members = {member.filename.replace("\\", "/").lstrip("/"): member for member in members}
        self._folded = {name.lower(): name for name in self._members}
        self._left = MOST_BYTES

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._folded

    @property
    def names(self) -> list[str]:
        return list(self._members)

    @property
    def encrypted(self) -> bool:
        """Whether any member needs a password."""
        return any(member.flag_bits & 0x1 for member in self._members.values())

    def read(self, name: str) -> bytes:
        """A member's bytes; names differ by more than case in no format that is read here.

        Raises UnreadableDocument where it is missing or damaged.
        """
        if name not in self:
            raise UnreadableDocument(f"It is damaged: its part {name[:80]} is missing.")
        member = self._members[self._folded[name.lower()]]
        if member.flag_bits & 0x1:
            raise UnreadableDocument("It is encrypted and needs a password.", status="encrypted")
        self._left -= member.file_size
        if self._left < 0:
            raise UnreadableDocument("It unpacks the same parts again and again.", status="unsupported")
        try:
            with self._zip.open(member) as stream:
                return stream.read(member.file_size)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError) as error:
            # RuntimeError, among others: NotImplementedError for a way of compression that Python does not know.
            raise UnreadableDocument(f"It is damaged: its part {name[:80]} cannot be unpacked.") from error
