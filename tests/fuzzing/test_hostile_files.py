"""Files besides models that nobody should write: refused in one line, in little memory, and nothing of them is run."""

from __future__ import annotations

import json
import os
import pickle
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.boards import parse_board
from codegen.errors import BoardError, DataError, FeatureSpecError, ModelFormatError, TinySerError
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import cepstrum_matrix, mel_matrix
from codegen.features_fixed import fixed_tables
from codegen.model_card import ModelCard
from codegen.stream_spec import StreamSpec
from codegen.untrusted import plain
from fuzzing.faults import find_fault
from fuzzing.target import load_target
from tests.codegen.test_boards import GOOD
from tests.projects import SPEC
from tinyser.emulator.project_folder import load_project
from tinyser.features.audio import read_audio

DEEP = "[" * 100_000
HUGE = "1" + "0" * 400  # an integer that no float holds
ENDLESS = "1" * 10_000  # one that Python will not read
QUICK = {"features": 60, "stream": 60, "board": 12, "labels": 20, "manifest": 60, "recording": 60, "onnx": 60}


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 100_000, ENDLESS, "\udc80", "nul\0l"])
@pytest.mark.parametrize(
    ("load", "name", "error"),
    [
        (FeatureSpec.load, "features.json", FeatureSpecError),
        (StreamSpec.load, "stream.json", DataError),
        (lambda path: load_project(path.parent), "manifest.json", DataError),
        (lambda path: ModelCard.loads(path.read_bytes()), "card.json", ModelFormatError),
    ],
)
def test_json(text: str, load: Callable[[Path], object], name: str, error: type[TinySerError], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(error) as refusal:
        load(tmp_path / name)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("log_floor", HUGE, "log_floor: got 1000.*, allowed is a number"),
        ("mean", f"[{', '.join(['1e300'] * 16)}]", r"mean\[0\]: got 1e\+300, allowed is finite numbers of at most"),
        ("std", f"[{', '.join(['1e-300'] * 16)}]", r"std\[0\]: got 1e-300, allowed is finite numbers above 0"),
        ("sample_rate_hz", HUGE, "sample_rate_hz: got 1000.*, allowed is a whole number"),
        ("std", "[NaN]", "std: got 1 values"),
    ],
)
def test_numbers_of_features(field: str, value: str, message: str, tmp_path: Path) -> None:
    """What no float32 of the firmware can hold."""
    text = json.dumps({**SPEC.to_json(), field: "HERE"}).replace('"HERE"', value)
    (tmp_path / "features.json").write_text(text)
    with pytest.raises(FeatureSpecError, match=message):
        FeatureSpec.load(tmp_path / "features.json")


def test_mel_bands_without_any_width() -> None:
    spec = FeatureSpec.from_json({**SPEC.to_json(), "low_hz": 0.0, "high_hz": 1e-30})
    with pytest.raises(FeatureSpecError, match="mel bin 0 covers no bin"):
        mel_matrix(spec)


def test_a_lifter_that_makes_a_coefficient_0() -> None:
    """Of 16 bins and with half a period of two coefficients, all of the third one."""
    changed = {"mfcc": 16, "lifter": 2, "normalisation": "utterance", "mean": [0] * 16, "std": [1.5] * 16}
    spec = FeatureSpec.from_json({**SPEC.to_json(), **changed})
    assert np.abs(cepstrum_matrix(spec)[2]).max() == 0
    assert fixed_tables(spec, 0.05, 0)


def test_numbers_of_a_manifest(tmp_path: Path) -> None:
    content = load_target("manifest").seeds()[0].decode()
    (tmp_path / "manifest.json").write_text(content.replace('"scale": 0.03125', f'"scale": {HUGE}', 1))
    with pytest.raises(DataError, match="not a manifest of this version .OverflowError"):
        load_project(tmp_path)


def test_numbers_of_a_stream(tmp_path: Path) -> None:
    (tmp_path / "stream.json").write_text(f'{{"margin": {HUGE}}}')
    with pytest.raises(DataError, match="margin: got 1000"):
        StreamSpec.load(tmp_path / "stream.json")


@pytest.mark.parametrize("label", ["\ud800", "x" * 256, " ", "", 7, None])
def test_labels_of_a_card(label: object) -> None:
    card = {**ModelCard(name="a", labels=("a", "b")).to_json(), "labels": ["a", label]}
    with pytest.raises(ModelFormatError, match="labels: got .*1 to 255 characters"):
        ModelCard.loads(json.dumps(card))


@pytest.mark.parametrize("number", ["0x1_0000_0000", "9" * 40])
def test_numbers_of_a_board(number: str) -> None:
    with pytest.raises(BoardError, match=r"\[flash\]: bytes: got \d+, allowed is .* at most 4294967295"):
        parse_board(GOOD.replace("bytes = 4_194_304", f"bytes = {number.replace('_', '')}", 1), "board.toml")


