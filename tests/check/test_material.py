"""What stages are compared on: the context rule per clip, and one bad array per message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from fuzzing.models import hearing_model
from tests.converted import FRAMES, LABELS, MELS, Converted
from tests.corpora.interviews import write_corpus
from tests.projects import LABELS as PROJECT_LABELS
from tests.projects import SPEC
from tinyser.check.material import Material, from_arrays, from_corpus
from tinyser.convert.tflite_file import read_tflite_file
from tinyser.corpora import load_corpus
from tinyser.emulator import host
from tinyser.emulator.inputs import quantize
from tinyser.emulator.project_folder import load_project
from tinyser.runtimes.generated_audio import GeneratedAudio


def material(clips: list[int]) -> Material:
    owners = np.repeat(np.arange(len(clips)), clips)
    windows = np.arange(len(owners), dtype=np.float32).reshape(-1, 1, 1)
    return Material("test", ("a", "b"), windows, owners, np.arange(len(clips)) % 2)


def test_clip_means() -> None:
    values = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]], np.float32)
    assert material([2, 1]).clip_means(values).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_subset_renumbers() -> None:
    part = material([2, 1, 3]).subset(np.array([0, 2]))
    assert part.windows.ravel().tolist() == [0, 1, 3, 4, 5]
    assert part.clip_of_window.tolist() == [0, 0, 1, 1, 1]
    assert part.truth is not None and part.truth.tolist() == [0, 0]
    assert part.clips == 2


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A corpus in folders: three speakers, two classes, clips of one and of several windows."""
    import soundfile

    random = np.random.default_rng(2)
    for label in ("calm", "glad", "zany"):
        (tmp_path / label).mkdir()
        for speaker, samples in (("ann", 3000), ("bob", 9000), ("cid", 30)):
            soundfile.write(tmp_path / label / f"{speaker}_1.wav", random.normal(0, 0.1, samples), 16000)
    return tmp_path


def test_corpus_follows_the_context_rule(recordings: Path) -> None:
    spec = FeatureSpec.unnormalised(mel_bins=MELS, context_frames=FRAMES, stride_frames=FRAMES // 2)
    corpus = load_corpus("folder", recordings)
    found = from_corpus(corpus, corpus.utterances, "here", spec, ("calm", "glad"))
    # 3000 samples are 17 frames, 9000 are 54: windows end at 32, 48 and 54; 30 samples give no frame at all.
    assert np.bincount(found.clip_of_window).tolist() == [1, 3, 1] * 2
    assert found.truth is not None and found.truth.tolist() == [0, 0, 0, 1, 1, 1]
    assert not found.windows[0, : FRAMES - 17].any() and found.windows[0, FRAMES - 17 :].all()
    assert not found.windows[4].any()
    assert found.notes == ("3 clips left out, of classes the model does not have: zany",)


def test_a_clip_of_several_utterances_is_decided_by_vote(tmp_path: Path) -> None:
    spec = FeatureSpec.unnormalised(mel_bins=MELS, context_frames=100, stride_frames=50)
    corpus = load_corpus("daic-woz", write_corpus(tmp_path))
    found = from_corpus(corpus, corpus.of_speakers(corpus.folds[0].test), "here", spec, None)
    # Turns of 148 and 323 frames: windows end at 100 and 148, and at 100, 150, 200, 250, 300 and 323.
    assert np.bincount(found.clip_of_window).tolist() == [8] * 4
    assert found.utterance_of_window is not None
    assert np.bincount(found.utterance_of_window).tolist() == [2, 6] * 4
    assert found.truth is not None and found.truth.tolist() == [1, 0, 1, 0]
    assert found.recordings == () and "raw audio is left out" in found.notes[-1]
    # One vote each, however many windows: of two that differ the surer one wins.
    one = np.array([[0.1, 0.9]] * 2 + [[0.7, 0.3]] * 6, np.float32)
    part = found.subset(np.array([1, 3]))
    assert part.clip_means(np.concatenate([one, 1 - one])).argmax(axis=1).tolist() == [1, 0]


def test_utterances_of_a_clip_need_not_be_neighbours(tmp_path: Path) -> None:
    spec = FeatureSpec.unnormalised(mel_bins=MELS, context_frames=400, stride_frames=50)
    corpus = load_corpus("daic-woz", write_corpus(tmp_path))
    turns = corpus.of_speakers(corpus.folds[0].test)
    mixed = from_corpus(corpus, (*turns[::2], *turns[1::2]), "here", spec, None)
    assert np.array_equal(mixed.windows, from_corpus(corpus, turns, "here", spec, None).windows)
    assert mixed.clip_of_window.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_refuses_a_corpus_of_other_labels(recordings: Path) -> None:
    spec = FeatureSpec.unnormalised(mel_bins=MELS, context_frames=FRAMES, stride_frames=FRAMES)
    corpus = load_corpus("folder", recordings)
    with pytest.raises(DataError, match="no clip with one of the model's labels x, y; its own are calm, glad, zany"):
        from_corpus(corpus, corpus.utterances, "here", spec, ("x", "y"))


def test_arrays_int8_and_float_are_the_same_rows(model_files: Converted, tmp_path: Path) -> None:
    model = read_tflite_file(model_files.tflite)
    integers = np.random.default_rng(0).integers(-128, 128, (5, FRAMES, MELS)).astype(np.int8)
    np.save(tmp_path / "i.npy", integers)
    np.save(tmp_path / "f.npy", model.input.dequantize(integers).reshape(5, -1))
    from_int8 = from_arrays(tmp_path / "i.npy", None, model)
    from_float = from_arrays(tmp_path / "f.npy", None, model)
    assert from_int8.labels == LABELS and from_int8.clips == 5
    assert np.array_equal(from_int8.windows, from_float.windows)
    assert np.array_equal(model.input.quantize(from_int8.windows), integers)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3), np.float32), r"got shape \(2, 3\), allowed is \(n, 32, 16\)"),
        (np.zeros((0, FRAMES, MELS), np.float32), r"got shape \(0, 32, 16\).*n at least 1"),
        (np.zeros((2, FRAMES, MELS)), "got float64, allowed are int8 and float32"),
        (np.full((2, FRAMES, MELS), np.inf, np.float32), "holds NaN or infinity"),
    ],
)
def test_refuses_an_array(model_files: Converted, tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(DataError, match=message):
        from_arrays(tmp_path / "x.npy", None, read_tflite_file(model_files.tflite))


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        (np.array([0, 1, 2]), r"got int64 of shape \(3,\), allowed are whole numbers of shape \(2,\)"),
        (np.array([0.0, 1.0]), "got float64"),
        (np.array([0, 3]), r"got classes 0\.\.3, allowed is 0\.\.2"),
        (np.array([-1, 0]), r"got classes -1\.\.0"),
    ],
)
def test_refuses_true_classes(model_files: Converted, tmp_path: Path, truth: np.ndarray, message: str) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, FRAMES, MELS), np.float32))
    np.save(tmp_path / "y.npy", truth)
    with pytest.raises(DataError, match=message):
        from_arrays(tmp_path / "x.npy", tmp_path / "y.npy", read_tflite_file(model_files.tflite))


