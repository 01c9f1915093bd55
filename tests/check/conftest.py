"""The session's converted model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.converted import Converted, converted


@pytest.fixture(scope="session")
def model_files(tmp_path_factory: pytest.TempPathFactory, require_module: Callable[..., None]) -> Converted:
    """A checkpoint and what export and quantize made of it."""
    require_module("torch", "onnx2tf", "tensorflow", "onnxruntime")
    return converted(tmp_path_factory.getbasetemp(), "convtransformer")
