"""A model file that is taken, as firmware: compiled with the sanitizers and run on random and extreme inputs."""

from __future__ import annotations

import re
import zlib

import numpy as np

from codegen.direct import render_direct
from codegen.ir import Graph
from codegen.read_tflite import parse_tflite
from fuzzing.faults import FoundError
from fuzzing.models import seed_models
from fuzzing.mutate_tflite import mutate_tflite
from fuzzing.target import Target
from tests.generated import CompilerError, RunError, run_sanitized

LARGEST_BYTES = 2**22  # of what a model computes: more takes longer than it teaches
_ROWS = 4
_PLACE = re.compile(r"(ts|ser)_\w+\.[ch]:\d+")


def run(content: bytes) -> None:
    """Raises FoundError for a sanitizer's report, a warning of the compiler, or a wrong status."""
    model = parse_tflite(content)
    files = render_direct(model, "/* fuzzing */").files
    if content in seed_models():
        return  # those run in the operators' own tests
    if sum(tensor.bytes for tensor in model.graph.tensors) > LARGEST_BYTES:
        return
    try:
        run_sanitized(files, model.graph, _rows(model.graph, zlib.crc32(content)))
    except (CompilerError, RunError) as error:
        place = _PLACE.search(str(error))
        raise FoundError("firmware" if place is None else place[0], str(error)) from error


def _rows(graph: Graph, seed: int) -> list[list[np.ndarray]]:
    """Both ends, random values, random ends."""
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(_ROWS):
        row = []
        for index in graph.inputs:
            tensor = graph.tensors[index]
            low, high = tensor.limits
            ends = np.array([low, high], tensor.dtype)
            made = (
                np.full(tensor.shape, ends[number]) if number < 2
                else generator.integers(low, high + 1, tensor.shape) if number == 2
                else generator.choice(ends, tensor.shape)
            )  # fmt: skip
            row.append(made.astype(tensor.dtype))
        rows.append(row)
    return rows


TARGET = Target(
    about="a .tflite that is taken: its C built with ASan and UBSan and run on random and extreme inputs",
    run=run,
    seeds=seed_models,
    mutate=mutate_tflite,
    seconds=20.0,
    megabytes=None,  # AddressSanitizer reserves all there is
)