def test_refuses_what_is_no_array(model_files: Converted, tmp_path: Path) -> None:
    model = read_tflite_file(model_files.tflite)
    with pytest.raises(DataError, match=r"x\.npy: cannot read it"):
        from_arrays(tmp_path / "x.npy", None, model)
    (tmp_path / "x.npy").write_text("text")
    with pytest.raises(DataError, match=r"x\.npy: not a \.npy array"):
        from_arrays(tmp_path / "x.npy", None, model)
    np.savez(tmp_path / "x.npz", np.zeros(2))
    with pytest.raises(DataError, match="got an archive of arrays"):
        from_arrays(tmp_path / "x.npz", None, model)


def test_a_speakers_clips_are_one_stream_of_the_generated_c(
    recordings: Path, tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[..., None]
) -> None:
    """With running normalisation: windows, and the C from raw audio, hear a clip behind the speaker's earlier ones."""
    require_tool("gcc")
    features = {**SPEC.settings(), "normalisation": "running", "running_seconds": 100.0}
    # Statistics far from those of the recordings, so that each clip moves them.
    spec = FeatureSpec(**features, mean=(-3.0,) * 16, std=(2.0,) * 16)
    model = parse_tflite(hearing_model(ModelCard(name="it", labels=PROJECT_LABELS, features=spec), weight_scale=2e-4))
    out = tmp_path_factory.mktemp("hears") / "project"
    project = generate_project(model, ProjectOptions(board=load_board("host")), out).folder
    corpus = load_corpus("folder", recordings)
    found = from_corpus(corpus, corpus.utterances, "here", spec, None)
    assert sorted(map(len, found.earlier.values())) == [0, 0, 0, 1, 1, 1, 2, 2, 2]

    windows = quantize(found.windows.reshape(len(found.windows), -1), load_project(project).inputs[0])
    outputs = host.run(project, windows).outputs
    expected = found.clip_means((outputs.astype(np.float32) + 128) / 256)
    heard = GeneratedAudio(project, found.earlier).classify(found.recordings)
    np.testing.assert_allclose(heard, expected, atol=0.02)
    alone = GeneratedAudio(project, {}).classify(found.recordings)
    assert np.abs(alone - heard).max() > 0.1
