"""The memory plan as a picture (SVG) and as text: operators in order across, addresses up, a box for each buffer."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from codegen.memory_boxes import KINDS, Box, Memory

LEGEND = {
    "input": "input of the model",
    "output": "output of the model",
    "state": "state, kept between calls",
    "tensor": "whole tensor",
    "rows": "rows of a tensor, in a region",
    "scratch": "scratch of a kernel",
}
# Fill in light and in dark surroundings; text on it is black or white.
FILLS = {
    "input": ("#b9dcb4", "#3f6b3a"),
    "output": ("#f6d08f", "#83601c"),
    "state": ("#e3bfe6", "#6d4472"),
    "tensor": ("#b6d0ee", "#34587f"),
    "rows": ("#cfe3e3", "#40696a"),
    "scratch": ("#d9d9d9", "#5c5c5c"),
}
LEFT, TOP, PLOT_HEIGHT = 76, 96, 560
NARROWEST, WIDEST, WANTED_WIDTH = 13, 150, 1000  # of a column, of a column, of all of them; pixels
LETTER, LINE = 6.1, 13  # of the text in boxes, pixels
THINNEST = 2  # of a box, pixels
TICK_STEPS = (1, 2, 5)


def memory_svg(memory: Memory) -> str:
    """A stand-alone SVG file, the same bytes for the same plan."""
    return "\n".join(_Picture(memory).lines()) + "\n"


def memory_text(memory: Memory) -> str:
    """Two tables: buffers by the time of their first use, and bytes in use at each operator."""
    count = len(memory.operators)
    blocks = {
        step: f"region of {blocks} blocks" for first, last, blocks in memory.regions for step in range(first, last)
    }
    lines = [f"Memory plan of model {memory.model}: arena {memory.arena_bytes} bytes", ""]
    lines += ["Buffers: addresses, bytes, from and to which operator (by position), what lies there", ""]
    for box in memory.boxes:
        first = "start" if box.first < 0 else str(box.first)
        last = "end" if box.last >= count else str(box.last)
        place = f"{box.address:>8} ..{box.address + box.size - 1:>8} {box.size:>8}  {first:>5} to {last:<4}"
        lines.append(f"{place} {box.kind:<8} {', then '.join(box.names)}")
    lines += ["", "Operators: position, bytes in use, index in the model file and name", ""]
    for step, operator in enumerate(memory.operators):
        line = f"{step:>8} {memory.live(step):>8}  {operator:<32} {blocks.get(step, '')}"
        lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


class _Picture:
    """Coordinates and elements of the picture."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._columns = len(memory.operators) + 2
        self._column = max(NARROWEST, min(WIDEST, WANTED_WIDTH // self._columns))
        self._plot_width = self._columns * self._column
        longest = max(map(len, memory.operators), default=0)
        self._upright = longest * LETTER > self._column  # do names of operators have to stand on end?
        self._label_height = 14 + (int(longest * LETTER) if self._upright else LINE)
        self._width = max(LEFT + self._plot_width + 20, 900)
        self._height = TOP + PLOT_HEIGHT + self._label_height + 16

    def lines(self) -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self._width} {self._height}" '
            f'width="{self._width}" height="{self._height}" role="img">'
        )
        title = f"Memory plan of model {self._memory.model}: arena {self._memory.arena_bytes:,} bytes"
        yield f"<title>{escape(title)}</title>"
        yield from _style()
        yield f'<rect class="page" width="{self._width}" height="{self._height}"/>'
        yield f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>'
        yield from self._legend()
        yield from self._regions()
        yield from self._addresses()
        for box in self._memory.boxes:
            yield from self._box(box)
        yield from self._operators()
        yield "</svg>"

    def _x(self, step: int) -> int:
        return LEFT + (step + 1) * self._column

    def _y(self, address: int) -> float:
        share = address / max(self._memory.arena_bytes, 1)
        return round(TOP + PLOT_HEIGHT * (1 - share), 1)

    def _legend(self) -> Iterator[str]:
        x = LEFT
        shown = [kind for kind in KINDS if any(box.kind == kind for box in self._memory.boxes)]
        for kind in shown:
            yield f'<rect class="box {kind}" x="{x}" y="42" width="14" height="14"/>'
            yield f'<text x="{x + 19}" y="53">{LEGEND[kind]}</text>'
            x += 32 + int(len(LEGEND[kind]) * LETTER)
        if self._memory.regions:
            yield f'<rect class="region" x="{x}" y="42" width="14" height="14"/>'
            yield f'<text x="{x + 19}" y="53">region: run block by block</text>'

    def _regions(self) -> Iterator[str]:
        for first, last, blocks in self._memory.regions:
            x, width = self._x(first), (last - first) * self._column
            text = _fitting(f"{blocks} blocks", width) or str(blocks)
            yield f'<rect class="region" x="{x}" y="{TOP - 20}" width="{width}" height="{PLOT_HEIGHT + 20}"/>'
            yield f'<text class="middle" x="{x + width / 2:g}" y="{TOP - 7}">{text}</text>'

    def _addresses(self) -> Iterator[str]:
        arena = self._memory.arena_bytes
        step = next(tick * 10**power for power in range(12) for tick in TICK_STEPS if tick * 10**power * 10 >= arena)
        right = LEFT + self._plot_width
        ticks = [address for address in range(0, arena, step) if arena - address > step / 3]
        for address in (*ticks, arena):
            line = "top" if address == arena else "grid"
            yield f'<path class="{line}" d="M{LEFT} {self._y(address)}H{right}"/>'
            yield f'<text class="end" x="{LEFT - 6}" y="{self._y(address) + 4:g}">{address:,}</text>'
        middle = TOP + PLOT_HEIGHT / 2
        place = f'class="middle" transform="translate(14 {middle:g}) rotate(-90)"'
        yield f"<text {place}>address in the arena, bytes</text>"

    def _box(self, box: Box) -> Iterator[str]:
        x, right = self._x(box.first), self._x(box.last + 1)
        top, bottom = self._y(box.address + box.size), self._y(box.address)
        width, height = right - x, max(round(bottom - top, 1), THINNEST)
        span = f"bytes {box.address:,} to {box.address + box.size - 1:,}"
        told = f"{', then '.join(box.names)}: {box.size:,} bytes, {span}"
        yield f"<g><title>{escape(told)}</title>"
        yield f'<rect class="box {box.kind}" x="{x}" y="{top}" width="{width}" height="{height}"/>'
        yield from _label(box, x, top, width, height)
        yield "</g>"

    def _operators(self) -> Iterator[str]:
        bottom = TOP + PLOT_HEIGHT
        names = ("start", *self._memory.operators, "end")
        for step, name in enumerate(names, start=-1):
            middle = self._x(step) + self._column / 2
            if self._upright:
                place = f'class="end small" transform="translate({middle + 3:g} {bottom + 8}) rotate(-90)"'
            else:
                place = f'class="middle small" x="{middle:g}" y="{bottom + 18}"'
            yield f"<text {place}>{escape(name)}</text>"


