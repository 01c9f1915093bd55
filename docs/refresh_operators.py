"""Writes docs/operators.md from the code: `./run python docs/refresh_operators.py`. A test compares."""

from __future__ import annotations

from pathlib import Path

from codegen.ir import Op
from codegen.ops import OPERATORS
from codegen.ops.unary import Unary

PAGE = Path(__file__).with_name("operators.md")
HEAD = """# Operators

What `--runtime direct` compiles: int8 activations, one scale and zero point per tensor; weights per tensor or per
channel; int32 bias. Activations may also be int16 (zero point 0), with weights of int8, wherever TFLM has a kernel for
them; QUANTIZE goes from one to the other. An output may also be an int32 index (ARG_MAX) or float32 (DEQUANTIZE).

## Truth
The output bytes equal those of TFLM (the `tflite-micro` package that `pyproject.toml` pins), for every operator and
every input, and in all but the following corners those of TFLite's reference kernels as well (TensorFlow 2.19).
`tests/ops/` compares all three; `tests/ops/disagreements.py` names the corners.

- FULLY_CONNECTED with one weight scale, BATCH_MATMUL, MUL, ABS, HARD_SWISH, LEAKY_RELU, PRELU, RELU, RSQRT and SVDF:
  TFLM combines scales in double precision, TFLite in single, which can move a rounding tie by one. TFLM's own sources
  before autumn 2026 did as TFLite does (SUB, too).
- GELU: TFLM has none; here the bytes of TFLite's reference kernel are the truth, and `--runtime tflm` refuses it.
- PRELU and SQUARED_DIFFERENCE of int16, QUANTIZE from int8 to int16: TFLite refuses them, TFLM runs them.
- FULLY_CONNECTED of int16 with an int32 bias that the option `quantized_bias_type` does not tell of: TFLite takes it
  for int64, TFLM looks at it.
- SOFTMAX of int16: TFLite fills its table of reciprocals in double precision, TFLM in single, which can move an output
  by one.
- UNIDIRECTIONAL_SEQUENCE_LSTM of int16, TRANSPOSE_CONV with an int16 bias: TFLite refuses them, TFLM runs them.
- RSQRT of int16: TFLite interpolates it in a table, TFLM computes it.
- ADD and SUB of int16 with the option `pot_scale_int16` and scales that are powers of two: TFLite shifts instead of
  multiplying, TFLM does not look at the option.
- ELU: TFLite has no reference kernel that it could be compared with.
- ELU and GELU: both runtimes fill a table with the C library's float32 exp, erfc and tanh, which are taken here to be
  correctly rounded; the library's last bit may move a rounding tie.
- PRELU with slopes of a larger shape than the input: TFLite refuses it, TFLM runs it.
- LOGISTIC of an input scale of 2 or more, TANH of 8 or more: an input saturates earlier in TFLM.
- BATCH_MATMUL with `adj_x` where the right operand broadcasts: TFLite 2.19 is wrong.
- CONV_2D without a bias: TFLite refuses it, TFLM runs it.
- L2_NORMALIZATION with an output other than scale 1/128, zero point 0: TFLite refuses it, TFLM takes it for that.
- SUM: TFLite 2.19 takes the int8 values for uint8.
- MIRROR_PAD, PACK and UNPACK with an output of another quantization than the input: TFLite refuses them, TFLM moves
  the bytes.
- GATHER with a computed index outside the axis: TFLM stops; here it takes the nearest place on the axis.
- SVDF with an int8 state, a state with a zero point, or another activation than RELU: TFLite is wrong or refuses it.
  Neither runtime applies the activation; the output's range does.
- UNIDIRECTIONAL_SEQUENCE_LSTM: TFLite adds up the gates and takes their sigmoid and tanh with other roundings. On a
  trained layer outputs differ by a few steps, and a layer that amplifies can make more of them.
- RSQRT of a negative value: TFLM and TFLite stop; here it gives the largest output, as 0 does.
- SOFTMAX with a sum of exponentials of 512 or more (rows of at least 512): TFLM stops; here every posterior is 0.

## State
SVDF and LSTM keep a state from one inference to the next, as TFLM does: `ser_model_reset` makes a model forget it.

## Shapes
SHAPE, and STRIDED_SLICE and PACK of int32 constants, are computed when the model is read: the converter leaves them in
models with a free batch size.

## Table
Made from the rules in `codegen/ops/` by `docs/refresh_operators.py`.

Types are those of what is computed; where several are listed, the rules say which go together.

| operator | becomes | types | rules |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = []
    for name, operator in sorted(OPERATORS.items()):
        rules = "; ".join(f"{rule.about}: {rule.allowed}" for rule in operator.RULES)
        rows.append(f"| {name} | {_how(operator)} | {_types(operator)} | {rules} |\n")
    return HEAD + "".join(rows)


def _how(operator: type[Op]) -> str:
    if operator.IS_VIEW:
        return "a view, no code"
    if not issubclass(operator, Unary):
        return "a kernel"
    return "a table, a kernel for int16" if "int16" in operator.INPUT_TYPES else "a table"


def _types(operator: type[Op]) -> str:
    given, output = ", ".join(operator.INPUT_TYPES), ", ".join(operator.OUTPUT_TYPES)
    return given if given == output else f"{given} to {output}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
