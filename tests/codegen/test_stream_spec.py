"""`StreamSpec`: what it refuses, and the integers and latency it comes to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.errors import DataError
from codegen.stream_spec import StreamSpec, stream_numbers
from tests.projects import SPEC


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stride_frames", 0),
        ("stride_frames", 1.5),
        ("stride_frames", True),
        ("smoothing_seconds", -0.1),
        ("smoothing_seconds", float("nan")),
        ("smoothing_seconds", None),
        ("margin", 0.91),
        ("margin", "0.1"),
        ("hold_inferences", 0),
        ("hold_inferences", 2.0),
        ("gate_dbfs", 1),
        ("gate_dbfs", -91),
        ("gate_dbfs", float("-inf")),
        ("gate_seconds", 0),
    ],
)
def test_a_bad_field_is_named(field: str, value: object) -> None:
    with pytest.raises(DataError, match=f"stream spec: {field}: got .*, allowed is .*; mend that field"):
        StreamSpec.from_json({field: value})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "got list, allowed is a JSON object"),
        ('{"strid": 5}', "unknown field 'strid'; allowed are stride_frames, smoothing_seconds"),
        ('{"margin": 2}', r"stream\.json: stream spec: margin: got 2"),
    ],
)
def test_a_bad_file_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "stream.json").write_text(text)
    with pytest.raises(DataError, match=message):
        StreamSpec.load(tmp_path / "stream.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"stream\.json: cannot be read"):
        StreamSpec.load(tmp_path / "stream.json")


def test_json_holds_everything_and_defaults_fill_the_rest(tmp_path: Path) -> None:
    stream = StreamSpec(stride_frames=5, gate_dbfs=None, margin=0.25)
    (tmp_path / "stream.json").write_text(json.dumps(stream.to_json()))
    assert StreamSpec.load(tmp_path / "stream.json") == stream
    assert StreamSpec.from_json({"margin": 0.25}) == StreamSpec(margin=0.25)


def test_no_sound_goes_unheard() -> None:
    with pytest.raises(DataError, match="stride_frames: got 31, allowed is at most the features' context_frames, 30"):
        StreamSpec(stride_frames=31).for_features(SPEC)
    assert StreamSpec().for_features(SPEC).stride_frames == SPEC.stride_frames
    assert StreamSpec(stride_frames=30).for_features(SPEC).stride_frames == 30


def test_numbers() -> None:
    """SPEC: 16 kHz, hop 10 ms, window 25 ms, context 30 frames."""
    stream = StreamSpec(stride_frames=20, smoothing_seconds=0.2, margin=0.5, hold_inferences=3, gate_dbfs=-40)
    numbers = stream_numbers(stream, SPEC)
    assert numbers.weight_q15 == 20713  # 1 - 1/e
    assert numbers.gate_power == round(327.68**2)
    assert numbers.gate_frames == 50
    assert (numbers.period_ms, numbers.first_ms) == (200, 25 + 59 * 10)
    # Two inferences lift the new label 1 - 2/e^2 = 0.73 above the old; the third and fourth in a row decide.
    assert numbers.change_ms == 25 + (30 - 1) * 10 + 200 * (2 + 2)
    assert numbers.silence_ms == 510


def test_no_smoothing_and_no_gate() -> None:
    numbers = stream_numbers(StreamSpec(smoothing_seconds=0, gate_dbfs=None, margin=0.9, hold_inferences=1), SPEC)
    assert (numbers.weight_q15, numbers.gate_power, numbers.silence_ms) == (32768, 0, None)
    assert numbers.change_ms == 25 + 290 + 100


def test_the_slowest_smoothing_still_moves() -> None:
    slow = StreamSpec(stride_frames=1, smoothing_seconds=60)
    assert stream_numbers(slow, replace(SPEC, hop_length=1, sample_rate_hz=48000)).weight_q15 == 1
