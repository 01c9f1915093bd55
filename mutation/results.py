"""What came of mutants: kept line by line while a run goes on, and as tables when it is over."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation.mutant import Mutant, Result, Verdict

COLUMNS = ("file", "line", "column", "operator", "said", "instead", "context", "verdict", "by")


class Journal:
    """Results of this run and of those before it, in a file that is only ever added to.

    `battery` names what mutants were tried on: what was killed stays killed, others are tried again on another one.
    """

    def __init__(self, path: Path, battery: str) -> None:
        self._path, self._battery = path, battery
        self._known: dict[str, Mapping[str, object]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            lines = path.read_text().splitlines()
            self._known = {entry["of"]: entry for entry in map(json.loads, lines)}

    def known(self, mutant: Mutant, state: str) -> Result | None:
        """What came of it, if it was tried; `state` is of the file that it changes."""
        entry = self._known.get(f"{mutant.key}-{state}")
        if entry is None or (entry["battery"] != self._battery and entry["verdict"] != Verdict.KILLED.value):
            return None
        return Result(mutant, Verdict(entry["verdict"]), str(entry["by"]), float(str(entry["seconds"])))

    def add(self, result: Result, state: str) -> None:
        """Keeps it at once."""
        entry = {
            "of": f"{result.mutant.key}-{state}",
            "battery": self._battery,
            "verdict": result.verdict.value,
            "by": result.by,
            "seconds": result.seconds,
            "mutant": str(result.mutant),
        }
        with self._path.open("a") as sink:
            sink.write(json.dumps(entry) + "\n")


@dataclass(frozen=True, slots=True)
class Count:
    """`counted`: killed and survived."""

    killed: int
    survived: int
    equivalent: int
    invalid: int

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Count:
        found = Counter(verdicts)
        return cls(
            *(found[verdict] for verdict in (Verdict.KILLED, Verdict.SURVIVED, Verdict.EQUIVALENT, Verdict.INVALID))
        )

    @property
    def counted(self) -> int:
        return self.killed + self.survived


def first_counted(results: Sequence[Result], sample: int) -> list[Result]:
    """The first of them that have so many killed or survived."""
    chosen: list[Result] = []
    counted = 0
    for result in results:
        if counted == sample:
            break
        counted += result.verdict in (Verdict.KILLED, Verdict.SURVIVED)
        chosen.append(result)
    return chosen


def save_table(results: Sequence[Result], path: Path) -> None:
    """A CSV, by file and line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(COLUMNS)
        for result in sorted(results, key=lambda r: (r.mutant.file, r.mutant.start, r.mutant.end, r.mutant.instead)):
            m = result.mutant
            place = (m.file, m.line, m.column, m.operator, m.said, m.instead, m.context)
            writer.writerow((*place, result.verdict.value, result.by))


def load_table(path: Path) -> list[dict[str, str]]:
    """What `save_table` wrote."""
    with path.open(newline="") as source:
        return list(csv.DictReader(source))
