"""Projects for tests of what surrounds the model: a runtime of a few lines of C that adds up its input."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from codegen.boards import Board, load_board
from codegen.clip import Clip
from codegen.feature_spec import FeatureSpec
from codegen.ir import Graph, Model, Quant, Tensor
from codegen.model_card import ModelCard, SelfTest
from codegen.project import ProjectOptions, write_project
from codegen.render import render, template_text
from codegen.runtime_files import RuntimeFiles
from codegen.stream_spec import StreamSpec

LABELS = ("anger", "joy", "calm")
SPEC = FeatureSpec(
    mean=tuple(1.0 + 0.1 * k for k in range(16)),
    std=tuple(0.5 + 0.05 * k for k in range(16)),
    mel_bins=16,
    context_frames=30,
    stride_frames=10,
)
INPUT = Tensor("features", (1, 30, 16), "int8", Quant((1 / 32,), (-5,)))
OUTPUT = Tensor("posteriors", (1, 3), "int8", Quant((1 / 256,), (-128,)))
ARENA_BYTES = 480

SUMS_C = """
#include "ser_model.h"

static int8_t arena[SER_MODEL_ARENA_BYTES];
static int8_t output[SER_MODEL_OUTPUT_0_BYTES];

ser_status_t ser_model_init(void)
{
    return SER_OK;
}

ser_status_t ser_model_reset(void)
{
    return SER_OK;
}

int8_t *ser_model_input(size_t index)
{
    return index == 0 ? arena : NULL;
}

ser_status_t ser_model_invoke(void)
{
    int32_t sums[SER_MODEL_OUTPUT_0_BYTES] = {0};
    for (size_t i = 0; i < SER_MODEL_INPUT_0_BYTES; ++i) {
        sums[i % SER_MODEL_OUTPUT_0_BYTES] += arena[i] * (int32_t)(1 + i % 5);
    }
    for (size_t i = 0; i < SER_MODEL_OUTPUT_0_BYTES; ++i) {
        output[i] = (int8_t)(sums[i] % 128);
    }
    return SER_OK;
}

const int8_t *ser_model_output(size_t index)
{
    return index == 0 ? output : NULL;
}

size_t ser_model_arena_used(void)
{
    return sizeof arena;
}
"""


def expected_sums(rows: np.ndarray) -> np.ndarray:
    """What SUMS_C gives: int8 (runs, 480) -> int8 (runs, 3); C's % truncates towards zero."""
    weighted = rows.astype(np.int64) * (1 + np.arange(rows.shape[1]) % 5)
    return np.fmod(weighted.reshape(len(rows), -1, OUTPUT.size).sum(axis=1), 128).astype(np.int8)


def sums_model(*, name: str = "sums", card: ModelCard | None = None, selftest: bool = False) -> Model:
    """A model without operators whose runtime is SUMS_C; its card has features, labels, and a self-test if asked."""
    if card is None:
        rows = np.arange(INPUT.size, dtype=np.int64).reshape(1, -1).astype(np.int8)
        vectors = SelfTest(rows.tobytes(), expected_sums(rows).tobytes()) if selftest else None
        card = ModelCard(name="sums", labels=LABELS, features=SPEC, selftest=vectors)
    content = b"not a real model file"
    digest = hashlib.sha256(content).hexdigest()
    return Model(name, Graph((INPUT, OUTPUT), (), (0,), (1,)), card, content, digest, {})


def sums_runtime(model: Model, source: str = SUMS_C) -> RuntimeFiles:
    """The RuntimeFiles of SUMS_C."""
    header = render(
        "model/ser_model.h.j2",
        banner="/* test */",
        inputs=[INPUT],
        outputs=[OUTPUT],
        arena_bytes=ARENA_BYTES,
        features=model.card.features if model.card else None,
        ring=None,
    )
    files: dict[str, str | bytes] = {
        "model/ser_status.h": template_text("model/ser_status.h"),
        "model/ser_model.h": header,
        "model/ser_model.c": source,
    }
    return RuntimeFiles(files, ("model/ser_model.c",), ARENA_BYTES, 0, (("tensor 'features'", 480), ("tensor 'x'", 3)))


def write_sums_project(
    folder: Path,
    board: Board | str = "mps2-an386",
    *,
    source: str = SUMS_C,
    selftest: bool = False,
    stream: StreamSpec | None = None,
    arithmetic: str = "auto",
    project: str = "cmake",
    clip: Clip | None = None,
    microphone: bool = False,
    labels: tuple[str, ...] | None = None,
) -> Path:
    """A whole project around SUMS_C, or around another source with the same interface."""
    model = sums_model(selftest=selftest)
    options = ProjectOptions(
        board=load_board(board) if isinstance(board, str) else board,
        stream=stream or StreamSpec(),
        arithmetic=arithmetic,
        project=project,
        clip=clip,
        microphone=microphone,
        labels=labels,
    )
    write_project(model, sums_runtime(model, source), options, folder)
    return folder
