"""Estimated cycles per inference on a Cortex-M4 and M7: `cycles.py MODELS`.

Instructions, their classes, branches taken and misses of simulated caches are counted in QEMU; what each costs is data
(`cycle_model.toml`). An estimate between two bounds, no measurement: no board was timed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cycle_model import CycleModel, Executed, Traffic, load_cycle_models
from peer import models_of_folder
from plugin_run import read_numbers, run_with_plugin
from rich.console import Console
from rich.table import Table
from thumb_classes import CLASSES, EVENTS, Disassembly, count_executed

from codegen.boards import Board, load_board
from tinyser.emulator.project_folder import Project


def executed_by(model: Path, core: CycleModel) -> Executed:
    """Counts of one inference on the first row of NAME.input.npy."""

    def read(_: Project, board: Board, image: Path) -> Executed:
        code, flash, ram, *blocks = read_numbers(image.with_name("blocks.txt"))
        counts = count_executed(Disassembly(image, board.compiler_prefix), blocks)
        return Executed(counts, Traffic(*code), Traffic(*flash), Traffic(*ram))

    ram = load_board(core.board).ram
    assert ram is not None
    return run_with_plugin(model, core.board, read, (*core.cache_options, f"flash_end={ram.base}"))


def _print(console: Console, title: str, columns: tuple[str, ...], rows: list[list[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _bounds(low: float, high: float, digits: int) -> str:
    return f"{low:,.{digits}f} - {high:,.{digits}f}"


def estimate(name: str, core: CycleModel, executed: Executed) -> list[str]:
    """A row of ESTIMATE; the last two go from no miss at all and low costs to all misses and high costs."""
    instructions, waits = executed.instructions(), core.wait_cycles(executed)
    low, high = core.core_cycles(executed)
    return [
        name,
        f"{instructions:,}",
        _bounds(low / 1e3, high / 1e3, 0),
        *(f"{traffic.hit_rate():.1%}" for traffic in (executed.code, executed.flash, executed.ram)),
        _bounds((low + waits) / 1e3, (high + waits) / 1e3, 0),
        _bounds(low / instructions, (high + waits) / instructions, 2),
        _bounds(low / core.clock_hz * 1e3, (high + waits) / core.clock_hz * 1e3, 1),
    ]


ESTIMATE = (
    "model",
    "instructions",
    "cycles, all hit",
    "hits: code",
    "flash data",
    "RAM",
    "with misses",
    "per instruction",
    "ms",
)


def print_core(core: CycleModel, models: list[Path], console: Console) -> None:
    executed = {path.stem: executed_by(path, core) for path in models}
    title = f"estimated cycles in thousands on {core.title}, {core.chip} (instructions from {core.board})"
    _print(console, title, ESTIMATE, [estimate(name, core, counts) for name, counts in executed.items()])
    classes = [
        [
            name.replace("_", " "),
            "{} - {}".format(*core.costs[name]),
            *(f"{counts.counts[name]:,}" for counts in executed.values()),
        ]
        for name in (*CLASSES, *EVENTS)
    ]
    columns = ("class or event", "cycles each", *executed)
    _print(console, f"executed on {core.title}", columns, classes)
    for source in core.sources:
        console.print(source, highlight=False)


def main(arguments: list[str]) -> None:
    models = models_of_folder(arguments)
    console = Console(width=150)
    for core in load_cycle_models():
        print_core(core, models, console)


if __name__ == "__main__":
    main(sys.argv[1:])
