"""Changes of bytes that need no idea of what they mean, but that files have 32-bit words and repeat themselves."""

from __future__ import annotations

import random
import struct

from fuzzing.values import FLOATS, INTEGERS


def mutate_bytes(content: bytes, random_: random.Random) -> bytes:
    """One to four small changes."""
    changed = bytearray(content)
    for _ in range(random_.choice((1, 1, 2, 4))):
        random_.choice((_bit, _byte, _word, _float, _cut, _repeat, _insert))(changed, random_)
    return bytes(changed)


def _bit(changed: bytearray, random_: random.Random) -> None:
    if changed:
        changed[random_.randrange(len(changed))] ^= 1 << random_.randrange(8)


def _byte(changed: bytearray, random_: random.Random) -> None:
    if changed:
        changed[random_.randrange(len(changed))] = random_.choice((0, 1, 127, 128, 255, random_.randrange(256)))


def _word(changed: bytearray, random_: random.Random) -> None:
    """An aligned 32-bit word: in a flatbuffer an offset, a length, a size."""
    if len(changed) >= 4:
        at = random_.randrange(len(changed) // 4) * 4
        (old,) = struct.unpack_from("<i", changed, at)
        value = random_.choice((old + 4, old - 4, old * 2, old // 2, -old, *INTEGERS))
        struct.pack_into("<I", changed, at, value % 2**32)


def _float(changed: bytearray, random_: random.Random) -> None:
    if len(changed) >= 4:
        at = random_.randrange(len(changed) // 4) * 4
        value = random_.choice([number for number in FLOATS if abs(number) < 3.5e38 or abs(number) == float("inf")])
        struct.pack_into("<f", changed, at, value)


def _cut(changed: bytearray, random_: random.Random) -> None:
    if changed:
        at = random_.randrange(len(changed))
        del changed[at : at + random_.choice((1, 2, 4, 8, 64, len(changed)))]


def _repeat(changed: bytearray, random_: random.Random) -> None:
    """A piece of the file over another place, or in between."""
    if changed:
        at, to = random_.randrange(len(changed)), random_.randrange(len(changed))
        piece = changed[at : at + random_.choice((1, 4, 16, 64))]
        changed[to : to + random_.choice((0, len(piece)))] = piece


def _insert(changed: bytearray, random_: random.Random) -> None:
    at = random_.randrange(len(changed) + 1)
    changed[at:at] = random_.randbytes(random_.choice((1, 2, 4, 8)))
