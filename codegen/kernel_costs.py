"""What each kernel costs beside time: bytes of its parameters in flash and bytes of stack, measured with a compiler."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PATH = Path(__file__).with_name("kernel_costs.json")
STACK_CORES = ("cortex-m0", "cortex-m3", "cortex-m4")
# Cores that share an instruction set with one that was measured.
_MEASURED = {"cortex-m0plus": "cortex-m0", "cortex-m7": "cortex-m4", "cortex-m33": "cortex-m4"}


@dataclass(frozen=True, slots=True)
class KernelCosts:
    """By kernel: bytes of its parameters, and of the deepest stack of a call by core; `invoke_bytes` for the caller."""

    params_bytes: Mapping[str, int]
    stack_bytes: Mapping[str, Mapping[str, int]]
    invoke_bytes: int

    def stack_of(self, kernels: Iterable[str], core: str) -> int | None:
        """Bytes of stack that ser_model_invoke needs at most; None for a core that nobody has measured."""
        measured = _MEASURED.get(core, core)
        if measured not in STACK_CORES:
            return None
        return self.invoke_bytes + max((self.stack_bytes[kernel][measured] for kernel in kernels), default=0)


@cache
def kernel_costs() -> KernelCosts:
    """The table of docs/refresh_kernel_costs.py."""
    table = json.loads(PATH.read_text(encoding="utf-8"))
    return KernelCosts(
        {name: entry["params_bytes"] for name, entry in table["kernels"].items()},
        {name: entry["stack_bytes"] for name, entry in table["kernels"].items()},
        table["invoke_bytes"],
    )
