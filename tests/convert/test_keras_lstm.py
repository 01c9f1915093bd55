"""Two LSTM layers from Keras, converted by TFLite's own converter: what a user's recurrent model looks like."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.read_tflite import read_tflite
from tests.ops.agreement import Case, assert_agreement
from tests.ops.disagreements import GATES_OF_INT16, Disagreement

FRAMES, MELS = 20, 8
CONVERT = f"""
import sys
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
layers = tf.keras.layers
model = tf.keras.Sequential([
    layers.InputLayer(({FRAMES}, {MELS}), batch_size=1),
    layers.LSTM(12, return_sequences=True),
    layers.LSTM(6),
    layers.Dense(3, activation="softmax"),
])
windows = np.random.default_rng(0).standard_normal((30, 1, {FRAMES}, {MELS})).astype(np.float32)
converter = tf.lite.TFLiteConverter.from_keras_model(model)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = lambda: ([window] for window in windows)
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
converter.inference_input_type = converter.inference_output_type = tf.int8
open(sys.argv[1], "wb").write(converter.convert())
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, require_module: Callable[..., None]) -> Path:
    """Only the legacy Keras can be converted without TensorFlow's own operators."""
    require_module("tensorflow", "tf_keras", "tflite_micro")
    path = tmp_path_factory.mktemp("keras") / "lstm.tflite"
    settings = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-c", CONVERT, str(path)]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True)
    assert path.is_file(), done.stderr[-2000:]
    return path


def test_the_layers_are_fused(model: Path) -> None:
    assert read_tflite(model).operators["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 2


@pytest.mark.parametrize("keep_state", [False, True])
def test_agrees_with_tflm(keep_state: bool, model: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    random = np.random.default_rng(1)
    rows = [[random.integers(-128, 128, (1, FRAMES, MELS)).astype(np.int8)] for _ in range(20)]
    close = Disagreement(GATES_OF_INT16.reason, largest=3)
    assert_agreement(Case("Keras", model.read_bytes(), rows, close, keep_state=keep_state))