class Opener:
    """A pickle that makes a folder when it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self._path),)


@pytest.mark.parametrize("how", ["torch", "pickle 2", "pickle 5", "inside"])
def test_a_hostile_checkpoint_is_not_run(how: str, tmp_path: Path, require_module: Callable[..., None]) -> None:
    require_module("torch")
    import torch

    from tinyser.models.checkpoint import load_checkpoint

    path, folder = tmp_path / "model.pt", tmp_path / "made"
    if how.startswith("pickle"):
        path.write_bytes(pickle.dumps(Opener(folder), protocol=int(how[-1])))
    else:
        content: Any = Opener(folder)
        torch.save({"format": "tinyser", "state_dict": {"weight": content}} if how == "inside" else content, path)
    with warnings.catch_warnings(), pytest.raises(ModelFormatError) as refusal:
        warnings.simplefilter("error")
        load_checkpoint(path)
    assert not folder.exists()
    wanted = "not a checkpoint" if how == "pickle 5" else "refused: reading it would call posix.mkdir"
    assert wanted in str(refusal.value) and "weights_only" not in str(refusal.value)
    pickle.loads(pickle.dumps(Opener(folder)))
    assert folder.exists(), "else the test would tell nothing"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 9999, "heads": 1, "ffn_width": 9999}, "ask for more than the"),
        ({"blocks": 10_000}, "ask for more than the"),
        ({"context_frames": -1}, "context_frames: got -1"),
    ],
)
def test_a_checkpoint_that_asks_for_memory(change: dict[str, int], message: str, tmp_path: Path) -> None:
    """A config of a few bytes may not ask for gigabytes."""
    import torch

    from tinyser.models.checkpoint import load_checkpoint

    good = torch.load(_file(tmp_path, "good.pt", load_target("checkpoint").seeds()[0]), weights_only=True)
    good["model"]["config"].update(change)
    torch.save(good, tmp_path / "model.pt")
    with pytest.raises(ModelFormatError, match=message):
        load_checkpoint(tmp_path / "model.pt").build()


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("state_dict",), [], "state_dict: got list, allowed is dict"),
        (("state_dict",), {"a": 1}, r"state_dict\['a'\]: got int, allowed is Tensor"),
        (("state_dict",), {1: 1}, "a key of state_dict: got int, allowed is str"),
        (("model", "name"), {}, "model.name: got dict, allowed is str"),
        (("model", "config"), [], "model.config: got list, allowed is dict"),
        (("model",), 3, "not subscriptable"),
    ],
)
def test_a_checkpoint_of_other_types(keys: tuple[str, ...], value: object, message: str, tmp_path: Path) -> None:
    import torch

    from tinyser.models.checkpoint import load_checkpoint

    content = torch.load(_file(tmp_path, "good.pt", load_target("checkpoint").seeds()[0]), weights_only=True)
    holder = content
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(ModelFormatError, match=message):
        load_checkpoint(tmp_path / "model.pt")


def test_a_recording_of_the_largest_floats(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    loudest = np.full((4, 2), np.finfo(np.float32).max, np.float32)
    soundfile.write(tmp_path / "loud.wav", loudest, 16000, subtype="FLOAT")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_audio(tmp_path / "loud.wav", 16000)
    assert recording.samples.tolist() == [32767] * 4


@pytest.mark.parametrize("name", ["fLaC", "RIFF"])
def test_a_recording_that_promises_more_than_it_has(name: str, tmp_path: Path) -> None:
    """Its header says 2^35 samples, or a rate that no filter is made for."""
    import soundfile

    from tinyser.features.audio import read_audio

    path = tmp_path / f"clip.{'flac' if name == 'fLaC' else 'wav'}"
    soundfile.write(path, np.zeros(1000, np.int16), 16000)
    content = bytearray(path.read_bytes())
    if name == "fLaC":
        content[21] |= 0x0F  # the upper bits of the count in STREAMINFO
        message = r"got \d{11} samples, allowed are"
    else:
        content[24:28] = (2**31 - 1).to_bytes(4, "little")
        message = "got 2147483647 Hz, allowed are 1000..384000"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_audio(path)


@pytest.mark.parametrize("name", QUICK)
def test_random_changes(name: str, require_module: Callable[..., None]) -> None:
    """What `./run fuzz` does for hours, for a moment, and always the same."""
    require_module("onnx", "soundfile")
    target = load_target(name)
    seeds = target.seeds()
    for attempt in range(QUICK[name]):
        random_ = random.Random(attempt)
        fault = find_fault(target, target.mutate(seeds[attempt % len(seeds)], random_))
        assert fault is None, fault.report


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a label", "a label"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("right \u202e left", "right \\u202e left"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\udcff", "\\udcff"),
        ("Ärger 平静", "Ärger 平静"),
        ("x" * 5000, "x" * 997 + " ... " + "x" * 997),
    ],
)
def test_what_a_terminal_is_shown(text: str, shown: str) -> None:
    assert plain(text) == shown


def _file(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name
