"""What RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR share: images (batch, height, width, channels) of another size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, Op, OpSite, Rule
from codegen.ops.operands import integers
from codegen.ops.rules import constant, one_type, rank


def _output_shape(op: Op, graph: Graph) -> tuple[int, ...]:
    batch, _, _, channels = graph.operand(op, 0).shape
    return (batch, *integers(op, graph, 1), channels)


@dataclass(frozen=True, slots=True)
class Resize(Op):
    """Base of the resizing operators; the second operand is (height, width)."""

    align_corners: bool  # the first and last positions of input and output coincide
    half_pixel_centers: bool  # positions are at the middle of their pixel

    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    RULES: ClassVar[tuple[Rule, ...]] = (
        rank(0, (4,)),
        one_type(0),
        constant(1, "int32"),
        Rule(
            "output shape",
            lambda op, graph: graph.output(op).shape == _output_shape(op, graph),
            lambda op, graph: graph.output(op).shape,
            "the input's batch and channels, and the height and width of operand 1",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Resize:
        return cls(site, bool(options.get("AlignCorners", False)), bool(options.get("HalfPixelCenters", False)))

    def sizes(self, graph: Graph) -> tuple[tuple[int, int], tuple[int, int]]:
        """(input size, output size) of the rows and of the columns."""
        (_, height, width, _), (_, rows, columns, _) = graph.operand(self, 0).shape, graph.output(self).shape
        return (height, rows), (width, columns)
