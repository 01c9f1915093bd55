"""One run of an experiment: train, merge with proof, measure on the test speakers in float32 and in int8."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from rich.console import Console

import tinyser
from codegen.errors import TinySerError
from tinyser.check.compare import StageRun, compare_pair, run_stage
from tinyser.check.material import Material, from_corpus
from tinyser.corpora import load_corpus
from tinyser.hrf.merge_file import merge_file
from tinyser.models.checkpoint import load_checkpoint
from tinyser.runtimes.torch_model import TorchRuntime
from tinyser.sweep.job import WORK, Job, Outcome
from tinyser.sweep.plan import Run
from tinyser.sweep.table import Int8Result, Row
from tinyser.training.learning_curve import LOG, read_curve
from tinyser.training.metrics import Metrics, measure
from tinyser.training.resume import LAST
from tinyser.training.run import METRICS, TrainResult, train
from tinyser.training.settings import TrainSettings

MERGED, ONNX, TFLITE = "merged.pt", "model.onnx", "model.tflite"


def attempt(job: Job) -> Outcome:
    """Runs a job; what a user could mend comes back as a failure, so that other runs go on."""
    try:
        with _work_folder(job) as folder:
            return Outcome(job.run, _execute(job, folder), _files(job.run, folder))
    except TinySerError as error:
        return Outcome(job.run, None, {}, " ".join(str(error).split()))


@contextmanager
def _work_folder(job: Job) -> Iterator[Path]:
    """The run's own folder in the sweep's, where an interrupted run goes on; elsewhere on a machine without it."""
    if (job.output / WORK).is_dir():
        folder = job.output / WORK / job.run.id
        folder.mkdir(exist_ok=True)
        yield folder
    else:
        with TemporaryDirectory(prefix="tinyser-") as scratch:
            yield Path(scratch)


def _execute(job: Job, folder: Path) -> Row:
    started = time.monotonic()
    settings = job.run.settings(job.data, folder, job.device)
    trained = train(settings, Console(quiet=True))
    curve = read_curve(folder)
    merged = merge_file(folder, folder / MERGED)
    material = _test_material(settings, folder / MERGED)
    floats = run_stage(TorchRuntime(folder / MERGED), material)
    int8 = _int8(folder, material, floats) if job.run.int8 else None
    return Row(
        id=job.run.id,
        settings=job.run.training,
        device=job.device,
        tinyser=tinyser.__version__,
        torch=torch.__version__,
        test_speakers=tuple(trained.metrics["speakers"]["test"]),
        epochs_run=trained.metrics["epochs"],
        best_epoch=trained.metrics["best_epoch"],
        validation_uar=_uar(trained, "validation"),
        familiar_uar=_uar(trained, "test_familiar"),
        parameters_trained=merged.parameters_before,
        parameters_merged=merged.parameters_after,
        merge_difference=merged.equality.largest_difference,
        train_loss=curve[-1]["train_loss"],
        train_seconds=round(sum(epoch["seconds"] for epoch in curve), 1),
        seconds=round(time.monotonic() - started, 1),
        float32=_scores(floats, material),
        int8=int8,
    )


def _test_material(settings: TrainSettings, checkpoint: Path) -> Material:
    """The clips of the fold's test speakers as the model sees them."""
    card = load_checkpoint(checkpoint).card
    assert card.features is not None
    corpus = load_corpus(settings.corpus, settings.data, settings.seed)
    clips = corpus.of_speakers(corpus.fold(settings.fold).test)
    return from_corpus(corpus, clips, f"{corpus.name}, fold {settings.fold}", card.features, card.labels)


def _int8(folder: Path, material: Material, floats: StageRun) -> Int8Result:
    """Exports, quantizes, and runs the test clips through TFLite's reference kernels."""
    from tinyser.convert.export_onnx import export_onnx
    from tinyser.convert.quantize import quantize
    from tinyser.convert.tflite_file import read_tflite_file
    from tinyser.runtimes.integer_model import tflite_reference
    from tinyser.training.run import CALIBRATION

    export_onnx(folder / MERGED, folder / ONNX)
    quantized = quantize(folder / ONNX, folder / CALIBRATION, folder / TFLITE)
    stage = run_stage(tflite_reference(read_tflite_file(folder / TFLITE)), material)
    pair = compare_pair(floats, stage, material)
    assert pair is not None
    return Int8Result(_scores(stage, material), quantized.bytes, pair.decision_agreement)


def _scores(stage: StageRun, material: Material) -> Metrics:
    assert material.truth is not None
    return measure(material.truth, stage.decisions, material.labels)


def _uar(trained: TrainResult, part: str) -> float | None:
    """None where the run has no such part."""
    return trained.metrics[part]["uar"] if part in trained.metrics else None


def _files(run: Run, folder: Path) -> dict[str, bytes]:
    """What the run's folder will hold: figures and learning curve; with `keep` everything but the way to go on."""
    everything = [path.name for path in folder.iterdir() if path.is_file() and path.name != LAST]
    names = everything if run.keep else [METRICS, LOG]
    content: dict[str, Any] = {"id": run.id, "int8": run.int8, **run.training}
    settings = json.dumps(content, indent=1) + "\n"
    return {"settings.json": settings.encode(), **{name: (folder / name).read_bytes() for name in sorted(names)}}
