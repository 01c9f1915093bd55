"""Where TFLite's reference kernels (TensorFlow 2.19) are no witness: TFLite Micro's bytes are the contract there."""

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
BROADCAST_ADJOINT = Disagreement("TFLite reads a transposed left operand wrongly when the right one is broadcast")
ROUNDED_FURTHER_ON = Disagreement("a byte that differs by one (float32 scales) goes through further operators")
