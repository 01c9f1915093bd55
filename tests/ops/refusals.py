"""Models that are refused, in one line that says why."""

from __future__ import annotations

import pytest

from codegen.errors import TinySerError, UnsupportedOperatorError
from codegen.read_tflite import parse_tflite


def assert_refused(model: bytes, message: str, error: type[TinySerError] = UnsupportedOperatorError) -> None:
    """`message` is a regular expression that the error has to match."""
    with pytest.raises(error, match=message) as caught:
        parse_tflite(model)
    assert "\n" not in str(caught.value)
