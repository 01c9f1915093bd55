"""A test of the tests: generated code that is wrong by a hair must not pass for TFLM's equal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from tests.generated import Files
from tests.ops import (
    test_arg_max,
    test_average_pool_2d,
    test_conv_2d,
    test_depthwise_conv_2d,
    test_dequantize,
    test_gelu,
    test_log_softmax,
    test_logistic,
    test_resize_bilinear,
    test_softmax,
    test_sum,
    test_svdf,
    test_unidirectional_sequence_lstm,
)
from tests.ops.agreement import Case, assert_agreement
from tests.ops.elementwise import edges

TIES = edges("MUL")["rounding ties"].case()
CONV = test_conv_2d.fixed_case()
EXPONENTIALS = test_softmax.every_difference(0.05)
LSTM = test_unidirectional_sequence_lstm.fixed_case()
FRESH_SVDF = test_svdf.EDGES["narrow, each input on a reset model"].case()


@dataclass(frozen=True, slots=True)
class Breakage:
    """Changes every match of `pattern` in the files whose name ends with `file`."""

    case: Case
    file: str
    pattern: str
    replacement: str | Callable[[re.Match[str]], str]

    def __call__(self, files: Files) -> Files:
        changed = dict(files)
        for name, text in files.items():
            if name.endswith(self.file) and isinstance(text, str):
                changed[name] = re.sub(self.pattern, self.replacement, text)
        return changed


def plus(amount: int) -> Callable[[re.Match[str]], str]:
    """Adds to the integer in the second group."""
    return lambda match: f"{match[1]}{int(match[2]) + amount}"


def next_float(match: re.Match[str]) -> str:
    """The float32 after the one in the second group."""
    return f"{match[1]}{np.nextafter(np.float32(match[2]), np.float32(np.inf)):.9g}f"


BREAKAGES = {
    "half a step more when rounding the product": Breakage(
        TIES, "ts_requantize.h", r"INT64_C\(1\) << 31", "INT64_C(1) << 32"
    ),
    "ties towards plus infinity": Breakage(TIES, "ts_requantize.h", r"scaled \+ \(scaled >> 31\)", "scaled"),
    "right shift off by one": Breakage(TIES, "ts_requantize.h", r", right\)", ", right + 1)"),
    "output zero point off by one": Breakage(CONV, "ser_model.c", r"(\.output_offset = )(-?\d+)", plus(1)),
    "upper bound off by one": Breakage(CONV, "ser_model.c", r"(\.output_max = )(-?\d+)", plus(1)),
    "one weight off by one": Breakage(CONV, "ser_weights.c", r"(constant_0\[\d+\] = {\s*)(-?\d+)", plus(-1)),
    "one bias off by 2000": Breakage(
        CONV, "ser_weights.c", r"(constant_0\[\d+\] = {\s*(?:\S+,\s*){24})(-?\d+)", plus(2000 << 8)
    ),
    "one row of padding too many": Breakage(CONV, "ser_model.c", r"(\.pad_top = )(\d+)", plus(1)),
    "a table entry off by one": Breakage(
        test_logistic.fixed_case(), "ser_weights.c", r"((?:table|constant)_0\[\d+\] = {\s*)(-?\d+)", plus(1)
    ),
    "one exponential off by a hundredth": Breakage(
        EXPONENTIALS, "ts_exponential.c", r"(factors\[\] = {)(\d+)", plus(-(1 << 24))
    ),
    "large sums of rows that the model needs, forgotten": Breakage(CONV, "ts_channels_needs.h", r"(LARGE) 1", r"\1 0"),
    "large sums of channels that the model needs, forgotten": Breakage(
        test_depthwise_conv_2d.fixed_case(), "ts_depthwise_conv_2d_needs.h", r"(LARGE) 1", r"\1 0"
    ),
    "outer loops that the model needs, forgotten": Breakage(
        test_sum.fixed_case(), "ts_reduce_needs.h", r"(NESTED) 1", r"\1 0"
    ),
    "average without rounding": Breakage(
        test_average_pool_2d.fixed_case(), "ts_average_pool_2d.c", r"count / 2", "count / 4"
    ),
    "hidden state that is not kept": Breakage(
        LSTM, "ts_unidirectional_sequence_lstm.c", r"memcpy\(hidden, previous, .*;", ""
    ),
    "cell state that is not kept": Breakage(
        LSTM, "ts_unidirectional_sequence_lstm.c", r"(const int8_t \*previous = hidden;)", r"\1 memset(cell, 0, 2);"
    ),
    "a value's factor off by a fiftieth": Breakage(
        edges("ADD")["no ties"].case(), "ser_model.c", r"(\.first_factor = )(-?\d+)", plus(3_600_000)
    ),
    "state that a reset leaves": Breakage(FRESH_SVDF, "ser_model.c", r"memset\(arena.*;", ""),
    "state that a reset makes 0": Breakage(FRESH_SVDF, "ser_model.c", r"(memset\(arena[^,]*, )(-?\d+)", r"\g<1>0"),
    "the last largest value instead of the first": Breakage(
        test_arg_max.fixed_case(), "ts_arg_max.c", r"> largest", ">= largest"
    ),
    "a float scale off by its last bit": Breakage(
        test_dequantize.fixed_case(), "ser_model.c", r"(\.scale = )([\d.]+)f", next_float
    ),
    "weights that add up to less than one": Breakage(
        test_resize_bilinear.fixed_case(), "ts_resize_bilinear.c", r"ONE - n", "ONE - 1 - n"
    ),
    "logarithm of 2 off by a thousandth": Breakage(
        test_log_softmax.EDGES["long rows"].case(), "ts_log_softmax.c", r"(LOG_2 )(\d+)", plus(1_488_522)
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES.keys())
def test_broken_code_is_found(breakage: Breakage) -> None:
    with pytest.raises(AssertionError, match="generated C differs from TFLM"):
        assert_agreement(breakage.case, _changing(breakage))


def test_broken_table_is_found_where_tflite_is_the_truth() -> None:
    entry = r"((?:table|constant)_0\[\d+\] = {\s*)(-?\d+)"
    breakage = Breakage(test_gelu.fixed_case(), "ser_weights.c", entry, plus(1))
    with pytest.raises(AssertionError, match="generated C differs from TFLite"):
        assert_agreement(breakage.case, _changing(breakage))


@pytest.mark.parametrize("case", [TIES, CONV], ids=["product", "convolution"])
def test_control_with_a_change_that_changes_nothing(case: Case) -> None:
    comment = Breakage(case, ".c", r"\Z", "/* nothing */\n")
    assert_agreement(case, _changing(comment))


def _changing(edit: Callable[[Files], Files]) -> Callable[[Files], Files]:
    """The edit, once it is sure that it does change the files."""

    def checked(files: Files) -> Files:
        changed = edit(files)
        assert changed != files, "nothing to break: the pattern is not in the generated files"
        return changed

    return checked
