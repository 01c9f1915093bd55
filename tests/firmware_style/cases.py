"""Projects that together hold every C file and every branch of the C templates, on small models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codegen.boards import Board, load_board
from codegen.clip import Clip
from codegen.feature_spec import FeatureSpec
from codegen.ir import Model
from codegen.kernel_needs import NEEDS, needs_header
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from codegen.render import template_names, template_text
from tests.codegen.models import wide_inside
from tests.tflite_builder import ModelBuilder

LABELS = ("anger", "joy", "calm")
RATE_HZ = 16000
FRONT_END = {"mel_bins": 8, "log_floor": 1e-9, "pcen_floor": 1e-6, "context_frames": 20, "stride_frames": 5}
EVERYTHING = {
    **FRONT_END,
    "compression": "pcen",
    "mfcc": 6,
    "lifter": 10,
    "deltas": 2,
    "normalisation": "running",
    "running_seconds": 3.0,
    "dc_removal": True,
    "pre_emphasis": 0.97,
}
SPECS = {
    "plain": FRONT_END,
    "everything": EVERYTHING,
    "utterance": {**FRONT_END, "normalisation": "utterance", "deltas": 1},
}


@dataclass(frozen=True, slots=True)
class Case:
    """A board, a feature specification (none: a model without features), their arithmetic, where sound comes from."""

    board: str
    spec: str | None
    arithmetic: str = "auto"
    clip: bool = False
    microphone: bool = False

    @property
    def name(self) -> str:
        """Of its folder."""
        return "-".join([self.board, self.spec or "none", self.arithmetic])


# Each driver of a console, clock, counter, halt, LED and microphone; each front end in both arithmetics.
CASES = (
    Case("host", "everything", "float", clip=True),
    Case("host", "utterance", "fixed"),
    Case("host", None),
    Case("mps2-an386", "plain", "float", clip=True),
    Case("mps2-an385", "everything", "fixed"),
    Case("nucleo-f446re", "utterance", "float", microphone=True),
    Case("b-l475e-iot01a", "plain", "fixed", microphone=True),
    Case("lm3s6965evb", "plain", "fixed"),
    Case("microbit-v2", "plain", "float", microphone=True),
    Case("nucleo-h743zi", "plain", "float", microphone=True),
    Case("stm32f4-discovery", "plain", "float", microphone=True),
    Case("b-u585i-iot02a", "plain", "float", microphone=True),
    Case("stm32vldiscovery", None),
)


def write_case(case: Case, folder: Path) -> Path:
    """The project of a case; its folder."""
    spec = None if case.spec is None else _feature_spec(**SPECS[case.spec])
    model = parse_tflite(wide_inside()) if spec is None else _classifier_model(spec)
    options = ProjectOptions(
        board=load_board(case.board),
        features=spec,
        labels=None if spec is None else LABELS,
        arithmetic=case.arithmetic,
        clip=Clip("tone.wav", np.zeros(RATE_HZ // 10, np.int16), RATE_HZ) if case.clip else None,
        microphone=case.microphone,
    )
    generate_project(model, options, folder / case.name)
    return folder / case.name


def classifier_options(board: Board, **chosen: Any) -> tuple[Model, ProjectOptions]:
    """A classifier with the plainest features, and options for its project."""
    spec = _feature_spec(**SPECS["plain"])
    return _classifier_model(spec), ProjectOptions(board=board, features=spec, labels=LABELS, **chosen)


def write_kernels(folder: Path) -> Path:
    """Every kernel, with all that some model may need of it."""
    folder.mkdir()
    for name in template_names("kernels"):
        (folder / name).write_text(template_text(f"kernels/{name}"))
    for source in NEEDS:
        (folder / f"ts_{source}_needs.h").write_text(needs_header(source, lambda need: True))
    return folder


def _feature_spec(**settings: Any) -> FeatureSpec:
    plain = FeatureSpec.unnormalised(**settings)
    return FeatureSpec(**plain.settings(), mean=(0.0,) * plain.features, std=(1.0,) * plain.features)


def _classifier_model(spec: FeatureSpec) -> Model:
    """(1, frames, features) -> CONV_2D over neighbouring frames -> FULLY_CONNECTED -> (1, 3) -> SOFTMAX."""
    frames, features = spec.context_frames, spec.features
    builder = ModelBuilder()
    given = builder.tensor("features", (1, frames, features), scale=1 / 32, zero_point=-5)
    image = builder.tensor("image", (1, frames, 1, features), scale=1 / 32, zero_point=-5)
    builder.op("RESHAPE", [given, builder.constant("as_image", [1, frames, 1, features])], [image])
    taps = builder.tensor("taps", (4, 3, 1, features), scale=0.02, data=_weights((4, 3, 1, features)))
    hidden = builder.tensor("hidden", (1, frames, 1, 4), scale=0.1, zero_point=3)
    builder.op("CONV_2D", [image, taps, None], [hidden], padding="SAME", stride_h=1, stride_w=1)
    flat = builder.tensor("flat", (1, 4 * frames), scale=0.1, zero_point=3)
    builder.op("RESHAPE", [hidden, builder.constant("as_row", [1, 4 * frames])], [flat])
    weights = builder.tensor("weights", (3, 4 * frames), scale=0.02, data=_weights((3, 4 * frames)))
    logits = builder.tensor("logits", (1, 3), scale=0.1, zero_point=-5)
    builder.op("FULLY_CONNECTED", [flat, weights, None], [logits])
    output = builder.tensor("posteriors", (1, 3), scale=1 / 256, zero_point=-128)
    builder.op("SOFTMAX", [logits], [output], beta=1.0)
    return parse_tflite(builder.build([given], [output]))


def _weights(shape: tuple[int, ...]) -> np.ndarray:
    return np.resize(np.arange(-6, 7), shape)
