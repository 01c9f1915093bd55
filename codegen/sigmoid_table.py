"""The table behind sigmoid and tanh of int16 values (`ts_sigmoid.h`)."""

from __future__ import annotations

import numpy as np

STEPS_PER_UNIT = 24
ENTRIES = 256


def sigmoid_table() -> np.ndarray:
    """sigmoid(n / 24) in Q0.16, (256,) uint16, for linear interpolation.

    Between two entries the curve bends away from the line by up to step^2 / 8 times its second derivative. Entries lie
    half of that off the curve, towards the bend, so that the error is as large at them as between them. The last one
    stands for infinity. TFLite's table for 16-bit LOGISTIC and TANH has the same values.
    """
    sigmoid = 1.0 / (1.0 + np.exp(-np.arange(ENTRIES) / STEPS_PER_UNIT))
    curvature = sigmoid * (1.0 - sigmoid) * (1.0 - 2.0 * sigmoid)
    values = np.rint(65536.0 * (sigmoid - curvature / (16.0 * STEPS_PER_UNIT**2)))
    values[-1] = 65535.0
    return values.astype(np.uint16)
