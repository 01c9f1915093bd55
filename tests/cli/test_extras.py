"""A base install answers in one line where an extra is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Hides the heavy packages from a fresh interpreter, as in an environment without extras.
_WITHOUT = """
import sys
for name in (
    "torch", "onnx", "onnxruntime", "onnx2tf", "tensorflow", "ai_edge_litert", "sklearn", "soundfile", "matplotlib"
):
    sys.modules[name] = None
from tinyser.cli import main
main()
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("models",),
        ("export", "merged.pt", "-o", "m.onnx"),
        ("quantize", "m.onnx", "--calibration", "c.npy", "-o", "m.tflite"),
        ("features", "clip.wav", "-o", "picture.png"),
        ("check", "--tflite", "m.tflite", "--input", "x.npy", "-o", "out"),
    ],
)
def test_names_the_extra(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT, *arguments], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "not installed; run: pip install 'tinyser[" in done.stderr
