"""Puts a firmware project together: runtime, application, board, build files, manifest, README."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from codegen import sbom
from codegen.application import Classifier, render_application, tensors
from codegen.atomic import new_folder
from codegen.banner import banner
from codegen.boards import Board, list_boards
from codegen.clip import Clip
from codegen.direct import render_direct
from codegen.errors import BoardError, DataError, DoesNotFitError, FeatureSpecError
from codegen.feature_spec import FeatureSpec
from codegen.flavours import FLAVOURS, Parts
from codegen.ir import Model
from codegen.manifest import render_manifest
from codegen.project_names import target_name
from codegen.project_readme import render_readme
from codegen.runtime_files import RuntimeFiles
from codegen.schedule import ARENA_SLACK
from codegen.sound_ring import ring_bytes
from codegen.stream_spec import StreamSpec
from codegen.tflm_runtime import render_tflm
from codegen.untrusted import LONGEST_NAME, is_name

RUNTIMES = ("direct", "tflm")
OPTIMIZATIONS = tuple(ARENA_SLACK)
LARGEST_STEP = 32  # of a classifier's output: its posteriors are computed in 64 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOptions:
    """What the user chose; labels given here go before those in the model's card, features stand in for missing ones.

    `arithmetic` of the features: `auto` is float32 on a desktop and where the board has a floating-point unit, else
    fixed point.
    """

    board: Board
    runtime: str = "direct"
    project: str = "cmake"
    optimize: str = "speed"
    features: FeatureSpec | None = None
    labels: tuple[str, ...] | None = None
    arithmetic: str = "auto"
    fft: str = "own"
    stream: StreamSpec = field(default_factory=StreamSpec)
    clip: Clip | None = None
    microphone: bool = False

    @property
    def features_arithmetic(self) -> str:
        """float or fixed."""
        if self.arithmetic != "auto":
            return self.arithmetic
        return "float" if self.board.is_host or self.board.fpu != "none" else "fixed"


@dataclass(frozen=True, slots=True)
class GeneratedProject:
    """What was written: the folder and its manifest."""

    folder: Path
    manifest: Mapping[str, Any]


def generate_project(
    model: Model,
    options: ProjectOptions,
    out: str | Path,
    tflm_arena_bytes: int | None = None,
    dump_ir: Path | None = None,
) -> GeneratedProject:
    """Compiles a model and writes its project; runtime `tflm` needs the arena's size. Raises as `write_project`.

    `dump_ir`: a folder for the graph as text, after each pass of the runtime `direct`.
    """
    features = _with_card(model, options).features
    head = project_banner(model, options)
    if options.runtime == "tflm":
        if tflm_arena_bytes is None:
            raise DataError(f"model {model.name}: runtime tflm needs an arena size; measure it with TFLM first")
        return write_project(model, render_tflm(model, tflm_arena_bytes, head, features), options, out)
    return write_project(model, render_direct(model, head, options.optimize, dump_ir, features), options, out)


def write_project(model: Model, runtime: RuntimeFiles, options: ProjectOptions, out: str | Path) -> GeneratedProject:
    """Writes the project folder `out`, whole or not at all; the same arguments give the same bytes.

    Raises FeatureSpecError, DataError, BoardError or DoesNotFitError where features, labels, project flavour or
    sizes do not suit the model and the board, and OutputExistsError when `out` exists.
    """
    options = _with_card(model, options)
    _check_flavour(options)
    _check_labels(model, options.labels)
    if options.features is not None:
        _check_features(model, options.features)
    if options.clip is not None:
        _check_clip(options.clip, options)
    if options.microphone:
        _check_microphone(options)
    _check_fits(model, runtime, options)
    head = project_banner(model, options)
    classifier = _classifier(options)
    layout = FLAVOURS[options.project](_parts(model, runtime, options, classifier, head))
    manifest = render_manifest(model, runtime, layout, options, classifier, _known_bytes(model, runtime, options))
    files = dict(layout.files)
    files["manifest.json"] = json.dumps(manifest, indent=1) + "\n"
    files["README.md"] = render_readme(model, manifest, sorted([*files, "README.md", sbom.FILE_NAME]), options.board)
    files[sbom.FILE_NAME] = sbom.render_sbom(model, files, options, target_name(model))
    with new_folder(out) as folder:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return GeneratedProject(Path(out), manifest)


def project_banner(model: Model, options: ProjectOptions) -> str:
    """The banner of the files of this project."""
    return banner(
        model,
        f"runtime {options.runtime}, board {options.board.id}, project {options.project}, optimize {options.optimize}",
    )


def _with_card(model: Model, options: ProjectOptions) -> ProjectOptions:
    card = model.card
    if card is None:
        return options
    return replace(options, features=options.features or card.features, labels=options.labels or card.labels)


def _parts(
    model: Model, runtime: RuntimeFiles, options: ProjectOptions, classifier: Classifier | None, head: str
) -> Parts:
    app = render_application(model, classifier, head)
    return Parts(
        model=model,
        board=options.board,
        runtime=options.runtime,
        fft="own" if classifier is None else classifier.fft,
        has_classifier=classifier is not None,
        banner=head,
        target=target_name(model),
        files={**runtime.files, **app.files, "model/model.tflite": model.content},
        sources=(*runtime.sources, *app.sources),
        labels=() if classifier is None else classifier.label_names(tensors(model)[1][0].size),
        clip=options.clip,
        microphone=options.board.microphone if options.microphone else None,
    )


def _classifier(options: ProjectOptions) -> Classifier | None:
    if options.features is None:
        return None
    stream = options.stream.for_features(options.features)
    return Classifier(options.features, options.labels, options.features_arithmetic, options.fft, stream)


def _check_flavour(options: ProjectOptions) -> None:
    board = options.board
    if options.project not in board.projects:
        raise BoardError(
            f"board {board.id}: has no project flavour {options.project!r}; allowed are {', '.join(board.projects)}"
        )


def _check_labels(model: Model, labels: Sequence[str] | None) -> None:
    if labels is None:
        return
    _, outputs = tensors(model)
    if len(outputs) != 1 or len(labels) != outputs[0].size:
        sizes = " + ".join(str(output.size) for output in outputs)
        raise DataError(
            f"labels: got {len(labels)} ({', '.join(labels)}), allowed is {sizes}, one for each output of model "
            f"{model.name}; name them with --labels a,b,c"
        )
    if len(set(labels)) != len(labels) or not all(map(is_name, labels)):
        raise DataError(
            f"labels: got {', '.join(map(repr, labels))}, allowed are different names that are not empty, of at most "
            f"{LONGEST_NAME} characters"
        )


def _check_features(model: Model, features: FeatureSpec) -> None:
    inputs, outputs = tensors(model)
    wanted = (features.context_frames, features.features)
    shapes = [tensor.shape for tensor in inputs]
    if len(shapes) != 1 or tuple(extent for extent in shapes[0] if extent != 1) != tuple(w for w in wanted if w != 1):
        raise FeatureSpecError(
            f"features: context_frames x features is {wanted[0]} x {wanted[1]}, but model {model.name} takes "
            f"{' and '.join(map(str, shapes))}; give the features.json this model was trained with"
        )
    if len(outputs) != 1:
        raise FeatureSpecError(
            f"features: model {model.name} has {len(outputs)} outputs, a classifier has 1; generate without --features"
        )
    if inputs[0].dtype != "int8":
        raise FeatureSpecError(
            f"features: the input of model {model.name} is {inputs[0].dtype}, the features are int8; quantize the "
            "model to int8, or generate without --features"
        )
    if outputs[0].dtype != "int8":
        raise FeatureSpecError(
            f"features: the output of model {model.name} is {outputs[0].dtype}, a classifier takes int8 posteriors; "
            "end the model with its SOFTMAX, or generate without --features"
        )
    if outputs[0].scale > LARGEST_STEP:
        raise FeatureSpecError(
            f"features: a step of the output of model {model.name} is {outputs[0].scale:g}, allowed is at most "
            f"{LARGEST_STEP} of something like a posterior; generate without --features"
        )
    card = model.card.features if model.card else None
    if card is not None and card != features:
        raise FeatureSpecError(
            f"features: got sha256 {features.digest()[:16]}, but model {model.name} is made for {card.digest()[:16]}, "
            "which the model file holds; generate without --features"
        )


def _check_clip(clip: Clip, options: ProjectOptions) -> None:
    if options.project != "cmake":
        raise DataError(
            f"--clip: project flavour {options.project} has an application of its own, allowed is cmake; leave --clip "
            "out, or choose --project cmake"
        )
    if options.features is None:
        raise DataError("--clip: the model takes no sound; give its --features, or leave --clip out")
    if clip.sample_rate_hz != options.features.sample_rate_hz:
        raise DataError(
            f"--clip {clip.title}: got {clip.sample_rate_hz} Hz, the features take "
            f"{options.features.sample_rate_hz} Hz; resample it"
        )


def _check_microphone(options: ProjectOptions) -> None:
    if options.clip is not None:
        raise DataError("--microphone: got --clip, too, a recording in its place; leave one of them out")
    if options.project != "cmake":
        raise DataError(
            f"--microphone: project flavour {options.project} has an application of its own, allowed is cmake; leave "
            "--microphone out, or choose --project cmake"
        )
    if options.features is None:
        raise DataError("--microphone: the model takes no sound; give its --features, or leave --microphone out")
    if options.board.microphone is None:
        boards = ", ".join(board.id for board in list_boards() if board.microphone)
        raise BoardError(
            f"--microphone: board {options.board.id} has no driver for one, allowed are {boards}; choose one of them, "
            "or give a recording with --clip"
        )


def _known_bytes(model: Model, runtime: RuntimeFiles, options: ProjectOptions) -> dict[str, int]:
    """What is known to be needed before any compiler has run: no code, of RAM the large buffers and the stack."""
    features = options.features
    history = 0 if features is None or runtime.reads_ring else features.context_frames * features.features
    selftest = model.card.selftest if model.card else None
    vectors = 0 if selftest is None else len(selftest.input) + len(selftest.output)
    clip = 0 if options.clip is None else options.clip.flash_bytes
    ring = ring_bytes(features.sample_rate_hz) if features and (options.clip or options.microphone) else 0
    return {
        "flash": runtime.weights_bytes + vectors + clip,
        "ram": runtime.arena_bytes + history + ring + (options.board.stack_bytes or 0),
    }


def _check_fits(model: Model, runtime: RuntimeFiles, options: ProjectOptions) -> None:
    board, known = options.board, _known_bytes(model, runtime, options)
    if board.flash is None or board.ram is None:
        return
    for memory, needed, available in (
        ("flash", known["flash"], board.flash.bytes),
        ("RAM", known["ram"], board.ram.bytes),
    ):
        if needed > available:
            largest = sorted(runtime.largest, key=lambda entry: -entry[1])[:3]
            listed = ", ".join(f"{name} {size}" for name, size in largest)
            raise DoesNotFitError(
                f"model {model.name} on board {board.id}: needs at least {needed} bytes of {memory}, available are "
                f"{available}; largest: {listed or 'unknown'}; choose a larger board or a smaller model"
            )
