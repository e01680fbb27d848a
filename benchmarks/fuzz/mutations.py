"""Ways to break a file. Each takes the bytes and a seeded source of chance; none fails on any bytes."""

import io
import random
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping

_MOST_FLIPS = 40


def flip_bits(content: bytes, chance: random.Random) -> bytes:
    """A few bits, anywhere."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, _MOST_FLIPS) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncate(content: bytes, chance: random.Random) -> bytes:
    """As when a download breaks off."""
    return content[: chance.randint(0, len(content))]


def behead(content: bytes, chance: random.Random) -> bytes:
    """Without its beginning."""
    return content[chance.randint(0, min(len(content), 2_000)) :]


def repeat(content: bytes, chance: random.Random) -> bytes:
    """A piece of it comes again, many times."""
    start = chance.randint(0, len(content))
    piece = content[start : start + chance.randint(1, 200)]
    return content[:start] + piece * chance.randint(2, 300) + content[start:]


def overwrite(content: bytes, chance: random.Random) -> bytes:
    """Bytes that parsers count with: zeros, ones, huge numbers, signs."""
    value = chance.choice(
        [b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"-1", b"99999999999", b"<", b"&x;", b"{", b"%n"]
    )
    start = chance.randint(0, len(content))
    return content[:start] + value + content[start + len(value) :]


def shuffle(content: bytes, chance: random.Random) -> bytes:
    """Its pieces in another order."""
    size = max(1, len(content) // chance.randint(2, 12))
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    chance.shuffle(pieces)
    return b"".join(pieces)


def change_member(content: bytes, chance: random.Random) -> bytes:
    """Of a zip file: one member is broken, comes twice, or is gone. Other files get flipped bits."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError):
        return flip_bits(content, chance)
    if not members:
        return content
    at = chance.randrange(len(members))
    name, inner = members[at]
    how = chance.choice(("break", "twice", "gone", "empty", "swap"))
    if how == "break":
        members[at] = (name, chance.choice(SIMPLE)(inner, chance))
    elif how == "twice":
        members.append((name, chance.choice(SIMPLE)(inner, chance)))
    elif how == "gone":
        del members[at]
    elif how == "empty":
        members[at] = (name, b"")
    else:
        members[at] = (name, members[chance.randrange(len(members))][1])
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # about the name that comes twice
        for member, data in members:
            archive.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


Mutation = Callable[[bytes, random.Random], bytes]
SIMPLE: tuple[Mutation, ...] = (flip_bits, truncate, behead, repeat, overwrite, shuffle)


def mutated(files: Mapping[str, bytes], chance: random.Random) -> tuple[str, bytes]:
    """One of the files, broken in one to three ways; sometimes spliced with another, sometimes misnamed."""
    names = sorted(files)
    name = chance.choice(names)
    content = files[name]
    for _ in range(chance.choice((1, 1, 2, 3))):
        content = chance.choice((*SIMPLE, change_member, change_member))(content, chance)
    if chance.random() < 0.1:
        other = files[chance.choice(names)]
        content = content[: chance.randint(0, len(content))] + other[chance.randint(0, len(other)) :]
    if chance.random() < 0.1:
        name = f"{name}.{chance.choice(names).rpartition('.')[2]}"
    return name, content
