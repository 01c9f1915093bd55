"""onnx2tf, but of the seven variants that it makes of a model only the two that are wanted: half of its time.

`python -m tinyser.convert.onnx2tf_child OPTIONS...` is the child; the files of the others are empty.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any


def main() -> None:
    """Runs in the child process only."""
    import tensorflow as tf

    for name in ("from_keras_model", "from_concrete_functions", "from_saved_model"):
        setattr(tf.lite.TFLiteConverter, name, partial(_choosing, getattr(tf.lite.TFLiteConverter, name)))
    from onnx2tf import onnx2tf

    onnx2tf.main()


def _choosing(make: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """A converter that gives float32 and int8 with int8 ports, and else nothing."""
    converter = make(*arguments, **options)
    convert = converter.convert
    converter.convert = lambda: convert() if _is_wanted(converter) else b""
    return converter


def _is_wanted(converter: Any) -> bool:
    import tensorflow as tf

    return not converter.optimizations or converter.inference_input_type == tf.int8


if __name__ == "__main__":
    main()
