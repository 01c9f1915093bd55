"""One process at a time in an output folder that several commands, or the same one twice, could write into."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from codegen.errors import DataError, OutputExistsError

LOCK = ".lock"


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Makes the folder if need be and holds its lock; a folder that was made and stays empty is removed again.

    The kernel gives the lock back when its process ends, however that ends. Raises OutputExistsError when another
    process has it, DataError when the folder cannot be used.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: is a file, a folder is needed; choose another output folder")
    is_new = not folder.exists()
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _take(path)
    except BlockingIOError as error:
        holder = _holder(path)
        raise OutputExistsError(
            f"{folder}: another tinyser{holder} is at work in it and holds {path}; wait for its end, or choose "
            "another output folder"
        ) from error
    except OSError as error:
        raise DataError(f"{folder}: cannot use it ({error.strerror}); choose another output folder") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.close()
        if is_new:
            with suppress(OSError):  # not empty: there are results in it
                folder.rmdir()


def _take(path: Path) -> TextIO:
    """Raises BlockingIOError where another process has the lock."""
    while True:
        lock = path.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                lock.truncate(0)
                lock.write(f"{os.getpid()}\n")
                lock.flush()
                return lock
        except BaseException:
            lock.close()
            raise
        lock.close()  # the file was removed by the process that had it: the next one is another file


def _holder(path: Path) -> str:
    """` (process 123)`, where that can be read."""
    with suppress(OSError, ValueError):
        return f" (process {int(path.read_text())})"
    return ""
