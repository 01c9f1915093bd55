"""A folder of this process for the files that targets read and write, gone when it ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path


@cache
def _folder() -> Path:
    path = Path(tempfile.mkdtemp(prefix="tinyser-fuzz-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def file_of(content: bytes, name: str) -> Path:
    """A file that holds the content, until the next one of that name."""
    path = _folder() / name
    path.write_bytes(content)
    return path


@contextmanager
def output_folder() -> Iterator[Path]:
    """A path at which nothing is, and nothing will be."""
    path = _folder() / "output"
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
