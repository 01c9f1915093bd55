"""The intermediate representation: small frozen dataclasses between the reader and the renderer.

No flatbuffer type is seen here. A fact that is known only later (arena offsets, multipliers and shifts) gets a type of
its own: `plan_memory.MemoryPlan`, `kernel_call.KernelCall`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from codegen.rows import Access

if TYPE_CHECKING:
    from codegen.kernel_call import KernelCall
    from codegen.model_card import ModelCard

ABSENT = -1  # tensor index of an optional operand that is not there
ELEMENT_BYTES = {"int8": 1, "uint8": 1, "bool": 1, "int16": 2, "int32": 4, "float32": 4, "int64": 8}
QUANTIZED_TYPES = ("int8", "int16")  # of activations: with one scale and zero point, that of int16 being 0


@dataclass(frozen=True, slots=True)
class Quant:
    """Affine quantization, real = scale * (q - zero_point); one entry per channel along `axis`, or a single one."""

    scale: tuple[float, ...]  # float32 values, held exactly
    zero_point: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        return len(self.scale) > 1


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor of the model; `data` is set for constants and has the tensor's shape."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    quant: Quant | None = None
    data: np.ndarray | None = None
    is_variable: bool = False  # state: read before it is written, kept from one inference to the next

    @property
    def is_constant(self) -> bool:
        return self.data is not None

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes in memory."""
        return self.size * self.element_bytes

    @property
    def per_channel(self) -> bool:
        return self.quant is not None and self.quant.per_channel

    @property
    def is_quantized(self) -> bool:
        """Are its elements integers that stand for real numbers?"""
        return self.dtype in QUANTIZED_TYPES

    @property
    def element_bytes(self) -> int:
        """0 of a type that only a tensor may have which no operator uses."""
        return ELEMENT_BYTES.get(self.dtype, 0)

    @property
    def limits(self) -> tuple[int, int]:
        """The smallest and the largest integer of its type."""
        info = np.iinfo(self.dtype)
        return int(info.min), int(info.max)

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantized tensor (verified to be one)."""
        assert self.quant is not None
        return self.quant.scale[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantized tensor (verified to be one)."""
        assert self.quant is not None
        return self.quant.zero_point[0]

    def describe(self) -> str:
        """Shape, type and quantization in one line, for comments and messages."""
        text = f"{self.shape} {self.dtype}"
        if self.quant is None or not self.quant.scale:
            return text
        if self.quant.per_channel:
            return f"{text} per-channel({len(self.quant.scale)}) axis={self.quant.axis}"
        return f"{text} scale={self.quant.scale[0]:.9g} zero_point={self.quant.zero_point[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpSite:
    """Where an operator stands in the model file and which tensors it reads and writes."""

    index: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def input(self, position: int) -> int:
        """Tensor index of an operand; ABSENT when it is left out."""
        return self.inputs[position] if position < len(self.inputs) else ABSENT


OpT = TypeVar("OpT", bound="Op")


@dataclass(frozen=True, slots=True)
class Rule:
    """One legality rule: data that the verifier evaluates after reading and after every pass."""

    about: str
    holds: Callable[[Any, Graph], bool]
    got: Callable[[Any, Graph], object]
    allowed: str


