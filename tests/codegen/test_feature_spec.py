"""FeatureSpec: what it refuses and how it says so, and that JSON keeps it whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.errors import FeatureSpecError
from codegen.feature_spec import FeatureSpec, read_settings
from tests.features.specs import specs

SPEC = FeatureSpec.unnormalised(mel_bins=2, context_frames=100, stride_frames=50)


def test_json_and_file_keep_it(tmp_path: Path) -> None:
    assert FeatureSpec.from_json(json.loads(SPEC.dumps())) == SPEC
    SPEC.save(tmp_path / "features.json")
    assert FeatureSpec.load(tmp_path / "features.json") == SPEC


def test_digest_tells_specs_apart() -> None:
    same = FeatureSpec.from_json(SPEC.to_json())
    other = FeatureSpec.from_json({**SPEC.to_json(), "hop_length": 161})
    assert SPEC.digest() == same.digest() != other.digest()
    assert len(SPEC.digest()) == 64


def test_whole_numbers_are_taken_as_reals() -> None:
    assert FeatureSpec.from_json({**SPEC.to_json(), "low_hz": 20}).digest() == SPEC.digest()
    assert FeatureSpec.from_json({**SPEC.to_json(), "mean": [-0.0, 0]}).digest() == SPEC.digest()


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2)])
def test_frame_count(samples: int, frames: int) -> None:
    assert SPEC.frame_count(samples) == frames


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("version", 1, "version: got 1, allowed is 2; train or quantize the model again"),
        ("sample_rate_hz", 96000, "sample_rate_hz: got 96000, allowed is a whole number 8000..48000"),
        ("dc_removal", 1, "dc_removal: got 1, allowed is False or True"),
        ("pre_emphasis", 1.5, "pre_emphasis: got 1.5, allowed is a number 0..1"),
        ("window", "kaiser", "window: got 'kaiser', allowed is 'hann' or 'hamming'"),
        ("window_length", 600, "window_length: got 600, allowed is at most fft_size, 512"),
        ("window_length", 400.0, "window_length: got 400.0, allowed is a whole number"),
        ("hop_length", 0, "hop_length: got 0, allowed is a whole number 1.."),
        ("hop_length", 401, "hop_length: got 401, allowed is at most window_length, 400"),
        ("fft_size", 500, "fft_size: got 500, allowed is 64 or 128"),
        ("mel_scale", "bark", "mel_scale: got 'bark', allowed is 'htk' or 'slaney'"),
        ("mel_norm", None, "mel_norm: got None, allowed is 'none' or 'slaney'"),
        ("mel_bins", True, "mel_bins: got True"),
        ("low_hz", 9000.0, "low_hz: got 9000.0, allowed is below high_hz"),
        ("high_hz", 8001, "high_hz: got 8001.0, allowed is at most half the sample rate"),
        ("compression", "cube", "compression: got 'cube', allowed is 'log' or 'pcen'"),
        ("log_floor", 0, "log_floor: got 0, allowed is a number 1e-20..1"),
        ("pcen_gain", -0.1, "pcen_gain: got -0.1, allowed is a number 0..1"),
        ("pcen_bias", 0, "pcen_bias: got 0, allowed is a number 0.01..100"),
        ("pcen_power", 0, "pcen_power: got 0, allowed is a number 0.05..1"),
        ("pcen_seconds", float("inf"), "pcen_seconds: got inf, allowed is a number 0.01..10"),
        ("pcen_floor", "small", "pcen_floor: got 'small', allowed is a number 1e-12..1"),
        ("mfcc", 3, "mfcc: got 3, allowed is at most mel_bins, 2"),
        ("mfcc", -1, "mfcc: got -1, allowed is a whole number 0..256"),
        ("lifter", 22, "lifter: got 22, allowed is 0 where mfcc is 0"),
        ("lifter", 0.5, "lifter: got 0.5, allowed is a whole number 0..1000"),
        ("deltas", 3, "deltas: got 3, allowed is a whole number 0..2"),
        ("deltas", 1, "mean: got 2 values, allowed is 4 numbers, one per feature"),
        ("normalisation", "batch", "normalisation: got 'batch', allowed is 'corpus' or 'running' or 'utterance'"),
        ("running_seconds", 0, "running_seconds: got 0, allowed is a number 0.1..1000"),
        ("mean", [0.0], "mean: got 1 values, allowed is 2 numbers"),
        ("mean", "none", "mean: got 'none', allowed is 2 numbers"),
        ("std", [1.0, 0.0], r"std\[1\]: got 0.0, allowed is finite numbers above 0"),
        ("mean", [0.0, float("nan")], r"mean\[1\]: got nan, allowed is finite numbers"),
        ("context_frames", -1, "context_frames: got -1"),
        ("stride_frames", 101, "stride_frames: got 101, allowed is at most context_frames, 100"),
        ("colour", 1, "unknown field 'colour'"),
    ],
)
def test_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(FeatureSpecError, match=message):
        FeatureSpec.from_json({**SPEC.to_json(), field: value})


def test_every_field_is_refused_once() -> None:
    (refused,) = (mark for mark in test_refused.pytestmark if mark.name == "parametrize")
    assert {case[0] for case in refused.args[1]} == {*SPEC.to_json(), "colour"}


def test_pcen_needs_its_log_mel_finer_than_itself() -> None:
    with pytest.raises(FeatureSpecError, match="log_floor: got 0.001, allowed is at most pcen_floor, 1e-06"):
        replace(SPEC, compression="pcen", log_floor=1e-3)


@given(spec=specs())
def test_json_keeps_any_spec(spec: FeatureSpec) -> None:
    again = FeatureSpec.from_json(json.loads(spec.dumps()))
    assert again == spec and again.digest() == spec.digest()
    assert FeatureSpec.unnormalised(**spec.settings()).settings() == spec.settings()


@given(spec=specs(), data=st.data())
def test_any_other_value_gives_another_digest(spec: FeatureSpec, data: st.DataObject) -> None:
    other = data.draw(specs())
    assert (spec == other) == (spec.digest() == other.digest())


def test_digest_in_words_of_32_bits() -> None:
    words = SPEC.digest_words()
    assert "".join(f"{word:08x}" for word in words) == SPEC.digest() and len(words) == 8


@pytest.mark.parametrize(
    ("settings", "features"), [({}, 40), ({"mel_bins": 20, "deltas": 2}, 60), ({"mfcc": 13, "deltas": 1}, 26)]
)
def test_features_of_a_frame(settings: dict[str, int], features: int) -> None:
    spec = FeatureSpec.unnormalised(context_frames=9, stride_frames=3, **settings)
    assert spec.features == len(spec.mean) == len(spec.std) == features


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mean": [0.0]}, "mean: got a value, allowed is none before training, which measures it; remove it"),
        ({"bins": 3}, "bins: got an unknown field, allowed is version, sample_rate_hz, .*; remove it"),
        ({"deltas": "two"}, "deltas: got 'two', allowed is a whole number 0..2"),
        ({"stride_frames": 5}, "context_frames: got nothing, allowed is a whole number 1..10000"),
    ],
)
def test_settings_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(FeatureSpecError, match=message):
        FeatureSpec.unnormalised(**settings)


def test_settings_file(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text('{"mfcc": 13}')
    assert read_settings(path) == {"mfcc": 13}
    path.write_text("[]")
    with pytest.raises(FeatureSpecError, match="some.json: feature spec: got list, allowed is a JSON object"):
        read_settings(path)


def test_missing_field() -> None:
    data = SPEC.to_json()
    del data["hop_length"]
    with pytest.raises(FeatureSpecError, match="hop_length: got nothing"):
        FeatureSpec.from_json(data)


def test_not_an_object() -> None:
    with pytest.raises(FeatureSpecError, match="got list, allowed is a JSON object"):
        FeatureSpec.from_json([])


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(FeatureSpecError, match="cannot read it"):
        FeatureSpec.load(tmp_path / "absent.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(FeatureSpecError, match="not JSON"):
        FeatureSpec.load(tmp_path / "broken.json")
    (tmp_path / "empty.json").write_text("{}")
    with pytest.raises(FeatureSpecError, match="empty.json: feature spec: version"):
        FeatureSpec.load(tmp_path / "empty.json")
