"""The arena that TensorFlow Lite Micro needs, by bisection with its own interpreter instead of its own estimate.

Its `print_allocations` totals less than the smallest arena that works. The interpreter runs on a 64-bit desktop, where
its own state has wider pointers than on the 32-bit target; what optimised kernels of a target ask for beyond the
reference kernels is what the margin is for.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from codegen.errors import ToolError
from codegen.ir import Model
from tinyser.emulator import tflm_child
from tinyser.emulator.child import run_child

MARGIN = Fraction(1, 16)
SMALLEST_MARGIN_BYTES = 1024
_ALIGNMENT = 16
# The search starts here: all tensors alive at once and the interpreter's state are well below.
_LARGEST_FACTOR = 4
_LARGEST_BASE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArenaSize:
    """The smallest arena that ran, and what to give: that and a margin, a multiple of 16."""

    measured_bytes: int

    @property
    def margin_bytes(self) -> int:
        return self.recommended_bytes - self.measured_bytes

    @property
    def recommended_bytes(self) -> int:
        wanted = self.measured_bytes + max(SMALLEST_MARGIN_BYTES, int(self.measured_bytes * MARGIN))
        return -(-wanted // _ALIGNMENT) * _ALIGNMENT


def need_tflm() -> None:
    """Raises ToolError where the package is not installed."""
    if importlib.util.find_spec("tflite_micro") is None:
        raise ToolError(
            "tflite-micro: not installed (there are wheels for Linux on x86-64 only); run: pip install "
            "'tinyser[emulate]', or use --runtime direct and --on host"
        )


def measure_arena(model: Model) -> ArenaSize:
    """Bisects the arena's size. Raises ToolError when TFLM is missing, refuses the model, or aborts."""
    need_tflm()
    tensors = sum(tensor.size for tensor in model.graph.tensors if not tensor.is_constant)
    largest = _LARGEST_BASE_BYTES + _LARGEST_FACTOR * tensors
    with tempfile.TemporaryDirectory(prefix="tinyser-tflm-") as scratch:
        path = Path(scratch) / "model.tflite"
        path.write_bytes(model.content)
        command = [sys.executable, str(tflm_child.__file__), "arena", str(path), str(largest)]
        printed = run_child(command, f"model {model.name} in TensorFlow Lite Micro")
    return ArenaSize(int(printed.split()[-1]))
