"""Where TFLite's reference kernels (TensorFlow 2.19) are no witness: TFLite Micro's bytes are the contract there,
unless it has no such operator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Disagreement:
    """`largest` is how far TFLite's bytes may be from TFLite Micro's; None: they are not compared."""

    reason: str
    largest: int | None = None


SCALES_IN_FLOAT32 = Disagreement("TFLite combines the scales in float32, TFLite Micro in float64", largest=1)
NEEDS_BIAS = Disagreement("TFLite refuses CONV_2D without a bias operand")
COARSE_INPUT = Disagreement("TFLite Micro saturates at a range rounded down to whole input steps, TFLite does not")
NOT_IN_TFLM = Disagreement("TFLite Micro has no such operator: TFLite's bytes are the contract")
NOT_IN_REFERENCE = Disagreement("TFLite's set of reference kernels does not have this operator")
MORE_SLOPES = Disagreement("TFLite refuses PRELU with slopes of a larger shape than the input")
BROADCAST_ADJOINT = Disagreement("TFLite reads a transposed left operand wrongly when the right one is broadcast")
SAME_QUANTIZATION = Disagreement(
    "TFLite refuses an output of another quantization than the input, TFLite Micro moves the bytes"
)
SUM_OF_UINT8 = Disagreement("TFLite 2.19 takes the int8 values of a SUM for uint8")
UNIT_NORM_SCALE = Disagreement("TFLite refuses L2_NORMALIZATION with an output other than scale 1/128, zero point 0")
STATE_OF_INT16 = Disagreement("TFLite's SVDF has RELU and a state of int16 with zero point 0, and checks RELU only")
GATES_OF_INT16 = Disagreement("TFLite adds up and activates the gates of an LSTM with other roundings, which grow")
NO_INT16 = Disagreement("TFLite's reference kernel of this operator takes no int16")
UNSAID_TYPE_OF_SUMS = Disagreement("TFLite takes a bias beside int16 for int64 unless an option says int32, TFLM looks")
RECIPROCALS_IN_FLOAT64 = Disagreement(
    "TFLite fills the table of reciprocals of a SOFTMAX on int16 in float64, TFLite Micro in float32", largest=1
)
BIAS_OF_INT16 = Disagreement("TFLite refuses TRANSPOSE_CONV with a bias of int16")
NO_INT16_LSTM = Disagreement("TFLite's LSTM has no kernel for int16 activations")
ROOT_OF_INT16 = Disagreement("TFLite interpolates RSQRT of int16 in a table, TFLite Micro computes it")
ROUNDED_FURTHER_ON = Disagreement("a byte that differs by one (float32 scales) goes through further operators")
SHARED_BY_VIEWS = Disagreement(
    "TFLite lets several RESHAPEs of one tensor share its memory, and writes an ADD over it that is still to be read"
)
