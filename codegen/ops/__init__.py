"""The operators, one file each; the registry maps TFLite's exact names to their classes."""

from __future__ import annotations

from codegen.ir import Op
from codegen.ops.add import Add
from codegen.ops.average_pool_2d import AveragePool2D
from codegen.ops.batch_matmul import BatchMatmul
from codegen.ops.concatenation import Concatenation
from codegen.ops.conv_2d import Conv2D
from codegen.ops.depthwise_conv_2d import DepthwiseConv2D
from codegen.ops.fully_connected import FullyConnected
from codegen.ops.logistic import Logistic
from codegen.ops.max_pool_2d import MaxPool2D
from codegen.ops.mean import Mean
from codegen.ops.mul import Mul
from codegen.ops.pad import Pad
from codegen.ops.quantize import Quantize
from codegen.ops.relu import Relu
from codegen.ops.relu6 import Relu6
from codegen.ops.reshape import Reshape
from codegen.ops.rsqrt import Rsqrt
from codegen.ops.softmax import Softmax
from codegen.ops.split import Split
from codegen.ops.squared_difference import SquaredDifference
from codegen.ops.strided_slice import StridedSlice
from codegen.ops.sub import Sub
from codegen.ops.tanh import Tanh
from codegen.ops.transpose import Transpose

OPERATORS: dict[str, type[Op]] = {
    op.NAME: op
    for op in (
        Add,
        AveragePool2D,
        BatchMatmul,
        Concatenation,
        Conv2D,
        DepthwiseConv2D,
        FullyConnected,
        Logistic,
        MaxPool2D,
        Mean,
        Mul,
        Pad,
        Quantize,
        Relu,
        Relu6,
        Reshape,
        Rsqrt,
        Softmax,
        Split,
        SquaredDifference,
        StridedSlice,
        Sub,
        Tanh,
        Transpose,
    )
}
