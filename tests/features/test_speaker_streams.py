"""A speaker's recordings as one stream: on the desktop, in training and in generated C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from codegen.boards import load_board
from codegen.feature_reference import Heard, normalise, normalise_running, raw_features
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import running_alike_frames, running_shares, running_start_frames, smoothing
from codegen.log_mel import log_mel
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from codegen.stream_spec import StreamSpec
from fuzzing.models import hearing_model
from tests.features.front_ends import quantized, signals, spec, write_front_end
from tests.features.test_torch_features import batch
from tests.projects import LABELS, SPEC
from tinyser.emulator import host
from tinyser.features.context import log_mel_windows
from tinyser.features.speaker_streams import heard_in_streams, in_streams
from tinyser.features.torch_features import HeardBatch, TorchFeatures
from tinyser.training.dataset import Clips, random_batches

SLOW = spec(normalisation="running", running_seconds=100.0)
CLIPS = [signals(4000)[name] for name in ("noise", "chirp", "quiet noise")]
LOG_MELS = [log_mel(clip, SLOW) for clip in CLIPS]


def test_a_stream_is_what_one_long_recording_would_be() -> None:
    """But for what lies between two clips, which is in no frame."""
    raws = [raw_features(clip, SLOW) for clip in LOG_MELS]
    together = normalise(np.concatenate(raws), SLOW)
    heard, parts = Heard.nothing(SLOW), []
    for raw in raws:
        part, heard = normalise_running(raw, SLOW, heard)
        parts.append(part)
    np.testing.assert_allclose(np.concatenate(parts), together, atol=1e-6)
    assert heard.frames == sum(map(len, raws))


def test_at_first_each_frame_counts_alike() -> None:
    """The statistics of the start and of all frames, until the time constant is reached."""
    raw = np.concatenate([raw_features(clip, SLOW) for clip in LOG_MELS])
    heard = normalise_running(raw, SLOW, Heard.nothing(SLOW))[1]
    start = running_start_frames(SLOW)
    assert start == 1000
    expected = (start * np.asarray(SLOW.mean) + raw.sum(axis=0)) / (start + len(raw))
    np.testing.assert_allclose(heard.mean, expected, rtol=1e-9)
    second = start * (np.square(SLOW.std) + np.square(SLOW.mean)) + np.square(raw).sum(axis=0)
    np.testing.assert_allclose(heard.variance, second / (start + len(raw)) - np.square(expected), rtol=1e-6)


@pytest.mark.parametrize("seconds", [0.1, 3.0, 10.0, 10.2, 60.0, 1000.0])
def test_the_newest_frames_share(seconds: float) -> None:
    wanted = spec(normalisation="running", running_seconds=seconds)
    lowest, alike = smoothing(seconds, wanted), running_alike_frames(wanted)
    assert (alike > 0) == (seconds > 10)
    shares = running_shares(wanted, 0, 200_000)
    assert (np.diff(shares) <= 0).all()
    assert shares[-1] == lowest
    counted = np.count_nonzero(shares > lowest)
    assert counted == max(0, alike - running_start_frames(wanted))


def test_streams_have_an_order_of_their_own() -> None:
    speakers, ids = list("ababab"), [f"clip {number}" for number in range(6)]
    streams = in_streams(speakers, ids)
    assert sorted(map(sorted, streams)) == [[0, 2, 4], [1, 3, 5]]
    # Without the other speaker, and asked for in another order, a speaker's clips follow each other as before.
    alone = in_streams(["a"] * 3, ["clip 4", "clip 0", "clip 2"])
    ours = next(stream for stream in streams if 0 in stream)
    assert [["clip 4", "clip 0", "clip 2"][index] for index in alone[0]] == [ids[index] for index in ours]


def test_speakers_do_not_hear_each_other() -> None:
    both = heard_in_streams(LOG_MELS * 2, ["a"] * 3 + ["b"] * 3, ["1", "2", "3"] * 2, SLOW)
    alone = heard_in_streams(LOG_MELS, ["a"] * 3, ["1", "2", "3"], SLOW)
    assert both is not None and alone is not None
    for found, expected in zip(both.before + both.over, alone.before * 2 + alone.over * 2, strict=True):
        np.testing.assert_array_equal(found.mean, expected.mean)
    frames = sum(map(len, LOG_MELS))
    assert min(heard.frames for heard in alone.before) == 0
    assert [heard.frames for heard in alone.over] == [frames] * 3
    raw = np.concatenate([raw_features(clip, SLOW) for clip in LOG_MELS])
    for heard in both.whole:
        np.testing.assert_allclose(heard.mean, raw.mean(axis=0))
        np.testing.assert_allclose(heard.variance, raw.var(axis=0))
    assert heard_in_streams(LOG_MELS, ["a"] * 3, ["1", "2", "3"], spec()) is None


@pytest.mark.parametrize("moment", ["before", "over", "whole"])
def test_torch_hears_as_the_reference_does(moment: str) -> None:
    heard = getattr(heard_in_streams(LOG_MELS, ["a"] * 3, ["1", "2", "3"], SLOW), moment)
    found = TorchFeatures(SLOW)(*batch(LOG_MELS, SLOW.context_frames), HeardBatch.of(heard))
    expected = [log_mel_windows(clip, SLOW, past)[0] for clip, past in zip(LOG_MELS, heard, strict=True)]
    torch.testing.assert_close(found, torch.from_numpy(np.stack(expected)), atol=1e-4, rtol=1e-4)


def test_what_is_held_is_normalised_by_what_was_known() -> None:
    heard = heard_in_streams(LOG_MELS, ["a"] * 3, ["1", "2", "3"], SLOW)
    assert heard is not None
    known = heard.whole[0]
    found = TorchFeatures(SLOW)(*batch(LOG_MELS, SLOW.context_frames), HeardBatch.of(heard.whole, held=True))
    corpus = replace(spec(), mean=tuple(known.mean.tolist()), std=tuple(np.sqrt(known.variance).tolist()))
    expected = [log_mel_windows(clip, corpus)[0] for clip in LOG_MELS]
    torch.testing.assert_close(found, torch.from_numpy(np.stack(expected)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("seconds", "held"), [(3.0, False), (100.0, True)])
def test_training_takes_a_known_voice_as_given(seconds: float, held: bool) -> None:
    """But where one clip changes what is known: there it hears what comes before its window."""
    wanted = spec(normalisation="running", running_seconds=seconds, context_frames=4, stride_frames=1)
    heard = heard_in_streams(LOG_MELS, ["a"] * 3, ["1", "2", "3"], wanted)
    clips = Clips(tuple(LOG_MELS), (0, 1, 2), ("a", "a", "a"), wanted, heard=heard)
    (drawn,) = random_batches(clips, 3, np.random.default_rng(0))
    assert heard is not None and drawn.heard is not None
    assert drawn.heard.held == held
    assert (drawn.log_mel.shape[1] == wanted.context_frames) == held
    torch.testing.assert_close(drawn.heard.mean[0], torch.from_numpy(heard.whole[0].mean).float())


@pytest.mark.parametrize("arithmetic", ["float", "fixed"])
@pytest.mark.parametrize("deltas", [0, 1])
def test_generated_c_goes_on_with_the_next_clip(
    arithmetic: str, deltas: int, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    wanted = spec(normalisation="running", running_seconds=100.0, deltas=deltas)
    project = write_front_end(tmp_path, wanted, arithmetic)
    frames = host.feature_frames(project, CLIPS[2], earlier=CLIPS[:2], sanitize=True)
    heard = Heard.nothing(wanted)
    for clip in CLIPS[:2]:
        heard = normalise_running(raw_features(log_mel(clip, wanted), wanted), wanted, heard)[1]
    expected = quantized(normalise(raw_features(log_mel(CLIPS[2], wanted), wanted), wanted, heard))
    difference = np.abs(frames.astype(int) - expected)
    assert difference.max() <= (1 if arithmetic == "float" else 2)
    assert np.mean(difference == 0) > (0.999 if arithmetic == "float" else 0.99)
    # Without what came before it is another clip.
    assert np.mean(host.feature_frames(project, CLIPS[2]) != frames) > 0.1


@pytest.mark.parametrize(("arithmetic", "equal"), [("float", 0.9999), ("fixed", 0.999)])
def test_a_long_stream_adds_no_rounding_errors_up(
    arithmetic: str, equal: float, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """Three minutes of noise whose level comes and goes, as far from a level of 1 as speech is."""
    require_tool("gcc")
    random, seconds = np.random.default_rng(0), 180
    level = np.repeat(np.exp(random.normal(-5, 1.5, 4 * seconds)), SLOW.sample_rate_hz // 4)
    pcm = np.clip(2**15 * level * random.normal(size=len(level)), -(2**15), 2**15 - 1).astype(np.int16)
    raw = raw_features(log_mel(pcm, SLOW), SLOW)
    wanted = replace(SLOW, mean=tuple(raw.mean(axis=0)), std=tuple(raw.std(axis=0)))
    frames = host.feature_frames(write_front_end(tmp_path, wanted, arithmetic), pcm)
    difference = np.abs(frames.astype(int) - quantized(normalise(raw, wanted)))
    assert difference.max() <= 1
    assert np.mean(difference == 0) > equal


def test_without_running_statistics_the_next_clip_is_like_the_first(
    tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    project = write_front_end(tmp_path, spec(compression="pcen", deltas=1))
    alone = host.feature_frames(project, CLIPS[2])
    np.testing.assert_array_equal(host.feature_frames(project, CLIPS[2], earlier=CLIPS[:2]), alone)


@pytest.mark.parametrize("arithmetic", ["float", "fixed"])
def test_what_is_held_learns_nothing(arithmetic: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """Held whenever a clip begins, a stream is normalised by the corpus' statistics for ever."""
    require_tool("gcc")
    project = write_front_end(tmp_path, SLOW, arithmetic)
    path = tmp_path / "features/ser_features.c"
    text = path.read_text()
    for said in ("ser_rows_reset(&features->rows);", "ser_rows_next_clip(&features->rows);"):
        assert text.count(said) == 1
        text = text.replace(said, f"{said} ser_rows_hold(&features->rows, true);")
    path.write_text(text)
    frames = host.feature_frames(project, CLIPS[0], earlier=CLIPS[1:])
    corpus = spec()
    expected = quantized(normalise(raw_features(LOG_MELS[0], corpus), corpus))
    difference = np.abs(frames.astype(int) - expected)
    assert difference.max() <= (1 if arithmetic == "float" else 2)
    assert np.mean(difference == 0) > 0.99


def test_silence_in_a_stream_teaches_nothing(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """While the gate is closed; however long it is, what comes after it is heard alike."""
    require_tool("gcc")
    features = FeatureSpec(**{**SPEC.settings(), "normalisation": "running"}, mean=SPEC.mean, std=SPEC.std)
    card = ModelCard(name="it", labels=LABELS, features=features)
    options = ProjectOptions(board=load_board("host"), stream=StreamSpec(gate_dbfs=-30.0, smoothing_seconds=0.0))
    project = generate_project(
        parse_tflite(hearing_model(card, weight_scale=2e-4)), options, tmp_path / "project"
    ).folder
    noise, seconds = signals(16000)["noise"], features.sample_rate_hz
    heard = []
    for silence in (2, 30):
        pcm = np.concatenate([noise, np.zeros(silence * seconds, np.int16), noise])
        behind = [
            state.posteriors_q24 for state in host.stream(project, pcm).states if state.samples > len(pcm) - seconds
        ]
        heard.append([posteriors for posteriors in behind if posteriors])
    assert len(set(heard[0])) > 3
    assert heard[0] == heard[1]
