"""`tinyser demo`: the whole pipeline once, from a spoken corpus to firmware that listens in QEMU.

Every step is a function of files in one folder, listed in `demo_steps`; `tinyser.steps` skips those that are done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen.atomic import new_file
from codegen.errors import DataError, OutputExistsError
from tinyser.emulator.build import find_tool
from tinyser.folder_lock import hold_folder
from tinyser.steps import STATE, Done, Step, run_steps

if TYPE_CHECKING:
    from rich.console import Console

    from tinyser.corpora import Corpus, Utterance

CORPUS, RUN, HRF, CALIBRATION = "corpus", "training", "training/model.pt", "training/calibration.npy"
MERGED, ONNX, TFLITE, FEATURES = "merged.pt", "model.onnx", "model.tflite", "features.json"
DIRECT, TFLM = "firmware/direct", "firmware/tflm"
EMULATION, REPORT, PAGE, LISTENING, SUMMARY = (
    "emulation.json",
    "report.json",
    "report.html",
    "listening.json",
    "summary.json",
)
BOARD = "mps2-an386"
FOLD = 0
# Looked for before the long work begins.
_PROGRAMS = ("gcc", "arm-none-eabi-gcc", "qemu-system-arm")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """What a demo run depends on; `qemu_clips` of the test clips go through QEMU, None for all."""

    seed: int = 0
    epochs: int = 30
    preset: str = "small"
    hrf_ratio: int = 4
    qemu_clips: int | None = None


def run_demo(folder: str | Path, settings: DemoSettings, console: Console) -> dict[str, Any]:
    """Runs or resumes the demo in `folder`; returns what `summary.json` holds.

    Raises DataError when the folder cannot be used, and whatever a step raises; the next call goes on there.
    """
    folder = Path(folder)
    _need_folder(folder)
    for program in _PROGRAMS:
        find_tool(program)
    steps = demo_steps(settings, console)
    with hold_folder(folder / STATE):
        console.print(f"Demo in {folder}, seed {settings.seed}: {len(steps)} steps; stop it any time, it goes on there")
        done = run_steps(steps, folder, partial(_announce, console, steps), partial(_finish, console))
        summary = summarise(folder, settings)
        _write_json(folder / SUMMARY, summary)
    _say_time(done, console)
    return summary


def _need_folder(folder: Path) -> None:
    """Raises DataError or OutputExistsError when the folder is a file or holds something else."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: is a file, a folder is needed; choose another output folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / STATE).is_dir():
        raise OutputExistsError(f"{folder}: exists and holds no demo; choose a new folder")


def demo_steps(settings: DemoSettings, console: Console) -> tuple[Step, ...]:
    """The steps in order, with what each reads and writes."""
    train = {
        "seed": settings.seed,
        "epochs": settings.epochs,
        "preset": settings.preset,
        "hrf_ratio": settings.hrf_ratio,
    }
    seed, clips = {"seed": settings.seed}, {"qemu_clips": settings.qemu_clips}
    models = (HRF, MERGED, ONNX, TFLITE)
    firmware = (DIRECT, TFLM) if has_tflm() else (DIRECT,)

    def step(name: str, title: str, run: Callable[[Path], object], writes: tuple[str, ...], **more: Any) -> Step:
        return Step(name, title, run, writes, **more)

    steps = (
        step("corpus", "speak a corpus", partial(_corpus, settings.seed), (CORPUS,), settings=seed),
        step(
            "train",
            "train a ConvTransformer with HRF",
            partial(_train, train, console),
            (RUN,),
            reads=(CORPUS,),
            settings=train,
            resumes=True,
        ),
        step("merge", "merge the HRF layers away", _merge, (MERGED,), reads=(HRF,)),
        step("export", "export to ONNX", _export, (ONNX,), reads=(MERGED,)),
        step(
            "quantize",
            "quantize to int8 TFLite",
            _quantize,
            (TFLITE, FEATURES),
            reads=(ONNX, CALIBRATION),
        ),
        step("generate", f"generate C for {BOARD}", partial(_generate, "direct"), (DIRECT,), reads=(TFLITE,)),
        step("generate-tflm", "generate the TFLM firmware", partial(_generate, "tflm"), (TFLM,), reads=(TFLITE,)),
        step(
            "emulate", "measure size and instructions", _emulate, (EMULATION,), reads=(TFLITE, *firmware, CALIBRATION)
        ),
        step(
            "check",
            "compare all stages on the test speakers",
            partial(_check, settings),
            (REPORT, PAGE),
            reads=(CORPUS, *models, DIRECT),
            settings={**seed, **clips},
        ),
        step(
            "listen",
            "classify a recording in QEMU, from raw audio",
            partial(_listen, settings.seed),
            (LISTENING,),
            reads=(CORPUS, DIRECT),
            settings=seed,
        ),
    )
    return tuple(step for step in steps if step.writes != (TFLM,) or has_tflm())


