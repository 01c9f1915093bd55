"""A command whose optional packages are missing says which extra to install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from codegen.errors import ToolError

_OWN = ("tinyser", "codegen", "firmware_templates")


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Turns a missing package within the block into a ToolError that names the extra `name`."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in _OWN or not package:
            raise
        raise ToolError(f"{package}: not installed; run: pip install 'tinyser[{name}]'") from error
