"""A test of the tests: generated code that is wrong by a hair must not pass for TFLM's equal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.generated import Files
from tests.ops import test_average_pool_2d, test_conv_2d, test_logistic, test_softmax
from tests.ops.agreement import Case, assert_agreement
from tests.ops.elementwise import edges

TIES = edges("ADD")["rounding ties below a step"].case()
CONV = test_conv_2d.fixed_case()
EXPONENTIALS = test_softmax.every_difference(0.05)


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


def bias_plus(amount: int) -> Callable[[Files], Files]:
    """Adds to the first element of the array that the generated parameters call the bias."""

    def change(files: Files) -> Files:
        name = re.search(r"\.bias = (\w+)", str(files["model/ser_model.c"]))
        assert name is not None
        pattern = rf"({name[1]}\[\d+\] = {{\s*)(-?\d+)"
        weights = re.sub(pattern, plus(amount), str(files["model/ser_weights.c"]))
        return {**files, "model/ser_weights.c": weights}

    return change


BREAKAGES = {
    "half a step more when rounding the product": Breakage(
        TIES, "ts_requantize.h", r"INT64_C\(1\) << 30", "INT64_C(1) << 31"
    ),
    "ties towards plus infinity": Breakage(TIES, "ts_requantize.h", r"\(value \+ \(value >> 31\)\)", "value"),
    "right shift off by one": Breakage(TIES, "ts_requantize.h", r"left - shift", "left - shift + 1"),
    "output zero point off by one": Breakage(CONV, "ser_model.c", r"(\.output_offset = )(-?\d+)", plus(1)),
    "upper bound off by one": Breakage(CONV, "ser_model.c", r"(\.output_max = )(-?\d+)", plus(1)),
    "one weight off by one": Breakage(CONV, "ser_weights.c", r"(constant_0\[\d+\] = {\s*)(-?\d+)", plus(-1)),
    "one row of padding too many": Breakage(CONV, "ser_model.c", r"(\.pad_top = )(\d+)", plus(1)),
    "a table entry off by one": Breakage(
        test_logistic.fixed_case(), "ser_weights.c", r"((?:table|constant)_0\[\d+\] = {\s*)(-?\d+)", plus(1)
    ),
    "one exponential off by a hundredth": Breakage(
        EXPONENTIALS, "ser_weights.c", r"(constant_0\[\d+\] = {[^,]*,\s*)(-?\d+)", plus(-(1 << 24))
    ),
    "average without rounding": Breakage(
        test_average_pool_2d.fixed_case(), "ts_average_pool_2d.c", r"count / 2", "count / 4"
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES.keys())
def test_broken_code_is_found(breakage: Breakage) -> None:
    with pytest.raises(AssertionError, match="generated C differs from TFLM"):
        assert_agreement(breakage.case, _changing(breakage))


def test_wrong_bias_is_found() -> None:
    with pytest.raises(AssertionError, match="generated C differs from TFLM"):
        assert_agreement(CONV, _changing(bias_plus(2000)))


@pytest.mark.parametrize("case", [TIES, CONV], ids=["add", "convolution"])
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
