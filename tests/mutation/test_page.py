"""What the page says of survivors: each has a reason, and no reason is left over."""

from __future__ import annotations

import runpy
from typing import Any

import pytest

from tests.conftest import CHECKOUT

PARTS = ("kernels", "planner")
REFRESH: dict[str, Any] = runpy.run_path(str(CHECKOUT / "docs" / "refresh_mutation.py"))
ENTRY = """[[survivor]]
file = "x.c"
context = "a < b"
column = 3
said = "<"
instead = "<="
kind = "{kind}"
reason = "why"
"""


def survived() -> set[tuple[str, ...]]:
    return {
        REFRESH["place_of"](row) for part in PARTS for row in REFRESH["results"](part) if row["verdict"] == "survived"
    }


def test_each_survivor_has_a_reason() -> None:
    assert survived() - REFRESH["survivors"]().keys() == set()


def test_each_reason_has_a_survivor() -> None:
    assert REFRESH["survivors"]().keys() - survived() == set()


@pytest.mark.parametrize("part", PARTS)
def test_few_are_unnoticed(part: str) -> None:
    figures = REFRESH["Figures"].of(REFRESH["results"](part), REFRESH["survivors"]())
    assert figures.share >= 0.95


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.format(kind="fine"), r"survivor 1, x.c: kind: got 'fine', allowed is equivalent or unnoticed"),
        (
            ENTRY.replace("reason", "because").format(kind="unnoticed"),
            r"keys: got because, .*, allowed column, .*reason",
        ),
        (2 * ENTRY.format(kind="unnoticed"), "survivor 2, x.c: stands there twice"),
    ],
)
def test_an_entry_that_cannot_be(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        REFRESH["read_survivors"](text)
