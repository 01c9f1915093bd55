"""RAVDESS: names, pairs of actors, the recording that is there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.errors import DataError
from tests.corpora.noise import record
from tinyser.corpora import load_corpus


def name_of(emotion: int, actor: int, repetition: int = 1) -> str:
    return f"03-01-{emotion:02}-01-02-{repetition:02}-{actor:02}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """24 actors saying one sentence in two emotions; wav and flac in turn."""
    for actor in range(1, 25):
        for emotion in (1, 3):
            suffix = ".wav" if actor % 2 else ".flac"
            record(tmp_path / f"Actor_{actor:02}" / (name_of(emotion, actor) + suffix))
    return tmp_path


def test_names(folder: Path) -> None:
    corpus = load_corpus("ravdess", folder)
    assert len(corpus.utterances) == 48
    found = {u.id: (u.speaker, u.label) for u in corpus.of_speakers(["01", "24"])}
    assert found == {
        name_of(1, 1): ("01", "neutral"),
        name_of(3, 1): ("01", "happy"),
        name_of(1, 24): ("24", "neutral"),
        name_of(3, 24): ("24", "happy"),
    }
    assert corpus.labels == ("angry", "calm", "disgust", "fearful", "happy", "neutral", "sad", "surprised")


def test_folds_are_pairs_of_actors(folder: Path) -> None:
    corpus = load_corpus("ravdess", folder)
    assert len(corpus.folds) == 6
    for fold in corpus.folds:
        for part in (fold.test, fold.validation):
            assert sorted(int(actor) % 2 for actor in part) == [0, 0, 1, 1]
            assert {int(actor) + 1 for actor in part if int(actor) % 2} == {int(a) for a in part if int(a) % 2 == 0}
        assert len(fold.train) == 16
    assert sorted(actor for fold in corpus.folds for actor in fold.test) == list(corpus.speakers)


def test_the_same_recording_twice_counts_once(folder: Path) -> None:
    record(folder / "Actor_07" / f"{name_of(3, 7, repetition=2)}.wav")
    record(folder / "Actor_08" / f"{name_of(3, 8, repetition=2)}.wav")
    ids = {u.id for u in load_corpus("ravdess", folder).utterances}
    assert name_of(3, 7) in ids and name_of(3, 7, repetition=2) not in ids
    assert name_of(3, 8, repetition=2) in ids


def test_hidden_files_are_no_recordings(folder: Path) -> None:
    (folder / "Actor_01" / f"._{name_of(1, 1)}.wav").write_bytes(b"\0\5\x16\7")
    assert len(load_corpus("ravdess", folder).utterances) == 48


@pytest.mark.parametrize(
    "name",
    [
        "03-02-03-01-02-01-01",  # song
        "01-01-03-01-02-01-01",  # video
        "03-01-09-01-02-01-01",  # emotion
        "03-01-01-02-02-01-01",  # strong neutral
        "03-01-03-03-02-01-01",  # intensity
        "03-01-03-01-02-01-25",  # actor
        "03-01-03-01-02-01",
        "take-1",
    ],
)
def test_strange_name(folder: Path, name: str) -> None:
    record(folder / "Actor_01" / f"{name}.wav")
    with pytest.raises(DataError, match=f"{name}.wav: not a RAVDESS speech file name"):
        load_corpus("ravdess", folder)


def test_recording_in_another_actors_folder(folder: Path) -> None:
    record(folder / "Actor_02" / f"{name_of(4, 1)}.wav")
    with pytest.raises(DataError, match="a recording of actor 01 in another's folder"):
        load_corpus("ravdess", folder)


def test_other_folder(tmp_path: Path) -> None:
    record(tmp_path / f"{name_of(1, 1)}.wav")
    with pytest.raises(DataError, match="no folder Actor_01 .. Actor_24.*zenodo"):
        load_corpus("ravdess", tmp_path)


def test_ravdess_itself(data_dir: Path) -> None:
    corpus = load_corpus("ravdess", data_dir / "ravdess")
    counts = {label: sum(u.label == label for u in corpus.utterances) for label in corpus.labels}
    # 192 of each, 96 neutral; one happy recording is there twice.
    assert counts == {**dict.fromkeys(corpus.labels, 192), "neutral": 96, "happy": 191}
    per_actor = {actor: len(corpus.of_speakers([actor])) for actor in corpus.speakers}
    assert per_actor == {**{f"{actor:02}": 60 for actor in range(1, 25)}, "07": 59}


def test_the_left_out_recording_is_the_other_one(data_dir: Path) -> None:
    import soundfile

    actor = data_dir / "ravdess" / "Actor_07"
    first, second = (soundfile.read(next(actor.glob(f"{name_of(3, 7, n)}.*")), dtype="int16")[0] for n in (1, 2))
    assert (first == second).all()
