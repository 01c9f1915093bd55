"""TFLite's interpreter out of the TensorFlow package, without the rest of it: `import tensorflow` takes four seconds.

For child processes that need nothing else of TensorFlow: what else they import of it then is not there.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

# On the way to `interpreter.py` and its library; their own __init__ import all of TensorFlow.
_PACKAGES = (
    *("tensorflow", "tensorflow.lite", "tensorflow.lite.python", "tensorflow.lite.python.interpreter_wrapper"),
    *("tensorflow.lite.python.metrics", "tensorflow.python", "tensorflow.python.util"),
)
# What it imports besides: telemetry, and a decorator for TensorFlow's public names.
_REPLACED = ("tensorflow.lite.python.metrics.metrics", "tensorflow.python.util.tf_export")


class _NoMetrics:
    """In the place of a counter of interpreters that were made."""

    def increase_counter_interpreter_creation(self) -> None: ...


def reference_interpreter(path: str, **options: Any) -> Any:
    """An `Interpreter` with the reference kernels (never the default ones: XNNPACK gives other bytes), allocated.

    Raises what TFLite raises for a file that it refuses, and may abort the process.
    """
    module = _interpreter_module()
    kernels = module.OpResolverType.BUILTIN_REF
    interpreter = module.Interpreter(model_path=path, experimental_op_resolver_type=kernels, **options)
    interpreter.allocate_tensors()
    return interpreter


@cache
def _interpreter_module() -> ModuleType:
    spec = find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("No module named 'tensorflow'; install tinyser[convert]")
    root = Path(spec.submodule_search_locations[0])
    for name in _PACKAGES:
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [str(root.joinpath(*name.split(".")[1:]))]
    metrics, exports = (ModuleType(name) for name in _REPLACED)
    metrics.TFLiteMetrics = _NoMetrics  # type: ignore[attr-defined]
    exports.tf_export = lambda *_, **__: lambda exported: exported  # type: ignore[attr-defined]
    sys.modules |= dict(zip(_REPLACED, (metrics, exports), strict=True))
    return import_module("tensorflow.lite.python.interpreter")
