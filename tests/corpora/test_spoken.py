"""The synthesised corpus: real espeak-ng, repeatable, made once."""

from __future__ import annotations

from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from codegen.errors import DataError, ToolError
from tinyser.corpora.corpus import Corpus
from tinyser.corpora.espeak import Request, speak
from tinyser.corpora.spoken import VOICES, SpokenSettings, make
from tinyser.features.audio import read_audio

SMALL = SpokenSettings(voices=3, sentences=1, seed=5)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make(tmp_path_factory.mktemp("spoken") / "corpus", SMALL)


def test_recordings(corpus: Corpus) -> None:
    assert corpus.labels == ("angry", "happy", "neutral", "sad")
    assert len(corpus.utterances) == 12
    for utterance in corpus.utterances:
        recording = read_audio(utterance.path)
        assert recording.notes == () and 0.8 < recording.seconds < 6
        assert 300 < np.abs(recording.samples).max() <= 32767


def test_anger_is_louder_and_faster_than_sadness(corpus: Corpus) -> None:
    def mean(label: str, what: str) -> float:
        clips = [read_audio(u.path) for u in corpus.utterances if u.label == label]
        values = [c.seconds if what == "seconds" else np.std(c.samples / 32768) for c in clips]
        return float(np.mean(values))

    assert mean("angry", "level") > 1.5 * mean("sad", "level")
    assert mean("angry", "seconds") < mean("sad", "seconds")


def test_same_seed_same_bytes_other_seed_other_bytes(corpus: Corpus, tmp_path: Path) -> None:
    again = make(tmp_path / "again", SMALL)
    other = make(tmp_path / "other", SpokenSettings(voices=3, sentences=1, seed=6))
    content = [[u.path.read_bytes() for u in c.utterances] for c in (corpus, again, other)]
    assert content[0] == content[1]
    assert all(a != b for a, b in zip(content[0], content[2], strict=True))


def test_no_voice_has_breath() -> None:
    """espeak-ng makes it from memory that it never set: the same words would sound otherwise each time."""
    variants = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    breathing = {file.name for file in variants.iterdir() if "breath" in file.read_text(encoding="utf-8")}
    assert {"f2", "f3", "f5"} <= breathing
    assert not breathing & {voice.partition("+")[2] for voice in VOICES.values()}


def test_made_only_once(corpus: Corpus) -> None:
    folder = corpus.utterances[0].path.parent.parent
    before = corpus.utterances[0].path.stat().st_mtime_ns
    assert make(folder, SMALL) == corpus
    assert corpus.utterances[0].path.stat().st_mtime_ns == before


def test_folder_with_another_spoken_corpus(corpus: Corpus) -> None:
    with pytest.raises(DataError, match="made otherwise"):
        make(corpus.utterances[0].path.parent.parent, SpokenSettings(voices=4, sentences=1))


def test_failure_of_the_synthesiser(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="stopped after 0 of 1 utterances .*no voice 'nobody'"):
        list(speak([Request(str(tmp_path / "x.wav"), "nobody", "hello", 50, 50, 170, 100)]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", [{"voices": 2}, {"sentences": 0}])
def test_impossible_sizes(settings: dict[str, int]) -> None:
    with pytest.raises(DataError, match=f"{next(iter(settings))}: got"):
        SpokenSettings(**settings)
