"""Temporary folders that do not outlive their process: whoever comes next removes what a killed one left.

A folder is held by a lock on it, which the kernel gives back when its process ends, however that ends.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent`, removed at the end; before that, those of the same prefix whose process was killed."""
    parent = parent.absolute()
    _remove_leftovers(parent, prefix)
    folder, descriptor = _take(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def _take(parent: Path, prefix: str) -> tuple[Path, int | None]:
    """A new folder and its lock; None on a file system without locks, where nobody removes it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            descriptor = _lock(folder)
        except (BlockingIOError, FileNotFoundError):
            continue  # taken for a leftover before it was locked
        except OSError:
            return folder, None
        if folder.exists():
            return folder, descriptor
        os.close(descriptor)


@functools.cache  # a folder may hold many files, each of them written by itself
def _remove_leftovers(parent: Path, prefix: str) -> None:
    for entry in os.scandir(parent):
        if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False):
            try:
                descriptor = _lock(Path(entry.path))
            except OSError:
                continue  # at work, or another user's
            shutil.rmtree(entry.path, ignore_errors=True)
            os.close(descriptor)


def _lock(folder: Path) -> int:
    """Raises BlockingIOError where another process holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
