"""The kernels' folder, with one file changed; objects of kernels are kept by what they are made of."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
KERNELS = CHECKOUT / "firmware_templates" / "kernels"
COMPILE_SECONDS = 60
_INCLUDE = re.compile(r'#include "(ts_\w+\.h)"')
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class CompilerError(Exception):
    """A source that the compiler does not take."""


def compile_c(command: Sequence[str], sources: Iterable[Path], target: Path) -> None:
    """One call of a compiler or linker. Raises CompilerError."""
    partial = target.with_suffix(f".{threading.get_ident()}.part")
    try:
        done = subprocess.run(
            [*command, *map(str, sources), "-o", str(partial)],
            capture_output=True, text=True, check=False, timeout=COMPILE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise CompilerError(f"no end after {COMPILE_SECONDS} s") from error
    if done.returncode != 0:
        raise CompilerError(done.stderr[:500])
    partial.replace(target)


def digest(*parts: str | bytes) -> str:
    """A short name for some content."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.encode() if isinstance(part, str) else part)
        whole.update(b"\0")
    return whole.hexdigest()[:16]


@cache
def included(name: str) -> frozenset[str]:
    """A kernel's file and all that it includes, directly or not; headers that come with a model, too."""
    found, wanted = set(), [name]
    while wanted:
        file = wanted.pop()
        if file not in found:
            found.add(file)
            if (KERNELS / file).is_file():
                wanted += _INCLUDE.findall((KERNELS / file).read_text())
    return frozenset(found)


@cache
def original(name: str) -> str:
    """All that a kernel is made of, without what comes with a model."""
    return "".join((KERNELS / file).read_text() for file in sorted(included(name)) if (KERNELS / file).is_file())


def needs_of(kernel: str, needs: Mapping[str, str]) -> dict[str, str]:
    """What of a model's headers a kernel reads."""
    return {name: text for name, text in needs.items() if name in included(kernel)}


@contextmanager
def tree_with(file: str | None, content: bytes) -> Iterator[Path]:
    """A folder `kernels` with links to all files, and `content` in place of one of them."""
    with tempfile.TemporaryDirectory(prefix="tinyser-mutants-", dir=_IN_MEMORY) as folder:
        kernels = Path(folder) / "kernels"
        kernels.mkdir()
        for path in KERNELS.iterdir():
            if path.name == file:
                (kernels / file).write_bytes(content)
            else:
                (kernels / path.name).symlink_to(path)
        yield Path(folder)


def write_needs(needs: Mapping[str, str], folder: Path) -> Path:
    """A folder with such headers, for `-I`."""
    target = folder / f"needs-{digest(*needs.keys(), *needs.values())}"
    target.mkdir(exist_ok=True)
    for name, text in needs.items():
        path = target / name
        if not path.exists():
            path.write_text(text)
    return target
