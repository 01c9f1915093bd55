"""Writes docs/mutation.md from mutation/results/ and mutation_survivors.toml: `./run python docs/refresh_mutation.py`.

A test compares.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCS = Path(__file__).parent
PAGE = DOCS / "mutation.md"
RESULTS = DOCS.parent / "mutation" / "results"
PARTS = {"kernels": "C kernels", "planner": "The planner"}
KINDS = ("equivalent", "unnoticed")
PLACE = ("file", "context", "column", "said", "instead")
KEYS = {*PLACE, "kind", "reason"}


@dataclass(frozen=True, slots=True)
class Survivor:
    """Why no test notices a mutant: `equivalent` where no output can change, `unnoticed` where one could."""

    place: tuple[str, ...]  # the values of PLACE
    kind: str
    reason: str


def read_survivors(text: str) -> dict[tuple[str, ...], Survivor]:
    """By place. Raises ValueError that says where, what was got and what is allowed."""
    found: dict[tuple[str, ...], Survivor] = {}
    for number, entry in enumerate(tomllib.loads(text).get("survivor", ()), 1):
        where = f"survivor {number}, {entry.get('file', '?')}"
        if entry.keys() != KEYS:
            raise ValueError(f"{where}: keys: got {', '.join(sorted(entry))}, allowed {', '.join(sorted(KEYS))}")
        if entry["kind"] not in KINDS:
            raise ValueError(f"{where}: kind: got {entry['kind']!r}, allowed is {' or '.join(KINDS)}")
        place = tuple(str(entry[key]) for key in PLACE)
        if place in found:
            raise ValueError(f"{where}: stands there twice; remove one")
        found[place] = Survivor(place, entry["kind"], entry["reason"])
    return found


def survivors() -> dict[tuple[str, ...], Survivor]:
    """Those of this project."""
    return read_survivors((DOCS / "mutation_survivors.toml").read_text("utf-8"))


def results(part: str) -> list[Mapping[str, str]]:
    """The rows of a part's table."""
    with (RESULTS / f"{part}.csv").open(newline="", encoding="utf-8") as source:
        return list(csv.DictReader(source))


def place_of(row: Mapping[str, str]) -> tuple[str, ...]:
    """What a survivor's entry is found by."""
    return tuple(row[key] for key in PLACE)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of mutants: `equivalent` with those that are explained as such."""

    tried: int
    invalid: int
    same_code: int
    equivalent: int
    killed: int
    unnoticed: int

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, str]], explained: Mapping[tuple[str, ...], Survivor]) -> Figures:
        """Counts a survivor without an entry as unnoticed."""
        verdicts = [row["verdict"] for row in rows]
        alive = [row for row in rows if row["verdict"] == "survived"]
        found = [explained.get(place_of(row)) for row in alive]
        equivalent = sum(entry is not None and entry.kind == "equivalent" for entry in found)
        return cls(
            len(rows),
            verdicts.count("invalid"),
            verdicts.count("equivalent"),
            equivalent,
            verdicts.count("killed"),
            len(alive) - equivalent,
        )

    @property
    def share(self) -> float:
        """Of those that are not equivalent, how many are killed."""
        return self.killed / max(1, self.killed + self.unnoticed)

    def row(self, name: str) -> str:
        """Of a Markdown table."""
        numbers = (self.tried, self.invalid, self.same_code, self.equivalent, self.killed, self.unnoticed)
        return f"| {name} | {' | '.join(map(str, numbers))} | {100 * self.share:.1f} % |\n"


def page() -> str:
    """The whole page."""
    explained = survivors()
    parts = [(DOCS / "mutation_head.md").read_text("utf-8")]
    for part, title in PARTS.items():
        parts.append(_part(part, title, explained))
    return "\n".join(text.rstrip("\n") + "\n" for text in parts)


def _part(part: str, title: str, explained: Mapping[tuple[str, ...], Survivor]) -> str:
    rows = results(part)
    drawn = json.loads((RESULTS / f"{part}.json").read_text("utf-8"))
    lines = [
        f"## {title}\n`./run mutants {part} --sample {drawn['sample']} --seed {drawn['seed']}`; each mutant with what "
        f"noticed it: `mutation/results/{part}.csv`.\n\n",
        "| fault | tried | invalid | same code | equivalent | killed | unnoticed | killed of those that matter |\n",
        "|---|---|---|---|---|---|---|---|\n",
    ]
    for operator in sorted({row["operator"] for row in rows}):
        lines.append(Figures.of([row for row in rows if row["operator"] == operator], explained).row(operator))
    lines.append(Figures.of(rows, explained).row("**all**"))
    alive = [row for row in rows if row["verdict"] == "survived"]
    for kind, heading in zip(KINDS, ("Equivalent", "Unnoticed"), strict=True):
        of_kind = [row for row in alive if place_of(row) in explained and explained[place_of(row)].kind == kind]
        if of_kind:
            lines.append(f"\n### {heading}\n| where | line | change | why |\n|---|---|---|---|\n")
            lines += [_row(row, explained[place_of(row)].reason) for row in of_kind]
    return "".join(lines)


def _row(row: Mapping[str, str], reason: str) -> str:
    texts = (row["context"], f"{row['said']} -> {row['instead']}")
    cells = " | ".join(f"`{text}`".replace("|", "\\|").replace("\n", " ") for text in texts)
    return f"| `{row['file']}` | {cells} | {reason} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
