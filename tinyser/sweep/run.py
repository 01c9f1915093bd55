"""A whole experiment: what is done already is skipped, every finished run becomes a row."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from codegen.atomic import new_folder
from codegen.errors import DataError, ToolError
from tinyser.corpora import load_corpus
from tinyser.folder_lock import hold_folder
from tinyser.sweep.job import WORK, Job, Outcome
from tinyser.sweep.plan import Experiment
from tinyser.sweep.table import ROWS, Row, append_row, read_rows

RUNS = "runs"
Engine = Callable[[Sequence[Job], int], Generator[Outcome, None, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOptions:
    """Where a sweep happens: `output` its folder, `data` the corpus', `jobs` how many runs at once.

    `engine` is `local` or `ray`; `address` that of an existing Ray cluster, None for one on this machine.
    """

    output: Path
    data: Path | None = None
    engine: str = "local"
    address: str | None = None
    jobs: int = 1
    device: str = "cpu"


def sweep(experiment: Experiment, options: SweepOptions, console: Console) -> list[Row]:
    """Does the runs that `rows.csv` in the output folder lacks; returns the rows of the experiment.

    Raises DataError for the corpus, TinySerError for a model or module that does not exist, OutputExistsError
    when another sweep is at work in the folder, and ToolError at the end when runs failed. After a
    KeyboardInterrupt the same call goes on.
    """
    runs, engine = experiment.runs(), _engine(options)
    # Two sweeps writing one table would lose rows.
    with hold_folder(options.output):
        _make_work_folder(options.output)
        done = {row.id for row in read_rows(options.output / ROWS)}
        missing = [run for run in runs if run.id not in done]
        for finished in done:  # stopped between the row and this
            shutil.rmtree(options.output / WORK / finished, ignore_errors=True)
        console.print(f"{experiment.name}: {len(runs)} runs, {len(runs) - len(missing)} done already", soft_wrap=True)
        if missing:
            _check(experiment, options.data)
            output = options.output.resolve()
            data = None if options.data is None else options.data.resolve()
            jobs = [Job(run, data, output, options.device) for run in missing]
            failures = _work_off(engine, jobs, options, console)
            if failures:
                first = failures[0]
                raise ToolError(
                    f"{len(failures)} of {len(runs)} runs failed, the first ({first.run.title}): {first.failure}; "
                    "the same command tries these again"
                )
        return rows_of(experiment, options.output)


def rows_of(experiment: Experiment, folder: Path) -> list[Row]:
    """The rows in a sweep's folder that belong to the experiment, in its order."""
    rows = {row.id: row for row in read_rows(folder / ROWS)}
    return [rows[run.id] for run in experiment.runs() if run.id in rows]


def _make_work_folder(folder: Path) -> None:
    try:
        (folder / WORK).mkdir(exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot use it ({error.strerror}); choose another output folder") from error


def _check(experiment: Experiment, data: Path | None) -> None:
    """What would fail in every run fails here, at once; a corpus made on the spot is made here, once."""
    import torch

    from tinyser.hrf import expand
    from tinyser.models import build_model, preset_config

    corpora = [load_corpus(experiment.corpus, data, seed) for seed in experiment.seeds]
    for fold in experiment.folds:
        corpora[0].fold(fold)
    settings = experiment.runs()[0].settings(None, Path(), "cpu")
    spec = settings.spec()
    for model in experiment.models:
        config = preset_config(
            model,
            experiment.preset,
            context_frames=spec.context_frames,
            features=spec.features,
            classes=len(corpora[0].labels),
        )
        with torch.device("meta"):
            plain = build_model(model, config)
            for ratio, modules in experiment.hrf_settings():
                if ratio:
                    expand(plain, ratio, modules, settings.hrf_factors)


def _work_off(engine: Engine, jobs: Sequence[Job], options: SweepOptions, console: Console) -> list[Outcome]:
    """Runs the jobs and stores what comes; returns the failures."""
    failures = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TimeRemainingColumn(elapsed_when_finished=True))
    outcomes = engine(jobs, options.jobs)
    with closing(outcomes), Progress(*columns, *times, console=console, transient=True) as progress:
        task = progress.add_task(f"{min(options.jobs, len(jobs))} at once", total=len(jobs))
        for outcome in outcomes:
            if outcome.row is None:
                failures.append(outcome)
                console.print(f"{outcome.run.title}: failed: {outcome.failure}", soft_wrap=True, markup=False)
            else:
                _store(outcome, outcome.row, options.output)
                console.print(_summary(outcome, outcome.row), soft_wrap=True)
            progress.advance(task)
    return failures


def _engine(options: SweepOptions) -> Engine:
    if options.engine == "ray":
        from tinyser.sweep import engine_ray

        return lambda jobs, workers: engine_ray.run_jobs(jobs, workers, options.address)
    from tinyser.sweep import engine_local

    return engine_local.run_jobs


def _store(outcome: Outcome, row: Row, folder: Path) -> None:
    """The run's folder first, then its row: a row says that the run is done."""
    target = folder / RUNS / outcome.run.id
    shutil.rmtree(target, ignore_errors=True)
    with new_folder(target) as partial:
        for name, content in outcome.files.items():
            (partial / name).write_bytes(content)
    append_row(folder / ROWS, row)
    shutil.rmtree(folder / WORK / outcome.run.id, ignore_errors=True)


def _summary(outcome: Outcome, row: Row) -> str:
    int8 = "" if row.int8 is None else f", int8 {row.int8.scores.uar:.3f}"
    return f"{outcome.run.title}: UAR {row.float32.uar:.3f}{int8}, WF1 {row.float32.wf1:.3f} ({row.seconds:.0f} s)"


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))
