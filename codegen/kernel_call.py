"""What an operator becomes: the call of one kernel with everything integer already folded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from codegen.errors import UnsupportedOperatorError
from codegen.render import c_float, c_int

if TYPE_CHECKING:
    from codegen.constants import ConstantPool
    from codegen.ir import Tensor

# int, float: a number. tuple: a C array. Mapping: a struct. ndarray, Shared: an array or struct of its own in flash,
# passed by pointer. Nest: an array of as many numbers as the model has loops. None: NULL.
ParamValue: TypeAlias = (
    "int | float | tuple[ParamValue, ...] | Mapping[str, ParamValue] | np.ndarray | Shared | Nest | None"
)


@dataclass(frozen=True, slots=True)
class Nest:
    """A number of each of nested loops, outermost first, of which the kernel's `macro` takes those that the model has:
    all, or the innermost `usual` ones where the others have one turn in every layer."""

    macro: str
    values: tuple[int, ...]
    usual: int

    @property
    def is_deep(self) -> bool:
        """Of turns: more loops than usual."""
        return any(value != 1 for value in self.values[: -self.usual])


@dataclass(frozen=True, slots=True)
class Shared:
    """A struct of 32-bit numbers that many calls have in common, such as the geometry of their tensors."""

    c_type: str
    fields: Mapping[str, int | tuple[int, ...] | Nest]

    @property
    def bytes(self) -> int:
        """In a model with no more loops than usual."""
        return 4 * sum(_count(value) for value in self.fields.values())


@dataclass(frozen=True, slots=True, eq=False)
class KernelCall:
    """`ts_<kernel>(&params, inputs..., output)`, followed by working memory if the kernel `takes_scratch`.

    `params` initialises the struct `ts_<kernel>_t` by field name; `inputs` and `output` are tensor indices, whose
    addresses are known after memory planning.
    """

    kernel: str
    inputs: tuple[int, ...]
    output: int
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    takes_scratch: bool = False

    def context(self, pool: ConstantPool) -> list[tuple[str, str]]:
        """The struct's initialiser as (field, C expression); constants go into the pool."""
        return [(name, _c_value(value, pool)) for name, value in self.params.items()]


def _count(value: int | tuple[int, ...] | Nest) -> int:
    if isinstance(value, Nest):
        return value.usual
    return len(value) if isinstance(value, tuple) else 1


def for_type(kernel: str, tensor: Tensor) -> str:
    """The name of the kernel that does for the tensor's type what `kernel` does for int8."""
    return f"{kernel}_i16" if tensor.dtype == "int16" else kernel


def _c_value(value: ParamValue, pool: ConstantPool) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, np.ndarray):
        return pool.add(value)
    if isinstance(value, Shared):
        fields = [(name, _c_value(item, pool)) for name, item in value.fields.items()]
        return f"&{pool.add_struct(value.c_type, fields, value.bytes)}"
    if isinstance(value, Nest):
        return f"{value.macro}({', '.join(_c_value(item, pool) for item in value.values)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f".{name} = {_c_value(item, pool)}" for name, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "{" + ", ".join(_c_value(item, pool) for item in value) + "}"
    if isinstance(value, float):
        return c_float(value)
    if not -(2**31) <= value < 2**31:
        raise UnsupportedOperatorError(
            f"operator {pool.origin}: the kernel would count to {value}, allowed: what 32 bits hold; make its tensors, "
            "strides or dilations smaller"
        )
    return c_int(value)
