"""Model files that nobody should write: each is refused in one line, soon, or read for what it is."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import TinySerError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from fuzzing.faults import find_fault
from fuzzing.models import seed_models
from fuzzing.target import load_target
from tests.cli.test_generate_emulate_errors import refuses
from tests.codegen.models import dense_model, padded_convolution
from tests.ops.test_max_pool_2d import fixed_case
from tests.tflite_builder import ModelBuilder, edited

Change = Callable[[Any], None]
SECONDS = 5.0  # on a busy machine; a good model of this size takes 20 ms
TIMES_THE_FILE = 1000  # of memory: Python's objects and the project's text are large beside a model of 1 kB


def tensor(index: int, **values: Any) -> Change:
    """A tensor's fields, or those of its quantization."""

    def change(model: Any) -> None:
        chosen = model.subgraphs[0].tensors[index]
        for name, value in values.items():
            setattr(chosen if hasattr(chosen, name) else chosen.quantization, name, value)

    return change


def operator(index: int, **values: Any) -> Change:
    """An operator's fields, or those of its options."""

    def change(model: Any) -> None:
        chosen = model.subgraphs[0].operators[index]
        for name, value in values.items():
            setattr(chosen if hasattr(chosen, name) else chosen.builtinOptions, name, value)

    return change


def in_circles(model: Any) -> None:
    """The first operator reads what the second one makes of its output."""
    first, second = model.subgraphs[0].operators
    first.inputs[0] = int(second.outputs[0])


def of_itself(model: Any) -> None:
    first = model.subgraphs[0].operators[0]
    first.inputs[0] = int(first.outputs[0])


def shared_by_many(model: Any) -> None:
    """Many tensors with one buffer: the file stays small."""
    graph = model.subgraphs[0]
    for _ in range(500):
        graph.tensors.append(graph.tensors[1])


# dense_model: tensors features (1, 4), weights (3, 4), bias, logits, posteriors; FULLY_CONNECTED and SOFTMAX.
DENSE = {
    "2^31 elements": tensor(0, shape=[2**16, 2**15]),
    "more than 2^64 elements": tensor(0, shape=[2**31 - 1] * 3),
    "2^31 rows that fit each other": lambda model: [
        tensor(i, shape=[2**29, n])(model) for i, n in ((0, 4), (3, 3), (4, 3))
    ],
    "a negative extent": tensor(0, shape=[-1, 4]),
    "the least extent": tensor(3, shape=[-(2**31), 3]),
    "an extent of 0": tensor(4, shape=[0, 3]),
    "no shape": tensor(3, shape=None),
    "1000 dimensions": tensor(0, shape=[1] * 1000),
    "a constant larger than its buffer": tensor(1, shape=[3, 4_000_000]),
    "a buffer that is not there": tensor(1, buffer=77),
    "the last buffer of all": tensor(1, buffer=2**32 - 1),
    "an absent buffer for weights": tensor(1, buffer=0),
    "an absent buffer for a bias": tensor(2, buffer=0),
    "a scale of 0": tensor(0, scale=[0.0]),
    "a scale below 0": tensor(3, scale=[-0.1]),
    "a scale that is no number": tensor(0, scale=[float("nan")]),
    "an infinite scale": tensor(4, scale=[float("inf")]),
    "the least scale": tensor(3, scale=[1e-45]),
    "the largest scales": lambda model: [tensor(i, scale=[3e38])(model) for i in (0, 1)],
    "no scales": tensor(3, scale=[]),
    "a scale that is no number for weights": tensor(1, scale=[float("nan")]),
    "2 scales for 3 channels": tensor(1, scale=[0.1, 0.2], zeroPoint=[0, 0]),
    "a zero point beyond its type": tensor(3, zeroPoint=[2**40]),
    "the least zero point": tensor(0, zeroPoint=[-(2**63)]),
    "an unknown type": tensor(3, type=99),
    "4-bit values": tensor(1, type=17),
    "texts": tensor(0, type=5),
    "state that nobody keeps": tensor(3, isVariable=True),
    "operators in a circle": in_circles,
    "an operator on its own output": of_itself,
    "an operand out of range": operator(0, inputs=[0, 2**31 - 1, 2]),
    "an operand before all others": operator(0, inputs=[-(2**31), 1, 2]),
    "an absent input": operator(0, inputs=[-1, 1, 2]),
    "two operators that write one tensor": operator(1, outputs=[3]),
    "no outputs": operator(0, outputs=[]),
    "100000 operands": operator(0, inputs=[0] * 100_000),
    "an activation that is none": operator(0, fusedActivationFunction=99),
    "a beta that is no number": operator(1, beta=float("nan")),
    "an infinite beta": operator(1, beta=float("inf")),
    "an operator code out of range": operator(0, opcodeIndex=1000),
    "no operators": lambda model: model.subgraphs[0].operators.clear(),
    "no tensors": lambda model: model.subgraphs[0].tensors.clear(),
    "no subgraph": lambda model: model.subgraphs.clear(),
    "no buffers": lambda model: model.buffers.clear(),
    "no inputs": lambda model: setattr(model.subgraphs[0], "inputs", []),
    "the input 2^31 - 1": lambda model: setattr(model.subgraphs[0], "inputs", [2**31 - 1]),
    "an input before all others": lambda model: setattr(model.subgraphs[0], "inputs", [0, -1]),
    "an output before all others": lambda model: setattr(model.subgraphs[0], "outputs", [-1]),
}
# padded_convolution(): tensors image (1, 5, 6, 2), paddings, padded (1, 8, 7, 2), weights (3, 3, 3, 2) and output
# (1, 3, 3, 3).
PADDED = {
    "an output without channels": tensor(4, shape=[27]),
    "an output of another rank": tensor(4, shape=[1, 3, 9]),
    "an output of another batch": tensor(4, shape=[2, 3, 3, 3]),
    "a stride of 0": operator(1, strideH=0),
    "a stride below 0": operator(1, strideW=-1),
    "a dilation of 2^31 - 1": operator(1, dilationHFactor=2**31 - 1, dilationWFactor=2**31 - 1),
    "a stride of 2^31 - 1": operator(1, strideH=2**31 - 1, strideW=2**31 - 1),
    "padding that is none": operator(1, padding=7),
    "paddings that are not there": tensor(1, buffer=0),
}
# A window over (1, 7, 5, 5).
POOLED = {
    "a window of 2^31 - 1 columns": operator(0, filterWidth=2**31 - 1),
    "a window of 2^31 - 1 rows": operator(0, filterHeight=2**31 - 1),
}