@dataclass(frozen=True, slots=True)
class Op:
    """An operator; each has a subclass with named fields in `codegen/ops/`."""

    site: OpSite

    NAME: ClassVar[str] = ""  # TFLite's BuiltinOperator, or the pass-made operator's own
    ARITY: ClassVar[tuple[int, int]] = (1, 1)  # fewest and most operands
    OPTIONAL: ClassVar[int] = 0  # how many of the last operands may be ABSENT
    OUTPUTS: ClassVar[int | None] = 1  # None: any number
    INPUT_TYPES: ClassVar[tuple[str, ...]] = ("int8",)  # of operands that are computed
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = ("int8",)
    STATE: ClassVar[tuple[int, ...]] = ()  # positions of the operands that are its own variable tensors
    RULES: ClassVar[tuple[Rule, ...]] = ()
    IS_VIEW: ClassVar[bool] = False  # output 0 is input 0 under another shape
    ADDS_UP: ClassVar[bool] = False  # adds to what its output holds, which is 0 before its first call
    KEEPS_SCRATCH: ClassVar[bool] = False  # its scratch is 0 before its first block, and then what that block left

    @classmethod
    def parse(cls: type[OpT], site: OpSite, options: Mapping[str, Any]) -> OpT:
        """Makes the operator from TFLite's option names (`StrideH`, ...) and values."""
        return cls(site)

    def check(self, graph: Graph) -> str | None:
        """The first violated rule, since later rules take earlier ones for granted: what, got, allowed; or None."""
        for rule in self.RULES:
            if not rule.holds(self, graph):
                return f"{rule.about} is {rule.got(self, graph)}, allowed: {rule.allowed}"
        return None

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        """Folds all constants into integers: the calls that the generated C makes, in order."""
        raise NotImplementedError(f"{self.NAME} is lowered by a pass and never rendered")

    def overwrites(self, graph: Graph) -> tuple[int, ...]:
        """Positions of operands that the output may lie on, if their elements are of one size: the kernel reads each
        element before it writes it."""
        return ()

    def scratch_bytes(self, graph: Graph) -> int:
        """Bytes of working memory that the kernels are given as their last argument; 0 for none."""
        return 0

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        """How each operand is read where the outputs are computed in blocks along `axis`; None where that cannot be."""
        return None

    def summed_access(self, graph: Graph) -> tuple[Access, ...] | None:
        """Of an operator that ADDS_UP: how each operand is read where a call adds what a block of rows contributes."""
        return None

    def on_rows(self: OpT, graph: Graph, axis: int) -> OpT:
        """The operator that computes a block of rows along `axis` of its outputs from tensors that hold just the rows
        it reads; `graph` has the whole tensors."""
        return self

    def paired_depth(self, graph: Graph) -> int:
        """Multiply-accumulates per output of a kernel that computes rows in pairs, an odd one twice; 0 for others."""
        return 0

    def activations(self, graph: Graph) -> tuple[int, ...]:
        """Operands that are computed at run time, in order."""
        return tuple(i for i in self.site.inputs if i != ABSENT and not graph.tensors[i].is_constant)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Operators in execution order over one list of tensors."""

    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    ring: int | None = None  # an input that stays in memory: a ring of rows, read from any row on
    rows_at_once: int = 4  # that linear layers may take; 2 need less memory

    def input(self, op: Op, position: int) -> Tensor | None:
        """The operand at a position, or None when it is left out."""
        index = op.site.input(position)
        return None if index == ABSENT else self.tensors[index]

    def operand(self, op: Op, position: int) -> Tensor:
        """The operand at a position that the operator cannot do without (its arity is verified)."""
        return self.tensors[op.site.inputs[position]]

    def output(self, op: Op, position: int = 0) -> Tensor:
        return self.tensors[op.site.outputs[position]]

    @property
    def variables(self) -> tuple[int, ...]:
        """Tensors that keep their content from one inference to the next, in order."""
        read = {index for op in self.ops for index in op.site.inputs if index != ABSENT}
        return tuple(index for index in sorted(read) if self.tensors[index].is_variable)

    def producer(self, tensor: int) -> Op | None:
        return next((op for op in self.ops if tensor in op.site.outputs), None)

    def consumers(self, tensor: int) -> tuple[Op, ...]:
        return tuple(op for op in self.ops if tensor in op.site.inputs)

    def dump(self) -> str:
        """One line per operator, for reading and for comparing before and after a pass."""
        lines = []
        for op in self.ops:
            reads = ", ".join("-" if i == ABSENT else f"%{i}" for i in op.site.inputs)
            writes = ", ".join(f"%{i} {self.tensors[i].describe()}" for i in op.site.outputs)
            lines.append(f"{op.site.index:4d} {op.NAME}({reads}) -> {writes}")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model file: its graph, what travels in its metadata, and its bytes."""

    name: str
    graph: Graph
    card: ModelCard | None
    content: bytes
    sha256: str
    operators: Mapping[str, int]  # TFLite operator name -> how often it occurs
