"""Gives logits a fine step: softmax sees neither what they have in common nor what lies far below the largest.

How large a window's largest logit is can be told, in part, from what the head reads: that much is taken off all of the
head's rows alike. The function stays as it is, and the range ends below where the posteriors' error is least; above it
has room, as what is there decides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import (
    LinearLayer,
    Real,
    find_pairs,
    float_bias,
    float_weights,
    grouped_rows,
    write_float,
)
from tinyser.convert.ranges import LEAST, least_error, set_range, softmax
from tinyser.convert.tflite_file import load, operator_name, write_model
from tinyser.runtimes.runtime import Floats

_RIDGE = 1.0  # over the mean variance of what the head reads
# Over the largest logit: speakers who were not heard reached to 1.4 times that, and two that are cut off are not told
# apart any more.
_ROOM = 1.5


def shift_logits(int8: Path, floats: Path, windows: Floats) -> bool:
    """Rewrites both graphs where a linear layer alone makes what the last softmax reads, and says whether it did.

    `windows` is float32 (windows, *input shape without batch). In the int8 file only a range changes: `refit` has to
    write the constants that go with it. Raises ToolError when TFLite fails.
    """
    model, twin = load(int8), load(floats)
    head = _head(model, twin)
    if head is None:
        return False
    mine, other = head
    read = grouped_rows(inner_values(floats, windows, [other.patches])[other.patches], other)[0]
    weights, bias = _shifted(read, float_weights(twin, other)[0], float_bias(twin, other)[0])
    write_float(twin, other, weights[np.newaxis], bias[np.newaxis])
    set_range(model, mine.output, *least_error(read @ weights.T + bias, softmax, above=_ROOM))
    write_model(model, int8)
    write_model(twin, floats)
    return True


def _shifted(read: Real, weights: Real, bias: Real) -> tuple[Real, Real]:
    """(classes, inputs) and (classes,) of the same posteriors, so that largest logits lie near 0."""
    weights, bias = weights - weights.mean(axis=0), bias - bias.mean()
    tops = (read @ weights.T + bias).max(axis=1)
    middle = read.mean(axis=0)
    square = (read - middle).T @ (read - middle)
    ridge = max(_RIDGE * float(np.trace(square)) / len(square), LEAST) * np.eye(len(square))
    common = np.linalg.solve(square + ridge, (read - middle).T @ tops)
    return weights - common, bias - tops.mean() + common @ middle


def _head(model: Any, twin: Any) -> tuple[LinearLayer, LinearLayer] | None:
    graph = model.subgraphs[0]
    last = graph.operators[-1]
    uses = [int(tensor) for operator in graph.operators for tensor in operator.inputs]
    if operator_name(model, last) != "SOFTMAX" or last.builtinOptions.beta != 1:
        return None
    for mine, other in find_pairs(model, twin):
        if mine.output == int(last.inputs[0]) and uses.count(mine.output) == 1 and other.activation == 0:
            return mine, other
    return None