def _label(box: Box, x: int, top: float, width: int, height: float) -> Iterator[str]:
    """A box's name and size as far as there is room: in two lines, in one, or standing on end."""
    name, size = "scratch" if box.kind == "scratch" else box.names[0].partition(";")[0], f"{box.size:,}"
    across, middle_x, middle_y = len(size) * LETTER + 6 <= width, x + width / 2, round(top + height / 2, 1)
    if across and height >= 2 * LINE + 2:
        yield _text(middle_x, middle_y - 3, _fitting(name, width))
        yield _text(middle_x, middle_y + LINE - 3, size)
    elif across and height >= LINE - 2:
        yield _text(middle_x, middle_y + 4, _with_size(name, size, width))
    elif width >= LINE - 1 and height >= len(size) * LETTER + 6:
        text = escape(_with_size(name, size, int(height)))
        yield f'<text class="middle" transform="translate({middle_x + 4:g} {middle_y:g}) rotate(-90)">{text}</text>'


def _text(x: float, y: float, text: str) -> str:
    return f'<text class="middle" x="{x:g}" y="{round(y, 1):g}">{escape(text)}</text>'


def _with_size(name: str, size: str, width: int) -> str:
    fitting = _fitting(name, width - int((len(size) + 2) * LETTER))
    return f"{fitting}  {size}" if fitting else size


def _fitting(text: str, width: int) -> str:
    """As much of a text as fits: its last parts between slashes, or its end; nothing if that says nothing."""
    room = int((width - 6) / LETTER)
    while len(text) > room and "/" in text:
        text = text.partition("/")[2]
    if len(text) <= room:
        return text
    return f"..{text[len(text) - room + 2 :]}" if room >= 6 else ""


def _style() -> Iterator[str]:
    yield "<style>"
    yield "text{font:11px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;letter-spacing:-.5px;fill:#111}"
    yield ".title{font:bold 15px system-ui,'DejaVu Sans',sans-serif;letter-spacing:0}.small{font-size:10px}"
    yield ".middle{text-anchor:middle}.end{text-anchor:end}"
    yield ".page{fill:#fff}.box{stroke:#444;stroke-width:.6}.region{fill:#fdf3d0;stroke:#c9a227;stroke-width:.6}"
    yield ".grid{stroke:#ccc;stroke-width:.6}.top{stroke:#b00;stroke-width:1.2;stroke-dasharray:6 3}"
    yield "".join(f".{kind}{{fill:{light}}}" for kind, (light, _) in FILLS.items())
    yield "@media(prefers-color-scheme:dark){text{fill:#eee}.page{fill:#16181c}.box{stroke:#bbb}"
    yield ".region{fill:#3a3420;stroke:#a58b2e}.grid{stroke:#444}.top{stroke:#f66}"
    yield "".join(f".{kind}{{fill:{dark}}}" for kind, (_, dark) in FILLS.items()) + "}"
    yield "</style>"
