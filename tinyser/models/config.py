"""Sizes of a model, read from a checkpoint's `config` and checked entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from codegen.errors import ModelFormatError

_Config = TypeVar("_Config")

# After three strided convolutions there are at least two frames: BatchNorm has no variance of one number, which is what
# a last batch of a single clip would otherwise give it.
_SMALLEST = {"context_frames": 9, "features": 4}
_LARGEST = 10000


def read_config(kind: type[_Config], model: str, config: Mapping[str, Any]) -> _Config:
    """The dataclass `kind` from `config`. Raises ModelFormatError for an unknown, missing or bad entry."""
    known = fields(kind)  # type: ignore[arg-type]
    names = [field.name for field in known]
    for name in config:
        if name not in names:
            raise ModelFormatError(f"{model}: unknown setting {name!r}; allowed are {', '.join(names)}")
    for field in known:
        if field.default is MISSING and field.name not in config:
            raise config_error(model, field.name, "nothing", "a whole number")
    return kind(**config)


def check_entries(model: str, config: Any) -> None:
    """Every entry of a config dataclass is a whole number, each dropout a share. Raises ModelFormatError."""
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name.endswith("dropout"):
            good, allowed = isinstance(value, int | float) and 0 <= value < 1, "a number 0..1, below 1"
        else:
            low = _SMALLEST.get(field.name, 1)
            good, allowed = type(value) is int and low <= value <= _LARGEST, f"a whole number {low}..{_LARGEST}"
        if not good:
            raise config_error(model, field.name, value, allowed)


def check_heads(model: str, heads: int, width: int) -> None:
    """Attention cuts the width into equal heads. Raises ModelFormatError."""
    if width % heads:
        raise config_error(model, "heads", heads, f"a divisor of width, {width}")


def config_error(model: str, name: str, got: object, allowed: str) -> ModelFormatError:
    """The error for one entry."""
    return ModelFormatError(f"{model}: {name}: got {got}, allowed is {allowed}; change it")
