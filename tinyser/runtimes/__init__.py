"""One way to ask any stage of a model for posteriors: PyTorch, ONNX Runtime, TFLite, TFLM, generated C."""

from tinyser.runtimes.runtime import Answer, AudioRuntime, Runtime

__all__ = ["Answer", "AudioRuntime", "Runtime"]
