"""A stage block by block: its progress can be told, and what a stopped check had done is not done again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from tinyser.runtimes import Answer

# Fewer, and generated C is compiled for the board instead of for this machine.
_FIRST_ROWS = 64
# Enough beside what a process takes to start, and not much to lose.
_SECONDS = 5.0
_FASTEST_GROWTH = 8


@dataclass(frozen=True, slots=True)
class Block:
    """Answers to neighbouring rows; `seconds` of processors that they took, None where compiling was part of it.

    Of processors: what else runs on the machine then matters little.
    """

    answer: Answer
    seconds: float | None

    @property
    def rows(self) -> int:
        return len(self.answer.posteriors)


def run_blocks(
    run: Callable[[int, int], Answer],
    rows: int,
    done: Sequence[Block] = (),
    on_block: Callable[[int, Block], None] = lambda first, block: None,
) -> tuple[Block, ...]:
    """All blocks of `rows` rows: `done`, the first of them, and what `run(first, end)` answers to the others.

    `on_block` hears the first row of each and the block. Blocks grow until one takes some seconds.
    """
    blocks = list(done)
    first, size = sum(block.rows for block in blocks), _FIRST_ROWS
    opened = False
    while first < rows:
        # A short rest belongs to the block before it.
        end = rows if rows - first < 2 * size else first + size
        started, busy = perf_counter(), processor_seconds()
        answer = run(first, end)
        block = Block(answer, processor_seconds() - busy if opened else None)
        seconds = perf_counter() - started
        on_block(first, block)
        blocks.append(block)
        wanted = int((end - first) * _SECONDS / max(seconds, 1e-6))
        size, first, opened = min(max(wanted, _FIRST_ROWS), size * _FASTEST_GROWTH), end, True
    return tuple(blocks)


def processor_seconds() -> float:
    """Of this process and its children that have ended."""
    return sum(os.times()[:4])


def joined(blocks: Sequence[Block]) -> Answer:
    """One answer out of all."""
    answers = [block.answer for block in blocks]
    logits = [answer.logits for answer in answers if answer.logits is not None]
    integers = [answer.integers for answer in answers if answer.integers is not None]
    return Answer(
        np.concatenate([answer.posteriors for answer in answers]),
        logits=np.concatenate(logits) if logits else None,
        integers=np.concatenate(integers) if integers else None,
    )


def rate(blocks: Sequence[Block]) -> float | None:
    """Rows a second of one core, without what it took to compile; None where there is no such block."""
    timed = [(block.rows, block.seconds) for block in blocks if block.seconds is not None]
    seconds = sum(taken for _, taken in timed)
    return sum(count for count, _ in timed) / seconds if seconds > 0 else None
