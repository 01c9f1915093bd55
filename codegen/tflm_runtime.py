"""The `tflm` runtime: the model as an aligned array, and TensorFlow Lite Micro's interpreter behind `ser_model.h`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codegen.errors import UnsupportedOperatorError
from codegen.feature_spec import FeatureSpec
from codegen.ir import Model
from codegen.render import c_array, render, template_text
from codegen.runtime_files import RuntimeFiles

# TFLite's operator -> method of MicroMutableOpResolver (tensorflow/lite/micro/micro_mutable_op_resolver.h).
RESOLVER_METHODS: Mapping[str, str] = {
    "ABS": "AddAbs",
    "ADD": "AddAdd",
    "ARG_MAX": "AddArgMax",
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "BATCH_MATMUL": "AddBatchMatMul",
    "CONCATENATION": "AddConcatenation",
    "CONV_2D": "AddConv2D",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "DEQUANTIZE": "AddDequantize",
    "DIV": "AddDiv",
    "ELU": "AddElu",
    "EXP": "AddExp",
    "EXPAND_DIMS": "AddExpandDims",
    "FULLY_CONNECTED": "AddFullyConnected",
    "GATHER": "AddGather",
    "HARD_SWISH": "AddHardSwish",
    "L2_NORMALIZATION": "AddL2Normalization",
    "LEAKY_RELU": "AddLeakyRelu",
    "LOG": "AddLog",
    "LOGISTIC": "AddLogistic",
    "LOG_SOFTMAX": "AddLogSoftmax",
    "MAXIMUM": "AddMaximum",
    "MAX_POOL_2D": "AddMaxPool2D",
    "MEAN": "AddMean",
    "MINIMUM": "AddMinimum",
    "MIRROR_PAD": "AddMirrorPad",
    "MUL": "AddMul",
    "NEG": "AddNeg",
    "PACK": "AddPack",
    "PAD": "AddPad",
    "PADV2": "AddPadV2",
    "PRELU": "AddPrelu",
    "QUANTIZE": "AddQuantize",
    "REDUCE_MAX": "AddReduceMax",
    "RELU": "AddRelu",
    "RELU6": "AddRelu6",
    "RESHAPE": "AddReshape",
    "RESIZE_BILINEAR": "AddResizeBilinear",
    "RESIZE_NEAREST_NEIGHBOR": "AddResizeNearestNeighbor",
    "RSQRT": "AddRsqrt",
    "SHAPE": "AddShape",
    "SLICE": "AddSlice",
    "SOFTMAX": "AddSoftmax",
    "SPLIT": "AddSplit",
    "SPLIT_V": "AddSplitV",
    "SQRT": "AddSqrt",
    "SQUARE": "AddSquare",
    "SQUARED_DIFFERENCE": "AddSquaredDifference",
    "SQUEEZE": "AddSqueeze",
    "STRIDED_SLICE": "AddStridedSlice",
    "SUB": "AddSub",
    "SUM": "AddSum",
    "SVDF": "AddSvdf",
    "TANH": "AddTanh",
    "TRANSPOSE": "AddTranspose",
    "TRANSPOSE_CONV": "AddTransposeConv",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
    "UNPACK": "AddUnpack",
}


def render_tflm(model: Model, arena_bytes: int, banner: str, features: FeatureSpec | None = None) -> RuntimeFiles:
    """The model on TensorFlow Lite Micro with an arena of `arena_bytes`, a multiple of 16; `features`: what it takes.

    Raises UnsupportedOperatorError when TensorFlow Lite Micro has no such operator.
    """
    unknown = sorted(set(model.operators) - set(RESOLVER_METHODS))
    if unknown:
        raise UnsupportedOperatorError(
            f"model {model.name}: operator {unknown[0]} has no TensorFlow Lite Micro resolver here; allowed: "
            f"{', '.join(RESOLVER_METHODS)}; use --runtime direct"
        )
    graph = model.graph
    context = {
        "banner": banner,
        "methods": sorted(RESOLVER_METHODS[name] for name in model.operators),
        "model_bytes": len(model.content),
        "model_data": c_array(np.frombuffer(model.content, dtype=np.uint8)),
        "inputs": [graph.tensors[i] for i in graph.inputs],
        "outputs": [graph.tensors[i] for i in graph.outputs],
        "arena_bytes": arena_bytes,
        "features": features,
        "ring": None,
    }
    names = ("model_data.h", "model_data.cc", "ser_model.h", "ser_model_tflm.cc")
    files: dict[str, str | bytes] = {f"model/{name}": render(f"model/{name}.j2", **context) for name in names}
    files["model/ser_status.h"] = template_text("model/ser_status.h")
    sources = ("model/model_data.cc", "model/ser_model_tflm.cc")
    largest = (("the arena", arena_bytes), ("the model file", len(model.content)))
    return RuntimeFiles(files, sources, arena_bytes, len(model.content), largest)