def cases() -> list[Any]:
    named = [(dense_model(), DENSE), (padded_convolution(), PADDED), (fixed_case().model, POOLED)]
    return [pytest.param(base, change, id=name) for base, changes in named for name, change in changes.items()]


@pytest.mark.parametrize(("base", "change"), cases())
def test_refused_in_one_line(base: bytes, change: Change, tmp_path: Path) -> None:
    """By the whole of generate, which leaves nothing behind."""
    content = edited(base, change)
    started = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(TinySerError) as refusal:
            generate_project(parse_tflite(content), ProjectOptions(board=load_board("host")), tmp_path / "project")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) > 20
    assert time.process_time() - started < SECONDS
    assert peak < TIMES_THE_FILE * len(content) + 2**20
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal gets no byte that it would obey."""
    path = tmp_path / "model.tflite"
    path.write_bytes(edited(dense_model(), tensor(3, name=b"\x1b[2J\x07\nevil", shape=[0, 3])))
    refuses(
        capsys, r"tensor '\\+x1b\[2J\\+x07\\+nevil' has shape \(0, 3\)", "generate", path, "-o", tmp_path / "project"
    )


@pytest.mark.parametrize("axis", [1, 3, 7, -1, 2**31 - 1])
def test_a_wrong_quantized_dimension_says_nothing(axis: int) -> None:
    """TFLM never looks at it: per-channel scales are those of the operator's own axis."""
    right = {name: str(text) for name, text in _files(padded_convolution_per_channel()).items()}
    wrong = _files(edited(padded_convolution_per_channel(), tensor(3, quantizedDimension=axis)))
    assert right["model/ser_weights.c"] == wrong["model/ser_weights.c"]
    assert [line for line in right["model/ser_model.c"].splitlines() if "axis=" not in line] == [
        line for line in str(wrong["model/ser_model.c"]).splitlines() if "axis=" not in line
    ]


def padded_convolution_per_channel() -> bytes:
    return edited(padded_convolution(), tensor(3, scale=[0.01, 0.02, 0.03], zeroPoint=[0, 0, 0]))


def _files(content: bytes) -> dict[str, str | bytes]:
    from codegen.direct import render_direct

    return dict(render_direct(parse_tflite(content), "/* test */").files)


def test_a_buffer_that_many_tensors_share_is_read_once() -> None:
    """Memory goes by the file, not by what its tables point to."""
    builder = ModelBuilder()
    given = builder.tensor("x", (1, 4), scale=0.1)
    builder.tensor("weights", (1, 2**20), scale=0.1, data=np.zeros((1, 2**20), np.int8))
    output = builder.tensor("y", (1, 4), scale=0.1)
    builder.op("ABS", [given], [output])
    content = edited(builder.build([given], [output]), shared_by_many)
    tracemalloc.start()
    try:
        parse_tflite(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(content)


def test_a_constant_that_would_grow_is_not_computed() -> None:
    """16 kB of constants whose sum has 64 million elements: no memory is spent on it."""
    builder = ModelBuilder()
    given = builder.tensor("x", (1, 1), scale=0.1)
    column = builder.tensor("column", (8192, 1), scale=0.1, data=np.zeros((8192, 1), np.int8))
    row = builder.tensor("row", (1, 8192), scale=0.1, data=np.zeros((1, 8192), np.int8))
    table = builder.tensor("table", (8192, 8192), scale=0.1)
    output = builder.tensor("y", (8192, 8192), scale=0.1)
    builder.op("ADD", [column, row], [table])
    builder.op("ADD", [table, given], [output])
    tracemalloc.start()
    try:
        with suppress(TinySerError):  # too large for an arena: either answer is one
            _files(builder.build([given], [output]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


def test_every_word_of_a_file_at_its_extremes() -> None:
    """Each offset, length, extent and index in turn: 0, 1, -1, the largest, and one too many."""
    target, content = load_target("tflite"), dense_model()
    words = range(0, len(content) - 3, 4)
    for at in words:
        (old,) = struct.unpack_from("<I", content, at)
        for value in (0, 2**31 - 1, 2**32 - 1, old + 1):
            changed = content[:at] + struct.pack("<I", value % 2**32) + content[at + 4 :]
            fault = find_fault(target, changed)
            assert fault is None, f"word {at} = {value}: {fault.report}"


@pytest.mark.parametrize("seed", range(8))
def test_random_changes_of_every_operator(seed: int) -> None:
    """What `./run fuzz` does for hours, for seconds, and always the same."""
    target = load_target("tflite")
    for number, content in enumerate(seed_models()[seed::8]):
        for attempt in range(6):
            random_ = random.Random(1000 * number + 10 * seed + attempt)
            try:
                changed = target.mutate(content, random_)
            except (IndexError, TypeError, struct.error):
                continue  # an earlier change left nothing of what a later one is about
            fault = find_fault(target, changed)
            assert fault is None, fault.report
