"""One small change of a file, known by what it says and not by its line's number, so that it outlives other changes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """What came of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"  # the same object code everywhere
    INVALID = "invalid"  # does not compile, or does not import


@dataclass(frozen=True, slots=True)
class Mutant:
    """Bytes `start` to `end` of `file`, replaced. `line` and `column` count from 1; `context` is the line's text."""

    file: str
    operator: str
    start: int
    end: int
    said: str
    instead: str
    line: int
    column: int
    context: str
    twins: int = 0  # lines of the same text before this one

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.operator}: {self.said} -> {self.instead}"

    @property
    def key(self) -> str:
        """What stays while the line does."""
        parts = (
            self.file,
            self.context,
            str(self.column),
            self.said,
            self.instead,
            *(str(self.twins),) * (self.twins > 0),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]

    def apply(self, content: bytes) -> bytes:
        """The file with the change in it."""
        assert content[self.start : self.end].decode() == self.said, f"{self}: the file has changed"
        return content[: self.start] + self.instead.encode() + content[self.end :]


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant's trial: `by` is what killed it."""

    mutant: Mutant
    verdict: Verdict
    by: str
    seconds: float


class Source:
    """A file's text, from which mutants are cut."""

    def __init__(self, file: str, content: bytes) -> None:
        self.file, self.content = file, content

    def mutant(self, operator: str, start: int, end: int, instead: str) -> Mutant:
        """The bytes from `start` to `end`, replaced."""
        before = self.content[:start]
        first = before.rfind(b"\n") + 1
        last = self.content.find(b"\n", start)
        line = self.content[first : last if last >= 0 else len(self.content)].decode()
        said = self.content[start:end].decode()
        indentation = len(line) - len(line.lstrip())
        column = start - first - indentation + 1
        number, context = before.count(b"\n") + 1, line.strip()
        twins = sum(other.strip() == context for other in before[:first].decode().splitlines())
        return Mutant(self.file, operator, start, end, said, instead, number, column, context, twins)


def chosen(mutants: Sequence[Mutant], seed: int) -> list[Mutant]:
    """All of them, once each, in a random order: any first part of it is a fair sample."""
    unique = list({(m.file, m.start, m.end, m.instead): m for m in mutants}.values())
    random.Random(seed).shuffle(unique)
    return unique
