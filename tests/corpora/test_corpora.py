"""Corpora on disk: labels and speakers from names, folds without a shared speaker, and the errors."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from codegen.errors import DataError
from tinyser.corpora import CORPORA, load_corpus
from tinyser.corpora.corpus import Corpus, Fold, Utterance, decision_numbers, speaker_folds

EMODB_FILES = ("03a01Fa.wav", "03b10Wc.flac", "08a02Na.wav", "16a07Td.wav", "16a07Ea.wav")


def record(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(800), 16000, subtype="PCM_16")


@pytest.mark.parametrize("inside", ["", "wav"])
def test_emodb_names(tmp_path: Path, inside: str) -> None:
    for name in EMODB_FILES:
        record(tmp_path / inside / name)
    corpus = load_corpus("emodb", tmp_path)
    found = {u.id: (u.speaker, u.label) for u in corpus.utterances}
    assert found == {
        "03a01Fa": ("03", "happiness"),
        "03b10Wc": ("03", "anger"),
        "08a02Na": ("08", "neutral"),
        "16a07Td": ("16", "sadness"),
        "16a07Ea": ("16", "disgust"),
    }
    assert corpus.labels == ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness")
    assert len(corpus.folds) == 3


def test_emodb_itself(data_dir: Path) -> None:
    corpus = load_corpus("emodb", data_dir / "emodb")
    counts = {label: sum(u.label == label for u in corpus.utterances) for label in corpus.labels}
    assert list(counts.values()) == [127, 81, 46, 69, 71, 79, 62]
    assert len(corpus.folds) == 10
    assert sorted(fold.test[0] for fold in corpus.folds) == list(corpus.speakers)


@pytest.mark.parametrize("name", ["noise.wav", "03a01Xa.wav"])
def test_emodb_strange_file(tmp_path: Path, name: str) -> None:
    record(tmp_path / name)
    with pytest.raises(DataError, match="not an EmoDB file name"):
        load_corpus("emodb", tmp_path)


def test_folder_corpus(tmp_path: Path) -> None:
    for label in ("calm", "loud"):
        for speaker in ("ann", "bob", "cy", "dee"):
            record(tmp_path / label / f"{speaker}_take_1.wav")
    corpus = load_corpus("folder", tmp_path)
    assert corpus.labels == ("calm", "loud")
    assert corpus.speakers == ("ann", "bob", "cy", "dee")
    assert {u.id for u in corpus.of_speakers(["bob"])} == {"calm/bob_take_1", "loud/bob_take_1"}


def test_folder_needs_speakers_in_names(tmp_path: Path) -> None:
    for label in ("calm", "loud"):
        record(tmp_path / label / "take.wav")
    with pytest.raises(DataError, match="no speaker in the file name"):
        load_corpus("folder", tmp_path)


def test_folder_needs_two_classes(tmp_path: Path) -> None:
    record(tmp_path / "calm" / "ann_1.wav")
    with pytest.raises(DataError, match="got 1 sub-folders, at least 2 classes"):
        load_corpus("folder", tmp_path)


def test_folder_class_without_recordings(tmp_path: Path) -> None:
    record(tmp_path / "calm" / "ann_1.wav")
    (tmp_path / "loud").mkdir()
    with pytest.raises(DataError, match="loud: no wav or flac file"):
        load_corpus("folder", tmp_path)


def test_too_few_speakers(tmp_path: Path) -> None:
    for label in ("calm", "loud"):
        record(tmp_path / label / "ann_1.wav")
    with pytest.raises(DataError, match=r"got 1 \(ann\), at least 3 are needed"):
        load_corpus("folder", tmp_path)


@pytest.mark.parametrize("name", sorted(CORPORA.keys() - {"spoken"}))
def test_missing_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="no folder given"):
        load_corpus(name)
    with pytest.raises(DataError, match="no such folder"):
        load_corpus(name, tmp_path / "absent")


def test_empty_emodb_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="download EmoDB"):
        load_corpus("emodb", tmp_path)


def test_unknown_corpus() -> None:
    with pytest.raises(DataError, match=f"allowed are {', '.join(CORPORA)}"):
        load_corpus("iemo")


@pytest.mark.parametrize(("speakers", "count"), [(3, 3), (10, 10), (16, 5), (7, 10)])
def test_folds_share_no_speaker_and_test_everyone_once(speakers: int, count: int) -> None:
    names = [f"s{number}" for number in range(speakers)]
    folds = speaker_folds(names, count)
    assert sorted(s for fold in folds for s in fold.test) == sorted(names)
    for fold in folds:
        assert sorted((*fold.train, *fold.validation, *fold.test)) == sorted(names)
        assert fold.train and fold.validation and fold.test


@pytest.mark.parametrize(("label", "speaker"), [("b", "s"), ("a", "t")])
def test_a_group_has_one_label_and_one_speaker(label: str, speaker: str) -> None:
    utterances = (
        Utterance(Path("x.wav"), "a", "s", "1", group="g"),
        Utterance(Path("x.wav"), label, speaker, "2", group="g"),
    )
    with pytest.raises(DataError, match="group g: got more than one label or speaker, allowed is one"):
        Corpus("made", ("a", "b"), "free", "here", utterances, ())


def test_decisions_are_numbered_by_first_appearance() -> None:
    groups = ["p", None, "q", "p", None]
    assert decision_numbers(Utterance(Path("x"), "a", "s", "1", group=g) for g in groups) == [0, 1, 2, 0, 3]


@pytest.mark.parametrize("name", CORPORA)
def test_page_names_licence_and_classes(name: str) -> None:
    """docs/corpora.md has a section for every corpus with the licence that its module states."""
    module = importlib.import_module(CORPORA[name][0])
    sections = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text(encoding="utf-8").split("\n## ")
    section = next(text for text in sections if f"`{name}`" in text.splitlines()[0])
    assert " ".join(module.LICENCE.split()) in " ".join(section.split())
    named = getattr(module, "EMOTIONS", getattr(module, "LABELS", ()))
    # By code, where the corpus has codes; the made one has its recipe there.
    labels = [named[key] if isinstance(named, dict) and name != "spoken" else key for key in named]
    assert [label for label in labels if label not in section] == []


def test_shared_speaker_is_refused() -> None:
    with pytest.raises(DataError, match="more than one of train, validation and test"):
        Fold(train=("a", "b"), validation=("c",), test=("a",))


def test_fold_out_of_range(tmp_path: Path) -> None:
    for name in EMODB_FILES:
        record(tmp_path / name)
    with pytest.raises(DataError, match=r"fold: got 3, allowed is 0\.\.2"):
        load_corpus("emodb", tmp_path).fold(3)
