"""Graph rewrites in their order: each a pure `Graph -> Graph` that changes no output byte, and verified afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from codegen.errors import DataError
from codegen.ir import Graph
from codegen.passes.compute_tables import compute_tables
from codegen.passes.fold_constants import fold_constants
from codegen.passes.fold_padding import fold_padding
from codegen.passes.fold_transposes import fold_transposes
from codegen.passes.fuse_tables import fuse_tables
from codegen.passes.order_operators import order_operators
from codegen.passes.stage_windows import stage_windows
from codegen.passes.sum_by_rows import sum_by_rows
from codegen.verify import verify


def passes(slack: float = 0.0) -> tuple[tuple[str, Callable[[Graph], Graph]], ...]:
    """Names and functions, for an arena that may be `slack` times larger than the smallest."""
    return (
        # First: the others take what is left for computed.
        ("fold_constants", fold_constants),
        # Then, while the PADs still stand beside their convolutions as the converter wrote them.
        ("fold_padding", fold_padding),
        # When it is known how far each convolution reaches.
        ("stage_windows", stage_windows),
        # While every TRANSPOSE still stands beside the matrix product it was made for.
        ("fold_transposes", fold_transposes),
        # Before tables are made of whatever can be one.
        ("compute_tables", compute_tables),
        # After those: it replaces operators that they look for.
        ("fuse_tables", fuse_tables),
        # When it is known which tensors there are, and how large.
        ("sum_by_rows", partial(sum_by_rows, slack=slack)),
        # Last, when it is known which operators there are.
        ("order_operators", order_operators),
    )


def run_passes(graph: Graph, where: str, dump_to: Path | None = None, slack: float = 0.0) -> Graph:
    """Applies all passes, verifying after each; with `dump_to`, writes the graph as text before and after each.

    Raises DataError where that folder cannot be written.
    """
    _dump(graph, dump_to, 0, "read")
    for number, (name, rewrite) in enumerate(passes(slack), start=1):
        graph = rewrite(graph)
        verify(graph, f"{where} after pass {name}")
        _dump(graph, dump_to, number, name)
    return graph


def _dump(graph: Graph, folder: Path | None, number: int, name: str) -> None:
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:02d}_{name}.txt").write_text(graph.dump(), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{folder}: cannot write graphs there ({error.strerror}); choose another folder") from error
