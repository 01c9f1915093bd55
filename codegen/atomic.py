"""Outputs that appear whole or not at all: write beside the target, then rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codegen.errors import DataError, OutputExistsError


@contextmanager
def new_file(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path with the same suffix; renames it to `path` when the block ends without an error.

    An existing file at `path` is replaced. Raises DataError when the parent folder does not exist.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise DataError(f"{target}: folder {target.parent} does not exist; create it or choose another output path")
    if target.is_dir():
        raise OutputExistsError(f"{target}: is a folder, a file name is needed; choose another output path")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        partial = Path(scratch) / target.name
        yield partial
        partial.replace(target)


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Yields an empty temporary folder beside `path`; renames it to `path` when the block ends without an error.

    Raises OutputExistsError when `path` exists already, unless it is an empty folder.
    """
    target = Path(path)
    refuse_existing(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise DataError(f"{target}: cannot create it ({error.strerror}); choose another output folder") from error
    try:
        yield partial
        partial.chmod(0o777 & ~_umask())
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_existing(path: str | Path) -> None:
    """Raises OutputExistsError when `path` exists already, unless it is an empty folder."""
    target = Path(path)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise OutputExistsError(f"{target}: exists already; choose another output folder or remove it first")


def _umask() -> int:
    """The process' umask (mkdtemp makes folders private; an output folder should not be)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
