"""A folder of this process, in memory where there is such a place, gone when it ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")


@cache
def _folder() -> Path:
    path = Path(tempfile.mkdtemp(prefix="tinyser-fuzz-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
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
