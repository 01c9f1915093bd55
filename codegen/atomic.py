"""Outputs that appear whole or not at all: write beside the target, then rename."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codegen.errors import DataError, OutputExistsError
from codegen.held_folder import held_folder

PARTIAL = ".tinyser-partial-"
# What renaming to something that came into being meanwhile gives.
_TAKEN = (errno.EEXIST, errno.ENOTDIR, errno.ENOTEMPTY)


@contextmanager
def new_file(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path with the same suffix; renames it to `path` when the block ends without an error.

    An existing file at `path` is replaced. Raises DataError where it cannot be written: no parent folder, no room.
    """
    target = Path(path)
    with _explained(target):
        _need_parent(target)
        if target.is_dir():
            raise OutputExistsError(f"{target}: is a folder, a file name is needed; choose another output path")
        with held_folder(target.parent, PARTIAL) as scratch:
            partial = scratch / target.name
            yield partial
            partial.replace(target)


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Yields an empty temporary folder beside `path`; renames it to `path` when the block ends without an error.

    Raises OutputExistsError when `path` exists already, unless it is an empty folder, DataError as `new_file`.
    """
    target = Path(path)
    with _explained(target):
        refuse_existing(target)
        if not target.parent.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
        _need_parent(target)
        with held_folder(target.parent, PARTIAL) as partial:
            yield partial
            partial.chmod(0o777 & ~_umask())
            try:
                partial.replace(target)
            except OSError as error:
                if error.errno in _TAKEN:
                    raise _exists(target) from error
                raise


def refuse_existing(path: str | Path) -> None:
    """Raises OutputExistsError when `path` exists already, unless it is an empty folder; DataError as `new_file`."""
    target = Path(path)
    with _explained(target):
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise _exists(target)


def _exists(target: Path) -> OutputExistsError:
    return OutputExistsError(f"{target}: exists already; choose another output folder or remove it first")


def _need_parent(target: Path) -> None:
    parent = target.parent
    if parent.is_dir():
        return
    if parent.exists():
        raise DataError(f"{target}: {parent} is a file, a folder is needed; choose another output path")
    raise DataError(f"{target}: folder {parent} does not exist; create it or choose another output path")


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """What the system refuses, as DataError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise DataError(
            f"{target}: cannot write it ({reason}); make room or make it writable, or choose another output path"
        ) from error


def _umask() -> int:
    """The process' umask (temporary folders are private; an output folder should not be)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
