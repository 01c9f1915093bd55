"""Which mutants are made of a text, and which are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mutation.mutant import Mutant, chosen
from mutation.mutate_python import python_mutants

C_TEXT = b"""#define ROUNDS (1 << 4)
#if LIMIT > 3
typedef struct { int table[SIZE]; int rest[2]; } params_t;
#endif
#define SIZE 3
TS_INLINE int scaled(const int *values, int count, int bias) {
    int sum = 0;
    for (int i = 0; i < count; ++i) {
        sum += values[i];
    }
    __asm__("asr %0, %1, #8" : "=r"(sum) : "r"(sum));
    if (sum > 127) {
        sum = 127;
    }
    return clamp(sum + bias);
}
"""
OF_C = {
    "comparison: < -> <=",
    "comparison: < -> >=",
    "comparison: > -> >=",
    "assignment: += -> -=",
    "index: i -> i + 1",
    "constant: 0 -> 1",
    "constant: 0 -> -1",
    "constant: 127 -> 126",
    "constant: 4 -> 5",
    "arithmetic: << -> >>",
    "constant in assembly: 8 -> 9",
    "dropped instruction: asr %0, %1, #8 -> nop",
    "dropped statement: sum += values[i]; -> ;",
    "dropped term: sum + bias -> sum",
    "dropped call: clamp(sum + bias) -> (sum + bias)",
    "negated condition: (sum > 127) -> (!(sum > 127))",
}
PYTHON_TEXT = b'''"""Words, 1."""
LIMIT = 3
def offset(buffers: list[int], at: int) -> int:
    """More words, 2."""
    found = max(0, buffers[at] - 1)
    if found < LIMIT and at not in buffers:
        found += 1
    return sorted(b for b in buffers if b > at)[0] if found else -found
'''
OF_PYTHON = {
    "constant: 3 -> 4",
    "opposite: max -> min",
    "index: at -> at + 1",
    "arithmetic: - -> +",
    "dropped term: buffers[at] - 1 -> (buffers[at])",
    "comparison: < -> <=",
    "comparison: not in -> in",
    "logic: and -> or",
    "dropped statement: found += 1 -> pass",
    "dropped condition: b > at -> True",
    "dropped sign or negation: -found -> (found)",
    "negated condition: found -> (not (found))",
}


def changes(mutants: list[Mutant]) -> set[str]:
    return {str(mutant).split(": ", 1)[1] for mutant in mutants}


def test_faults_in_c(require_module: Callable[..., None]) -> None:
    require_module("tree_sitter_c")
    from mutation.mutate_c import c_mutants

    mutants = c_mutants("ts_x.c", C_TEXT)
    assert changes(mutants) >= OF_C
    lines = {mutant.line for mutant in mutants}
    assert not lines & {2, 3, 4, 5}, "a condition of the preprocessor, a struct or what it is as large as has changed"
    assert all(mutant.apply(C_TEXT) != C_TEXT for mutant in mutants)


def test_faults_in_python() -> None:
    mutants = python_mutants("x.py", PYTHON_TEXT)
    assert changes(mutants) >= OF_PYTHON
    assert not {1, 4} & {mutant.line for mutant in mutants}, "words have changed"
    for mutant in mutants:
        compile(mutant.apply(PYTHON_TEXT), mutant.file, "exec")


def test_a_draw_is_the_same_with_the_same_seed() -> None:
    mutants = python_mutants("x.py", PYTHON_TEXT)
    assert chosen(mutants, 1) == chosen(mutants, 1) != chosen(mutants, 2)
    assert sorted(map(str, chosen(mutants, 1))) == sorted(set(map(str, mutants)))


def test_a_mutant_is_known_again_after_other_changes() -> None:
    (before,) = (m for m in python_mutants("x.py", PYTHON_TEXT) if (m.said, m.instead) == ("<", "<="))
    (after,) = (m for m in python_mutants("x.py", b"import os\n" + PYTHON_TEXT) if (m.said, m.instead) == ("<", "<="))
    assert before.line != after.line and before.key == after.key
    with pytest.raises(AssertionError, match="the file has changed"):
        before.apply(b"import os\n" + PYTHON_TEXT)
