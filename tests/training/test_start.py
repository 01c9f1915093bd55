"""Training that starts from another model: what is taken, what is new, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from codegen.errors import ModelFormatError, OutputExistsError, TinySerError
from tinyser.hrf import merge
from tinyser.models import build_model
from tinyser.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from tinyser.sweep.plan import parse_experiment
from tinyser.training.run import train
from tinyser.training.settings import TrainSettings
from tinyser.training.start import start_from

Settings = Callable[..., TrainSettings]


@pytest.fixture
def first(tiny: Settings, tmp_path: Path) -> Path:
    """The folder of a model with HRF."""
    return train(tiny(epochs=1, output=tmp_path / "first"), Console(quiet=True)).folder


def new_model(checkpoint: Checkpoint) -> torch.nn.Module:
    torch.manual_seed(5)
    return build_model(checkpoint.model_name, checkpoint.config)


def changed(path: Path, folder: Path, **values: Any) -> Path:
    """A copy of the checkpoint in which something is different."""
    save_checkpoint(folder / "changed.pt", replace(load_checkpoint(path), **values))
    return folder / "changed.pt"


def test_same_labels_take_everything(tiny: Settings, first: Path) -> None:
    checkpoint = load_checkpoint(first)
    model = new_model(checkpoint).eval()
    start_from(first / "model.pt", model, tiny(), checkpoint.card.labels)
    windows = torch.randn(3, 64, 40, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model(windows), checkpoint.build()(windows), atol=1e-4, rtol=0)


def test_other_labels_get_a_new_last_layer(tiny: Settings, first: Path) -> None:
    checkpoint = load_checkpoint(first)
    model, untouched = new_model(checkpoint), new_model(checkpoint).state_dict()
    start_from(first / "model.pt", model, tiny(), ("bored", "angry", "happy", "sad"))
    there = merge(checkpoint.build()).state_dict()
    for name, weights in model.state_dict().items():
        expected = untouched if name.startswith("head.") else there
        assert torch.equal(weights, expected[name]), name


def test_run_starts_where_the_first_ended(tiny: Settings, first: Path, tmp_path: Path) -> None:
    """With a rate that moves nothing, the second model decides as the first, factored anew."""
    still = {"epochs": 1, "learning_rate": 1e-7, "weight_decay": 0.0, "start": first / "model.pt"}
    second = train(tiny(**still, hrf_ratio=2, output=tmp_path / "second"), Console(quiet=True))
    before, after = load_checkpoint(first).build(), load_checkpoint(second.folder)
    assert after.hrf is not None and after.hrf.ratio == 2
    # BatchNorm's statistics do move: they are measured in training, and compared by nobody here.
    ours, theirs = merge(after.build()).state_dict(), merge(before).state_dict()
    for name, weights in ours.items():
        if "running" not in name and "num_batches" not in name:
            torch.testing.assert_close(weights, theirs[name], atol=1e-4, rtol=0, msg=name)


def test_stopped_run_goes_on_with_the_same_file_only(tiny: Settings, first: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.pt"
    start.write_bytes((first / "model.pt").read_bytes())
    train(tiny(epochs=1, start=start), Console(quiet=True))
    assert train(tiny(epochs=1, start=start), Console(quiet=True)).metrics["epochs"] == 1
    save_checkpoint(start, replace(load_checkpoint(first), training={}))
    with pytest.raises(OutputExistsError, match="start_sha256"):
        train(tiny(epochs=1, start=start), Console(quiet=True))


def test_more_classes(tiny: Settings, first: Path) -> None:
    checkpoint = load_checkpoint(first)
    model = build_model(checkpoint.model_name, {**checkpoint.config, "classes": 7})
    start_from(first / "model.pt", model, tiny(), tuple("abcdefg"))
    assert model.state_dict()["head.weight"].shape[0] == 7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "conformer"}, "is a convtransformer, allowed is conformer"),
        ({"mel_bins": 20}, "its features' mel_bins is 40, here 20"),
        ({"context_frames": 96}, "its features' context_frames is 64, here 96"),
    ],
)
def test_another_kind_is_refused(tiny: Settings, first: Path, settings: dict[str, Any], message: str) -> None:
    checkpoint = load_checkpoint(first)
    with pytest.raises(TinySerError, match=re.escape(message)):
        start_from(first / "model.pt", new_model(checkpoint), tiny(**settings), checkpoint.card.labels)


def test_another_size_is_refused(tiny: Settings, first: Path) -> None:
    checkpoint = load_checkpoint(first)
    wider = build_model(checkpoint.model_name, {**checkpoint.config, "width": 24})
    with pytest.raises(TinySerError, match=r"its shape is \(.*\), allowed is \(.*\); give the preset it has"):
        start_from(first / "model.pt", wider, tiny(), checkpoint.card.labels)


@pytest.mark.parametrize(
    ("blocks", "message"), [(3, r"blocks\.2\..*its shape is none"), (1, r"blocks\.1\..*allowed is none")]
)
def test_another_depth_is_refused(blocks: int, message: str, tiny: Settings, first: Path) -> None:
    checkpoint = load_checkpoint(first)
    other = build_model(checkpoint.model_name, {**checkpoint.config, "blocks": blocks})
    with pytest.raises(TinySerError, match=message):
        start_from(first / "model.pt", other, tiny(), checkpoint.card.labels)


def test_speakers_that_are_tested_are_refused(tiny: Settings, first: Path, tmp_path: Path) -> None:
    there = changed(first, tmp_path, training={"corpus": "emodb", "fold": 3})
    checkpoint = load_checkpoint(first)
    model, labels = new_model(checkpoint), checkpoint.card.labels
    with pytest.raises(TinySerError, match="was trained on fold 3 of emodb, and so on speakers that fold 1 tests"):
        start_from(there, model, tiny(corpus="emodb", fold=1), labels)
    start_from(there, model, tiny(corpus="emodb", fold=3), labels)
    start_from(there, model, tiny(corpus="ravdess", fold=1), labels)


def test_no_features_are_refused(tiny: Settings, first: Path, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(first)
    unknown = changed(first, tmp_path, card=replace(checkpoint.card, features=None))
    with pytest.raises(TinySerError, match="does not say which features it knows"):
        start_from(unknown, new_model(checkpoint), tiny(), checkpoint.card.labels)


def test_no_file(tiny: Settings, tmp_path: Path) -> None:
    with pytest.raises(TinySerError, match=r"start: .*none\.pt cannot be read .* give a \.pt"):
        tiny(start=tmp_path / "none.pt")


def test_no_path(tiny: Settings) -> None:
    with pytest.raises(TinySerError, match="start: got 3, allowed is the path of a checkpoint"):
        tiny(start=3)


def test_no_checkpoint(tiny: Settings, tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("no tensors")
    with pytest.raises(ModelFormatError, match="not a checkpoint"):
        train(tiny(start=tmp_path / "text.pt"), Console(quiet=True))


def test_sweep_starts_beside_its_experiment(first: Path, tmp_path: Path) -> None:
    text = """
    corpus = "spoken"
    models = ["convtransformer"]
    hrf_ratios = [0]
    hrf_modules = ["ffn"]
    folds = [0]
    seeds = [0]
    """
    (tmp_path / "start.pt").write_bytes((first / "model.pt").read_bytes())
    where = str(tmp_path / "some.toml")
    fresh = parse_experiment(text, "some", where).runs()[0]
    (run,) = parse_experiment(text + '[training]\nstart = "start.pt"\n', "some", where).runs()
    assert run.id != fresh.id and run.start == tmp_path / "start.pt"
    settings = run.settings(None, tmp_path, "cpu")
    assert settings.start == run.start and json.dumps(settings.identity()) == json.dumps(dict(run.training))
    assert fresh.settings(None, tmp_path, "cpu").start is None
    with pytest.raises(TinySerError, match=r"some\.toml: \[training\] .*none\.pt cannot be read"):
        parse_experiment(text + '[training]\nstart = "none.pt"\n', "some", where)


def test_unset_settings_are_not_in_the_id() -> None:
    """An id of before there was `start`: rows of sweeps of that time are still known."""
    text = 'corpus="spoken"\nmodels=["convtransformer"]\nhrf_ratios=[0]\nhrf_modules=["ffn"]\nfolds=[0]\nseeds=[0]\n'
    assert parse_experiment(text, "x", "x.toml").runs()[0].id == "8fe40e0d99f9"
