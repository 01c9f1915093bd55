"""What gcov counted in the C that the suite compiled for the desktop, by line of a template."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from suite_coverage.counts import LineCount
from suite_coverage.templates import Place, by_digest, find_places

Lines = dict[Place, LineCount]
_FOLDERS_A_CALL = 50
_LEAST_SHARE = 0.9  # of a file's lines with code that a template has


def read_counts(store: Path, jobs: int = 2) -> Lines:
    """All compilations of a store, merged."""
    folders = sorted((store / "host").glob("*/sources.json"))
    chunks = [folders[start : start + _FOLDERS_A_CALL] for start in range(0, len(folders), _FOLDERS_A_CALL)]
    merged: Lines = {}
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(_read_chunk, [store] * len(chunks), chunks):
            merge(merged, part)
    return merged


def merge(into: Lines, other: Lines) -> None:
    """Adds what others counted."""
    for place, count in other.items():
        into.setdefault(place, LineCount()).add(count.ran, count.branches)


def generated_texts(store: Path) -> Iterator[str]:
    """What was compiled but is no copy of a template."""
    copies = by_digest()
    for file in sorted((store / "contents").iterdir()):
        if file.name not in copies:
            yield file.read_text(encoding="utf-8", errors="replace")


def _read_chunk(store: Path, lists: list[Path]) -> Lines:
    lines: Lines = {}
    for file in lists:
        sources = json.loads(file.read_text(encoding="utf-8"))
        for note in file.parent.glob("*.gcno"):
            # One at a time: files of one relative name in different projects would be taken for one.
            command = ["gcov", "--json-format", "--stdout", "--branch-probabilities", str(note)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0 and not note.with_suffix(".gcda").exists():
                continue  # half of one, of a compiler that a test has killed: nothing of it ever ran
            done.check_returncode()
            for unit in map(json.loads, done.stdout.splitlines()):
                for place, ran, taken in _unit_lines(store, unit, sources):
                    lines.setdefault(place, LineCount()).add(ran, taken)
    return lines


def _unit_lines(store: Path, unit: dict[str, Any], sources: dict[str, Any]) -> Iterator[tuple[Place, bool, list[bool]]]:
    for file in unit["files"]:
        path = os.path.realpath(os.path.join(unit["current_working_directory"], file["file"]))  # noqa: PTH118
        digest = sources["digests"].get(path)
        places = _places(store, Path(path).name, digest) if digest else None
        if places is None or not _is_of_template(places, file["lines"]):
            continue
        for line in file["lines"]:
            place = places.get(line["line_number"])
            if place is not None:
                taken = [branch["count"] > 0 for branch in line["branches"] if not branch["throw"]]
                yield place, line["count"] > 0, taken


def _is_of_template(places: dict[int, Place], lines: list[dict[str, Any]]) -> bool:
    """Not so of a stand-in that only has a template's name."""
    return sum(line["line_number"] in places for line in lines) >= _LEAST_SHARE * len(lines)


@cache
def _places(store: Path, name: str, digest: str) -> dict[int, Place] | None:
    return find_places(name, (store / "contents" / digest).read_bytes())
