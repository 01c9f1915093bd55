"""The models in `examples/`: their cards say what is measured, and their firmware computes what TFLM computes."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.feature_spec import FeatureSpec
from codegen.read_tflite import read_tflite
from tests.generated import run_direct
from tests.reference_runtimes import run_tflm
from tinyser.check.compare import run_stage
from tinyser.check.material import from_corpus
from tinyser.convert.tflite_file import read_tflite_file
from tinyser.corpora import load_corpus
from tinyser.runtimes.integer_model import tflite_reference
from tinyser.training.metrics import measure

EXAMPLES = Path(__file__).parents[1] / "examples"
MODELS = sorted(path.parent.name for path in EXAMPLES.glob("*/card.json"))


@pytest.fixture(scope="module")
def zoo() -> dict[str, Any]:
    """What the script that fills the zoo defines."""
    return runpy.run_path(str(EXAMPLES / "refresh_zoo.py"))


def card_of(name: str) -> dict[str, Any]:
    content = json.loads((EXAMPLES / name / "card.json").read_text())
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("name", MODELS)
def test_firmware_has_the_figures_of_the_card(
    name: str, zoo: dict[str, Any], require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    card = card_of(name)
    measured = zoo["measure"](EXAMPLES / name / "model.tflite")
    # Another compiler, another count: the card's were measured with the one that CI has.
    assert measured["tflite_bytes"] == card["tflite_bytes"] and measured["arena_bytes"] == card["arena_bytes"]
    for figure in ("instructions", "flash_bytes"):
        assert measured[figure] == pytest.approx(card[figure], rel=0.02)
    assert (EXAMPLES / name / "README.md").read_text() == zoo["page"](card)


@pytest.mark.parametrize("name", MODELS)
def test_generated_code_gives_the_bytes_of_tflm(
    name: str, require_tool: Callable[..., None], require_module: Callable[..., None]
) -> None:
    require_tool("gcc")
    require_module("tflite_micro")
    path = EXAMPLES / name / "model.tflite"
    model = read_tflite(path)
    assert model.card is not None and model.card.features == FeatureSpec.load(path.with_name("features.json"))
    shape = model.graph.tensors[model.graph.inputs[0]].shape
    rows = [[row] for row in np.random.default_rng(0).integers(-128, 128, (3, *shape), dtype=np.int8)]
    content = path.read_bytes()
    for (ours,), (theirs,) in zip(run_direct(content, rows), run_tflm(content, rows), strict=True):
        np.testing.assert_array_equal(ours.ravel(), theirs.ravel())


@pytest.mark.parametrize("name", MODELS)
def test_recall_on_the_unseen_speaker(name: str, data_dir: Path) -> None:
    card, path = card_of(name), EXAMPLES / name / "model.tflite"
    corpus = load_corpus("emodb", data_dir / "emodb", 0)
    fold = corpus.fold(card["fold"])
    claimed = next(entry for entry in card["folds"] if entry["fold"] == card["fold"])
    assert claimed["test"] == list(fold.test)
    metadata = read_tflite(path).card
    assert metadata is not None and metadata.features is not None
    clips = corpus.of_speakers(fold.test)
    material = from_corpus(corpus, clips, corpus.name, metadata.features, metadata.labels)
    stage = run_stage(tflite_reference(read_tflite_file(path)), material)
    assert measure(material.truth, stage.decisions, material.labels).uar == pytest.approx(claimed["int8"], abs=1e-6)
