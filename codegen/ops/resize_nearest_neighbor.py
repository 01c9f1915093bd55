"""RESIZE_NEAREST_NEIGHBOR: every output position repeats the nearest input position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.fixed_point import round_half_away
from codegen.ir import QUANTIZED_TYPES, Graph
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.resize import Resize


@dataclass(frozen=True, slots=True)
class ResizeNearestNeighbor(Resize):
    """Positions are computed here, in float32 as in TFLite's reference/resize_nearest_neighbor.h."""

    NAME: ClassVar[str] = "RESIZE_NEAREST_NEIGHBOR"
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES

    def nearest(self, input_size: int, output_size: int) -> np.ndarray:
        """(output_size,) int32: the input position that each output position repeats."""
        corners = 1 if self.align_corners and output_size > 1 else 0
        scale = np.float32(input_size - corners) / np.float32(output_size - corners)
        centre = np.float32(0.5 if self.half_pixel_centers else 0.0)
        exact = [float((np.float32(position) + centre) * scale) for position in range(output_size)]
        found = [round_half_away(at) if self.align_corners else int(at) for at in exact]
        return np.minimum(np.array(found, np.int32), np.int32(input_size - 1))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        batches, _, width, channels = graph.operand(self, 0).shape
        (height, output_height), (_, output_width) = rows, columns = self.sizes(graph)
        pixel_bytes = channels * graph.output(self).element_bytes
        params: dict[str, ParamValue] = {
            "batches": batches,
            "batch_step": height * width * pixel_bytes,
            "output_height": output_height,
            "output_width": output_width,
            "pixel_bytes": pixel_bytes,
            "rows": self.nearest(*rows) * np.int32(width * pixel_bytes),
            "columns": self.nearest(*columns) * np.int32(pixel_bytes),
        }
        return (KernelCall("resize_nearest_neighbor", self.site.inputs[:1], self.site.outputs[0], params),)
