"""The operators, one file each; the registry maps TFLite's exact names to their classes."""

from __future__ import annotations

from codegen.ir import Op
from codegen.ops.abs import Abs
from codegen.ops.add import Add
from codegen.ops.arg_max import ArgMax
from codegen.ops.average_pool_2d import AveragePool2D
from codegen.ops.batch_matmul import BatchMatmul
from codegen.ops.concatenation import Concatenation
from codegen.ops.conv_2d import Conv2D
from codegen.ops.depthwise_conv_2d import DepthwiseConv2D
from codegen.ops.dequantize import Dequantize
from codegen.ops.elu import Elu
from codegen.ops.expand_dims import ExpandDims
from codegen.ops.fully_connected import FullyConnected
from codegen.ops.gather import Gather
from codegen.ops.gelu import Gelu
from codegen.ops.hard_swish import HardSwish
from codegen.ops.l2_normalization import L2Normalization
from codegen.ops.leaky_relu import LeakyRelu
from codegen.ops.log_softmax import LogSoftmax
from codegen.ops.logistic import Logistic
from codegen.ops.max_pool_2d import MaxPool2D
from codegen.ops.maximum import Maximum
from codegen.ops.mean import Mean
from codegen.ops.minimum import Minimum
from codegen.ops.mirror_pad import MirrorPad
from codegen.ops.mul import Mul
from codegen.ops.pack import Pack
from codegen.ops.pad import Pad
from codegen.ops.padv2 import PadV2
from codegen.ops.prelu import Prelu
from codegen.ops.quantize import Quantize
from codegen.ops.reduce_max import ReduceMax
from codegen.ops.relu import Relu
from codegen.ops.relu6 import Relu6
from codegen.ops.reshape import Reshape
from codegen.ops.resize_bilinear import ResizeBilinear
from codegen.ops.resize_nearest_neighbor import ResizeNearestNeighbor
from codegen.ops.rsqrt import Rsqrt
from codegen.ops.slice import Slice
from codegen.ops.softmax import Softmax
from codegen.ops.split import Split
from codegen.ops.split_v import SplitV
from codegen.ops.squared_difference import SquaredDifference
from codegen.ops.squeeze import Squeeze
from codegen.ops.strided_slice import StridedSlice
from codegen.ops.sub import Sub
from codegen.ops.sum import Sum
from codegen.ops.svdf import Svdf
from codegen.ops.tanh import Tanh
from codegen.ops.transpose import Transpose
from codegen.ops.transpose_conv import TransposeConv
from codegen.ops.unidirectional_sequence_lstm import UnidirectionalSequenceLstm
from codegen.ops.unpack import Unpack

OPERATORS: dict[str, type[Op]] = {
    op.NAME: op
    for op in (
        Abs,
        Add,
        ArgMax,
        AveragePool2D,
        BatchMatmul,
        Concatenation,
        Conv2D,
        DepthwiseConv2D,
        Dequantize,
        Elu,
        ExpandDims,
        FullyConnected,
        Gather,
        Gelu,
        HardSwish,
        L2Normalization,
        LeakyRelu,
        LogSoftmax,
        Logistic,
        MaxPool2D,
        Maximum,
        Mean,
        Minimum,
        MirrorPad,
        Mul,
        Pack,
        Pad,
        PadV2,
        Prelu,
        Quantize,
        ReduceMax,
        Relu,
        Relu6,
        Reshape,
        ResizeBilinear,
        ResizeNearestNeighbor,
        Rsqrt,
        Slice,
        Softmax,
        Split,
        SplitV,
        SquaredDifference,
        Squeeze,
        StridedSlice,
        Sub,
        Sum,
        Svdf,
        Tanh,
        Transpose,
        TransposeConv,
        UnidirectionalSequenceLstm,
        Unpack,
    )
}
