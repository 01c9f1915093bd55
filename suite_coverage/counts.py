"""Lines and branches that ran, merged over many compilations of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class LineCount:
    """Whether a line ran, and which of its branches were taken.

    Compilations of a line with other macros have other branches. Those with the most count; they are merged by place.
    """

    ran: bool = False
    branches: list[bool] = field(default_factory=list)

    def add(self, ran: bool, taken: Sequence[bool]) -> None:
        """One more compilation."""
        self.ran |= ran
        if len(taken) > len(self.branches):
            self.branches = list(taken)
        elif len(taken) == len(self.branches):
            self.branches = [one or other for one, other in zip(self.branches, taken, strict=True)]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many lines and branches."""

    lines_run: int = 0
    lines: int = 0
    branches_taken: int = 0
    branches: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(
            self.lines_run + other.lines_run,
            self.lines + other.lines,
            self.branches_taken + other.branches_taken,
            self.branches + other.branches,
        )


def share(lines: Sequence[LineCount]) -> Share:
    """Of a file's lines."""
    return Share(
        sum(line.ran for line in lines),
        len(lines),
        sum(sum(line.branches) for line in lines),
        sum(len(line.branches) for line in lines),
    )
