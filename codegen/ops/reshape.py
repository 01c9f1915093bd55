"""RESHAPE: the same bytes under another shape, no code at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Op, Rule
from codegen.ops.rules import COMPUTED_INPUT, SAME_SIZE


@dataclass(frozen=True, slots=True)
class Reshape(Op):
    """A view; the new shape is the output tensor's own, the shape operand is not looked at."""

    NAME: ClassVar[str] = "RESHAPE"
    ARITY: ClassVar[tuple[int, int]] = (1, 2)
    OPTIONAL: ClassVar[int] = 1
    IS_VIEW: ClassVar[bool] = True
    RULES: ClassVar[tuple[Rule, ...]] = (SAME_SIZE, COMPUTED_INPUT)
