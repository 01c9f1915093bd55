"""Random graphs of operators: tensors that are views, read twice, read late, or outputs; buffers that are reused."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import ROUNDED_FURTHER_ON, SHARED_BY_VIEWS
from tests.ops.strategies import rows_for, seeds, weights
from tests.tflite_builder import ModelBuilder

SHAPES = ((2, 3, 4), (6, 4), (24,), (1, 2, 12))  # all views of each other
KINDS = ("RESHAPE", "ADD", "MUL", "SUB constant", "LOGISTIC", "TRANSPOSE", "SPLIT and CONCATENATION", "FULLY_CONNECTED")
SCALE, ZERO_POINT = 0.05, 3


@dataclass(slots=True)
class Growing:
    """A graph under construction; every tensor is int8 with 24 elements and the same quantization."""

    builder: ModelBuilder = field(default_factory=ModelBuilder)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    viewed: list[int] = field(default_factory=list)  # source of each RESHAPE

    def tensor(self, shape: tuple[int, ...], scale: float = SCALE, zero_point: int = ZERO_POINT) -> int:
        index = self.builder.tensor(f"t{len(self.shapes)}", shape, scale=scale, zero_point=zero_point)
        self.shapes[index] = shape
        return index

    def constant(self, shape: tuple[int, ...]) -> int:
        data = weights(shape, len(self.shapes))
        return self.builder.tensor(f"c{len(self.shapes)}", shape, scale=0.01, data=data)

    def reshaped(self, source: int, shape: tuple[int, ...]) -> int:
        if self.shapes[source] == shape:
            return source
        self.viewed.append(source)
        target = self.tensor(shape)
        operand = self.builder.constant(f"shape{target}", shape)
        self.builder.op("RESHAPE", [source, operand], [target], new_shape=list(shape))
        return target

    def grow(self, kind: str, first: int, second: int, shape: tuple[int, ...]) -> int:
        """Appends an operator (and what it needs) on tensors of the graph, and gives its output."""
        if kind == "RESHAPE":
            return self.reshaped(first, shape)
        if kind in ("ADD", "MUL"):
            return self._append(kind, [self.reshaped(first, shape), self.reshaped(second, shape)], shape)
        if kind == "SUB constant":
            return self._append("SUB", [self.reshaped(first, shape), self.constant(shape[-1:])], shape)
        if kind == "LOGISTIC":
            target = self.tensor(shape, 1 / 256, -128)
            self.builder.op("LOGISTIC", [self.reshaped(first, shape)], [target])
            return self._append("QUANTIZE", [target], shape)
        if kind == "TRANSPOSE":
            perm = self.builder.constant(f"perm{len(self.shapes)}", (2, 0, 1))
            return self._append("TRANSPOSE", [self.reshaped(first, (2, 3, 4)), perm], (4, 2, 3))
        if kind == "FULLY_CONNECTED":
            return self._append(kind, [self.reshaped(first, (6, 4)), self.constant((4, 4))], (6, 4))
        return self._swap_halves(first)

    def _swap_halves(self, source: int) -> int:
        axis = self.builder.constant(f"axis{len(self.shapes)}", 1)
        halves = [self.tensor((6, 2)) for _ in range(2)]
        self.builder.op("SPLIT", [axis, self.reshaped(source, (6, 4))], halves, num_splits=2)
        return self._append("CONCATENATION", halves[::-1], (6, 4), axis=1)

    def _append(self, name: str, operands: list[int], shape: tuple[int, ...], **options: int) -> int:
        target = self.tensor(shape)
        self.builder.op(name, operands, [target], **options)
        return target


@st.composite
def graphs(draw: st.DrawFn) -> Case:
    graph = Growing()
    inputs = [graph.tensor(SHAPES[0]) for _ in range(draw(st.integers(1, 2)))]
    whole = list(inputs)  # tensors of 24 elements in the common quantization
    description = []
    for _ in range(draw(st.integers(1, 10))):
        kind, shape = draw(st.sampled_from(KINDS)), draw(st.sampled_from(SHAPES))
        first, second = draw(st.sampled_from(whole)), draw(st.sampled_from(whole))
        grown = graph.grow(kind, first, second, shape)
        description.append(f"{grown}={kind}({first}, {second}) as {shape}")
        if grown not in whole:
            whole.append(grown)
    made = [tensor for tensor in whole if tensor not in inputs] or [graph.grow("ADD", inputs[0], inputs[0], SHAPES[1])]
    outputs = draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique=True))
    model = graph.builder.build(inputs, outputs)
    scaled = any(kind in step for step in description for kind in ("MUL", "FULLY_CONNECTED"))
    description.append(f"outputs {outputs}")
    rows = rows_for([SHAPES[0]] * len(inputs), draw(seeds))
    shared = any(graph.viewed.count(tensor) > 1 for tensor in made)
    disagreement = ROUNDED_FURTHER_ON if scaled else SHARED_BY_VIEWS if shared else None
    return Case("; ".join(description), model, rows, disagreement)


@examples
@given(case=graphs())
def test_agrees_with_tflm_and_tflite(case: Case) -> None:
    assert_agreement(case)
