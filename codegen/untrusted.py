"""What comes from outside, names in a model, paths, JSON: what it may be, and how it is shown."""

from __future__ import annotations

import json
import math
from typing import Any

LONGEST_LINE = 2000
LONGEST_NAME = 255


def plain(text: str, longest: int = LONGEST_LINE) -> str:
    """One line that shows itself and does nothing: control characters, line ends and what turns the direction of
    writing are spelt out, and the middle of a long one is left out."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    if len(shown) <= longest:
        return shown
    half = (longest - 5) // 2
    return f"{shown[:half]} ... {shown[-half:]}"


def is_name(value: object) -> bool:
    """A text that is not blank, that UTF-8 can hold, and that fits a table."""
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST_NAME and is_unicode(value)


def is_unicode(text: str) -> bool:
    """Half a surrogate pair, as a path that is no UTF-8 or an escape in JSON leaves, is no character."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def is_number(value: object) -> bool:
    """A finite number that a float can hold, which an integer of JSON need not be."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError for what is none, and for what is nested too deeply to read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