def has_tflm() -> bool:
    """Whether the TFLM interpreter is installed; there are wheels for Linux on x86-64 only."""
    return find_spec("tflite_micro") is not None


def load_demo_corpus(folder: Path, seed: int) -> Corpus:
    """The spoken corpus of a demo folder."""
    from tinyser.corpora import load_corpus

    return load_corpus("spoken", folder / CORPUS, seed)


def test_clips(corpus: Corpus) -> tuple[Utterance, ...]:
    """The clips of the speakers that training never heard."""
    return corpus.of_speakers(corpus.fold(FOLD).test)


def _corpus(seed: int, folder: Path) -> None:
    load_demo_corpus(folder, seed)


def _train(chosen: dict[str, Any], console: Console, folder: Path) -> None:
    from tinyser.training.run import train
    from tinyser.training.settings import TrainSettings

    train(TrainSettings(corpus="spoken", data=folder / CORPUS, output=folder / RUN, fold=FOLD, **chosen), console)


def _merge(folder: Path) -> None:
    from tinyser.hrf.merge_file import merge_file

    merge_file(folder / HRF, folder / MERGED)


def _export(folder: Path) -> None:
    from tinyser.convert.export_onnx import export_onnx

    export_onnx(folder / MERGED, folder / ONNX)


def _quantize(folder: Path) -> None:
    from tinyser.convert.quantize import quantize

    quantize(folder / ONNX, folder / CALIBRATION, folder / TFLITE)


def _generate(runtime: str, folder: Path) -> None:
    from codegen.boards import load_board
    from codegen.project import ProjectOptions, generate_project
    from codegen.read_tflite import read_tflite
    from tinyser.emulator.tflm_arena import measure_arena

    model = read_tflite(folder / TFLITE)
    arena = measure_arena(model).recommended_bytes if runtime == "tflm" else None
    generate_project(
        model, ProjectOptions(board=load_board(BOARD), runtime=runtime), folder / "firmware" / runtime, arena
    )


def _emulate(folder: Path) -> None:
    """Sizes and instructions of two calibration windows; TFLM's arena from its own allocator."""
    import numpy as np

    from tinyser.convert.tflite_file import read_tflite_file
    from tinyser.emulator import qemu, tflm

    model = read_tflite_file(folder / TFLITE)
    windows = np.load(folder / CALIBRATION)[:2]
    rows = model.input.quantize(windows).reshape(len(windows), -1)
    figures = {"direct": qemu.run(folder / DIRECT, rows).to_json()}
    if has_tflm():
        figures["tflm"] = tflm.run(folder / TFLM, rows).to_json()
    _write_json(folder / EMULATION, figures)


