"""FeatureSpec: what it refuses and how it says so, and that JSON keeps it whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.errors import FeatureSpecError
from codegen.feature_spec import FeatureSpec

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


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2)])
def test_frame_count(samples: int, frames: int) -> None:
    assert SPEC.frame_count(samples) == frames


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("version", 2, "version: got 2, allowed is 1"),
        ("sample_rate_hz", 44100, "sample_rate_hz: got 44100, allowed is 16000"),
        ("window", "kaiser", "window: got 'kaiser', allowed is 'hann' or 'hamming'"),
        ("window_length", 600, "window_length: got 600, allowed is at most fft_size, 512"),
        ("window_length", 400.0, "window_length: got 400.0, allowed is a whole number"),
        ("hop_length", 0, "hop_length: got 0, allowed is a whole number 1.."),
        ("hop_length", 401, "hop_length: got 401, allowed is at most window_length, 400"),
        ("fft_size", 500, "fft_size: got 500, allowed is 64 or 128"),
        ("mel_scale", "bark", "mel_scale: got 'bark', allowed is 'htk' or 'slaney'"),
        ("mel_bins", True, "mel_bins: got True"),
        ("low_hz", 9000.0, "low_hz: got 9000.0, allowed is below high_hz"),
        ("high_hz", 8001, "high_hz: got 8001.0, allowed is at most half the sample rate"),
        ("log_floor", 0, "log_floor: got 0, allowed is a number 1e-20..1"),
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
