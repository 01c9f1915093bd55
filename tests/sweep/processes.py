"""The processes below another one, from /proc."""

from __future__ import annotations

from pathlib import Path


def descendants(ancestor: int) -> dict[int, str]:
    """Process id -> command line of every process below `ancestor`."""
    parents, lines = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat, line = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
            except OSError:
                continue
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
            lines[int(folder.name)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
    below: set[int] = {ancestor}
    while found := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= found
    return {pid: lines[pid] for pid in below - {ancestor}}
