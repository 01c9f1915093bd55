"""Functions, vectors and pointers to functions of a linked image: 32-bit little-endian ELF for Arm, linked with
`--emit-relocs`.

Source: Tool Interface Standard ELF 1.2; ELF for the Arm Architecture (relocation types).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import ToolError

_SECTION_WITH_BYTES, _SECTION_SYMBOLS, _SECTION_RELOCATIONS = 1, 2, 9
_ALLOCATED = 2
_SYMBOL_OBJECT, _SYMBOL_FUNCTION, _SYMBOL_SECTION = 1, 2, 3
# R_ARM_ABS32, R_ARM_TARGET1, R_ARM_THM_MOVW_ABS_NC: what makes an address a value. The upper half comes with the lower.
_ADDRESSES = (2, 38, 47)
_IN_PLACE = (2, 38)


@dataclass(frozen=True, slots=True)
class ElfImage:
    """`functions`: names by address. `data`: addresses of objects. `vectors`: the vector table from the stack pointer's
    entry on, None where one is free. `taken`: functions whose address is a value anywhere but in the vector table.
    """

    functions: Mapping[int, str]
    data: frozenset[int]
    vectors: tuple[int | None, ...]
    taken: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    target: int


@dataclass(frozen=True, slots=True)
class _Symbol:
    name: str
    value: int
    size: int
    kind: int


def read_image(path: Path) -> ElfImage:
    """Raises ToolError where the image has no vector table or was linked without relocations."""
    content = path.read_bytes()
    sections = _sections(content)
    (table,) = [section for section in sections if section.kind == _SECTION_SYMBOLS]
    symbols = _symbols(content, table, sections)
    functions = {symbol.value & ~1: symbol.name for symbol in symbols if symbol.kind == _SYMBOL_FUNCTION}
    vectors = next((symbol for symbol in symbols if symbol.name == "vectors"), None)
    relocations = [section for section in sections if section.kind == _SECTION_RELOCATIONS]
    if vectors is None or not relocations:
        raise ToolError(f"{path.name}: has no vector table or no relocations; link it with -Wl,--emit-relocs")
    words = [_word(content, sections, vectors.value + 4 * index) for index in range(vectors.size // 4)]
    in_vectors = range(vectors.value, vectors.value + vectors.size)
    taken = {
        address & ~1
        for section in relocations
        if sections[section.target].flags & _ALLOCATED
        for place, address in _addresses(content, section, sections, symbols)
        if place not in in_vectors and address & ~1 in functions and address & 1
    }
    data = frozenset(symbol.value for symbol in symbols if symbol.kind == _SYMBOL_OBJECT)
    return ElfImage(functions, data, tuple(word & ~1 if word else None for word in words), frozenset(taken))


def _sections(content: bytes) -> list[_Section]:
    (start,) = struct.unpack_from("<I", content, 32)
    size, count = struct.unpack_from("<HH", content, 46)
    rows = [struct.unpack_from("<10I", content, start + index * size) for index in range(count)]
    return [_Section(row[1], row[2], row[3], row[4], row[5], row[6], row[7]) for row in rows]


def _symbols(content: bytes, table: _Section, sections: list[_Section]) -> list[_Symbol]:
    names = sections[table.link].offset
    symbols = []
    for at in range(table.offset, table.offset + table.size, 16):
        name, value, size, info = struct.unpack_from("<IIIB", content, at)
        text = content[names + name : content.index(b"\0", names + name)].decode(errors="replace")
        symbols.append(_Symbol(text, value, size, info & 15))
    return symbols


def _addresses(
    content: bytes, table: _Section, sections: list[_Section], symbols: list[_Symbol]
) -> Iterator[tuple[int, int]]:
    """Where a table of relocations puts an address, and the address."""
    for at in range(table.offset, table.offset + table.size, 8):
        place, info = struct.unpack_from("<II", content, at)
        symbol = symbols[info >> 8]
        if info & 255 not in _ADDRESSES:
            continue
        if symbol.kind == _SYMBOL_SECTION and info & 255 in _IN_PLACE:
            yield place, _word(content, sections, place)
        else:
            yield place, symbol.value


def _word(content: bytes, sections: list[_Section], address: int) -> int:
    for section in sections:
        if section.kind in (_SECTION_WITH_BYTES, 14, 15) and section.flags & _ALLOCATED:
            at = address - section.address
            if 0 <= at < section.size:
                return int(struct.unpack_from("<I", content, section.offset + at)[0])
    return 0
