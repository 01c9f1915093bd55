"""The arena that TensorFlow Lite Micro needs, by bisection with its own interpreter instead of its own estimate.

Its `print_allocations` totals less than the smallest arena that works. The interpreter runs on a 64-bit desktop, where
its own state has wider pointers than on the 32-bit target; what optimised kernels of a target ask for beyond the
reference kernels is what the margin is for.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from codegen.errors import ToolError
from codegen.ir import Model
from tinyser.emulator import tflm_child
from tinyser.processes import run

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
    """Bisects the arena's size. Raises ToolError when TFLM is missing or does not run the model."""
    need_tflm()
    tensors = sum(tensor.bytes for tensor in model.graph.tensors if not tensor.is_constant)
    largest = _LARGEST_BASE_BYTES + _LARGEST_FACTOR * tensors
    too_small, enough = 0, 2 * largest  # the first size tried is the largest
    with tempfile.TemporaryDirectory(prefix="tinyser-tflm-") as scratch:
        path = Path(scratch) / "model.tflite"
        path.write_bytes(model.content)
        while True:
            command = [sys.executable, str(tflm_child.__file__), "arena", str(path), str(too_small), str(enough)]
            done = run(command)
            sizes = [(word, int(size)) for word, size in (line.split() for line in done.stdout.splitlines())]
            enough = min([enough, *(size for word, size in sizes if word == "enough")])
            if enough > largest:
                raise _refusal(model, done)
            if done.returncode == 0:
                return ArenaSize(enough)
            # With some arenas that are too small, TFLM does not fail but crashes: go on above that size.
            too_small = sizes[-1][1]


def _refusal(model: Model, done: subprocess.CompletedProcess[str]) -> ToolError:
    lines = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
    return ToolError(
        f"model {model.name} in TensorFlow Lite Micro: does not run ({lines[-1][:200]}); "
        "use --runtime direct, or replace what it refuses"
    )