def _check(settings: DemoSettings, folder: Path) -> None:
    from tinyser.check.compare import Candidate, compare
    from tinyser.check.environment import environment
    from tinyser.check.firmware import memory_plan
    from tinyser.check.material import from_corpus
    from tinyser.check.page import write_page
    from tinyser.check.run import integer_candidates, model_files, with_firmware, with_layers, with_remedies
    from tinyser.convert.tflite_file import read_tflite_file
    from tinyser.runtimes.onnx_model import OnnxRuntime
    from tinyser.runtimes.torch_model import TorchRuntime

    model = read_tflite_file(folder / TFLITE)
    card = model.card
    assert card is not None and card.features is not None
    corpus = load_demo_corpus(folder, settings.seed)
    material = from_corpus(corpus, test_clips(corpus), "spoken, test speakers", card.features, card.labels)
    int8, skipped = integer_candidates(folder / DIRECT, model, material, settings.qemu_clips)
    floats = (
        Candidate("hrf", lambda: TorchRuntime(folder / HRF, "hrf", "PyTorch with HRF")),
        Candidate("pt", lambda: TorchRuntime(folder / MERGED, "pt", "PyTorch merged")),
        Candidate("onnx", lambda: OnnxRuntime(folder / ONNX)),
    )
    files = model_files(hrf=folder / HRF, pt=folder / MERGED, onnx=folder / ONNX, tflite=folder / TFLITE)
    report = compare((*floats, *int8), material, files=files, skipped=skipped)
    report = with_layers(report, folder / TFLITE, None, material)
    report = with_remedies(report, folder / TFLITE, None, material)
    report = replace(with_firmware(report, folder / DIRECT), environment=environment())
    report.save(folder / REPORT)
    write_page(report, folder / PAGE, memory_plan(folder / DIRECT))


def _listen(seed: int, folder: Path) -> None:
    from tinyser.emulator import qemu
    from tinyser.features.audio import read_audio

    clip = test_clips(load_demo_corpus(folder, seed))[0]
    recording = read_audio(clip.path)
    answer = qemu.classify(folder / DIRECT, recording.samples)
    heard = {"clip": clip.path.name, "seconds": recording.seconds, "truth": clip.label, **answer.to_json()}
    _write_json(folder / LISTENING, heard)


def summarise(folder: Path, settings: DemoSettings) -> dict[str, Any]:
    """What `summary.json` holds: settings, figures of every stage, sizes, instructions, the clip that was heard."""
    report, emulation = _read_json(folder / REPORT), _read_json(folder / EMULATION)
    agreement = {
        name: pair["decision_agreement"]
        for pair in report["pairs"]
        for name, other in ((pair["a"], pair["b"]), (pair["b"], pair["a"]))
        if other == "pt"
    }
    stages = [
        {key: stage[key] for key in ("name", "title", "arithmetic", "clips")}
        | {key: stage["scores"][key] for key in ("wa", "uar", "wf1")}
        | {"equal_to_float": agreement.get(stage["name"], 1.0)}
        for stage in report["stages"]
    ]
    return {
        "version": 1,
        "seed": settings.seed,
        "epochs": settings.epochs,
        "board": BOARD,
        "test_clips": report["clips"],
        "stages": stages,
        "skipped": report["skipped"],
        "int8_bytes_equal": all(pair["bytes_equal"] is not False for pair in _contract(report["pairs"])),
        "sizes": emulation,
        "listening": _read_json(folder / LISTENING),
    }


def _contract(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pairs that must agree byte for byte: TFLM and the C; a rounding tie may set TFLite apart."""
    has_truth = any("tflm" in (pair["a"], pair["b"]) for pair in pairs)
    return [pair for pair in pairs if not has_truth or "tflite" not in (pair["a"], pair["b"])]


def _announce(console: Console, steps: tuple[Step, ...], step: Step) -> None:
    console.print(f"[bold]\\[{steps.index(step) + 1}/{len(steps)}][/bold] {step.title}")


def _finish(console: Console, done: Done) -> None:
    outputs = ", ".join(done.step.writes)
    console.print(f"      {outputs}: " + ("unchanged, skipped" if done.skipped else f"{done.seconds:.1f} s"))


def _say_time(done: list[Done], console: Console) -> None:
    skipped = sum(one.skipped for one in done)
    seconds = sum(one.seconds for one in done)
    console.print(f"{len(done) - skipped} of {len(done)} steps ran, in {seconds:.0f} s, {skipped} skipped")


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with new_file(path) as partial:
        partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
