"""A file that a process and its child hand to each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def handed_over(path: Path) -> Iterator[Path]:
    """A file for this process and a child: in memory, without a name, where the system has that, else at `path`.

    Of a small model's time, a file on a disk takes a quarter.
    """
    opened = Path(f"/proc/{os.getpid()}/fd")  # where a child finds them
    if not hasattr(os, "memfd_create") or not opened.is_dir():
        yield path
        return
    descriptor = os.memfd_create(path.name)
    try:
        yield opened / str(descriptor)
    finally:
        os.close(descriptor)
