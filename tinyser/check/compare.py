"""Runs the stages over the material and compares every two of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import numpy.typing as npt

import tinyser
from codegen.errors import ToolError
from tinyser.check.blocks import Block, joined, rate, run_blocks
from tinyser.check.flips import find_flips
from tinyser.check.material import Material
from tinyser.check.report import ModelFile, PairReport, Report, Skipped, StageReport
from tinyser.check.significance import change, intervals
from tinyser.check.stage_store import StageStore
from tinyser.runtimes import Answer, AudioRuntime, Runtime
from tinyser.runtimes.runtime import Floats
from tinyser.training.metrics import measure

Clips = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stage to run: `make` opens it (and may raise), `clips` are those it gets, None for all of them."""

    name: str
    make: Callable[[], Runtime | AudioRuntime]
    clips: int | None = None


@dataclass(frozen=True, slots=True)
class StageRun:
    """What a stage answered, with the clips and windows it saw in the numbering of the whole material.

    A stage that makes its own features has no windows and no answer per window.
    """

    name: str
    title: str
    arithmetic: str
    clips: Clips
    windows: Clips
    answer: Answer | None
    posteriors: Floats  # (clips, labels)
    rate: float | None  # rows of windows, or recordings, a second

    @property
    def decisions(self) -> Clips:
        """The label with the largest posterior, the first on a tie."""
        return self.posteriors.argmax(axis=1)


def compare(
    candidates: Sequence[Candidate],
    material: Material,
    *,
    files: Sequence[ModelFile] = (),
    skipped: Sequence[Skipped] = (),
    on_stage: Callable[[str], None] = lambda title: None,
    store: StageStore | None = None,
) -> Report:
    """Runs every candidate, reports on each and on each pair; a stage that fails is listed as skipped.

    `store`: where stages leave their answers block by block, and where those of a check that was stopped are.
    """
    runs: list[StageRun] = []
    missing = list(skipped)
    for candidate in candidates:
        try:
            runs.append(_run(candidate, material, on_stage, store))
        except ToolError as error:
            missing.append(Skipped(candidate.name, " ".join(str(error).split())))
    return Report(
        tinyser=tinyser.__version__,
        source=material.source,
        labels=material.labels,
        clips=material.clips,
        windows=len(material.windows),
        files=tuple(files),
        stages=tuple(_stage(run, material) for run in runs),
        pairs=tuple(pair for a, b in combinations(runs, 2) if (pair := compare_pair(a, b, material)) is not None),
        flips=find_flips(runs, material),
        skipped=tuple(missing),
        notes=material.notes,
    )


def _run(
    candidate: Candidate, material: Material, on_stage: Callable[[str], None], store: StageStore | None
) -> StageRun:
    runtime = candidate.make()
    if store is None:
        return run_stage(runtime, material, candidate.clips, on_stage=on_stage)
    known = store.load(candidate.name, candidate.clips)
    keep = partial(store.save, candidate.name, candidate.clips)
    return run_stage(runtime, material, candidate.clips, on_stage=on_stage, known=known, keep=keep)


def run_stage(
    runtime: Runtime | AudioRuntime,
    material: Material,
    clips: int | None = None,
    *,
    on_stage: Callable[[str], None] = lambda title: None,
    known: Sequence[Block] = (),
    keep: Callable[[int, Block], None] = lambda first, block: None,
) -> StageRun:
    """Runs a stage on all clips, or on `clips` of them, evenly spaced, block by block.

    `known` are its first blocks, `keep` gets the first row of each other one and the block, `on_stage` hears how far it
    is. Raises ToolError, also for posteriors that are no finite numbers: nothing could be compared with them.
    """
    chosen = np.arange(material.clips)
    if clips is not None and clips < material.clips:
        chosen = np.unique(np.linspace(0, material.clips - 1, clips).round().astype(np.int64))
    part = material.subset(chosen)
    hears = isinstance(runtime, AudioRuntime)
    rows, what = (len(part.recordings), "recordings") if hears else (len(part.windows), "windows")

    def run(first: int, end: int) -> Answer:
        on_stage(f"{runtime.title}, {first} of {rows} {what}" if first else runtime.title)
        if isinstance(runtime, AudioRuntime):
            return Answer(runtime.classify(part.recordings[first:end]))
        return runtime.run(part.windows[first:end])

    blocks = run_blocks(run, rows, known, keep)
    answer = joined(blocks)
    about = (runtime.name, runtime.title, runtime.arithmetic, chosen)
    if hears:
        return StageRun(*about, np.array([], np.int64), None, answer.posteriors, rate(blocks))
    if not (finite := np.isfinite(answer.posteriors).all(axis=1)).all():
        first = part.clip_name(int(part.clip_of_window[finite.argmin()]))
        raise ToolError(
            f"{runtime.title}: posteriors are not finite in {np.count_nonzero(~finite)} of {len(finite)} windows, "
            f"first in {first}; look for a division by zero or a root of a negative number in the model"
        )
    windows = np.flatnonzero(np.isin(material.clip_of_window, chosen))
    return StageRun(*about, windows, answer, part.clip_means(answer.posteriors), rate(blocks))


def compare_pair(a: StageRun, b: StageRun, material: Material) -> PairReport | None:
    """Compares two stages on the clips both saw; None when there is none."""
    shared, clips_a, clips_b = np.intersect1d(a.clips, b.clips, return_indices=True)
    if len(shared) == 0:
        return None
    windows, windows_a, windows_b = np.intersect1d(a.windows, b.windows, return_indices=True)
    equal: int | None = None
    logits: float | None = None
    if a.answer is not None and b.answer is not None:
        if a.answer.integers is not None and b.answer.integers is not None:
            equal = int((a.answer.integers[windows_a] == b.answer.integers[windows_b]).all(axis=1).sum())
        if a.answer.logits is not None and b.answer.logits is not None:
            logits = float(np.abs(a.answer.logits[windows_a] - b.answer.logits[windows_b]).max())
    return PairReport(
        a=a.name,
        b=b.name,
        clips=len(shared),
        decision_agreement=float(np.mean(a.decisions[clips_a] == b.decisions[clips_b])),
        max_posterior_difference=float(np.abs(a.posteriors[clips_a] - b.posteriors[clips_b]).max()),
        max_logit_difference=logits,
        windows=None if equal is None else len(windows),
        windows_equal=equal,
        bytes_equal=None if equal is None else equal == len(windows),
        change=None
        if material.truth is None
        else change(material.truth[shared], a.decisions[clips_a], b.decisions[clips_b], len(material.labels)),
    )


def _stage(run: StageRun, material: Material) -> StageReport:
    truth = None if material.truth is None else material.truth[run.clips]
    return StageReport(
        name=run.name,
        title=run.title,
        arithmetic=run.arithmetic,
        clips=len(run.clips),
        decisions=tuple(int(decision) for decision in run.decisions),
        scores=None if truth is None else measure(truth, run.decisions, material.labels),
        intervals=None if truth is None else intervals(truth, run.decisions, len(material.labels)),
        per_second=run.rate,
    )
