"""Writes docs/operators.md from the code: `./run python docs/refresh_operators.py`. A test compares."""

from __future__ import annotations

from pathlib import Path

from codegen.ops import OPERATORS
from codegen.ops.unary import Unary

PAGE = Path(__file__).with_name("operators.md")
HEAD = """# Operators

What `--runtime direct` compiles: int8 activations, one scale and zero point per tensor; weights per tensor or per channel; int32 bias. Made
from the rules in `codegen/ops/` by `docs/refresh_operators.py`. For every operator the output bytes equal those of TFLM and of TFLite's
reference kernels (`tests/ops/`).

| operator | becomes | rules |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = []
    for name, operator in sorted(OPERATORS.items()):
        how = "a view, no code" if operator.IS_VIEW else "a table" if issubclass(operator, Unary) else "a kernel"
        rules = "; ".join(f"{rule.about}: {rule.allowed}" for rule in operator.RULES)
        rows.append(f"| {name} | {how} | {rules} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
