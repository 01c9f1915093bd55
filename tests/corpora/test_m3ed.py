"""M3ED: the official split by series, characters as speakers, clips by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.errors import DataError
from tests.corpora.noise import record
from tinyser.corpora import load_corpus

SPLIT = {"train": ("anjia", "xiangcun"), "val": ("qingchun",), "test": ("hunyin",)}


def entry(letter: str, emotion: str) -> dict[str, Any]:
    """An utterance whose annotators disagree with the final label."""
    labels = {"EmoAnnotator1": "Sad,Anger", "final_mul_emo": f"{emotion},Fear", "final_main_emo": emotion}
    times = {"StartTime": "00:00:00:01", "EndTime": "00:00:01:04"}
    return {**times, "Text": "你先把衣服换了", "Speaker": letter, "EmoAnnotation": labels}


def dialogue(name: str, *turns: tuple[str, str]) -> dict[str, Any]:
    """Utterances in the order of their names as text, in which 10 comes before 2."""
    ids = sorted(f"{name}_{number}" for number in range(1, len(turns) + 1))
    entries = {i: entry(*turns[int(i.rpartition("_")[2]) - 1]) for i in ids}
    people = {letter: {"Name": f"{name[:2]}{letter}", "Age": "mid", "Gender": "female"} for letter in "AB"}
    return {"SpeakerInfo": people, "Dialog": entries}


def annotation() -> dict[str, Any]:
    long = [("A", "Happy"), ("B", "Neutral"), ("A", "Sad"), ("B", "Disgust"), ("A", "Anger"), ("B", "Fear")]
    content = {
        series: {f"{series}_1": dialogue(f"{series}_1", *long, *[("A", "Surprise")] * 5)}
        for series in ("anjia", "qingchun", "hunyin")
    }
    other_letters = dialogue("xiangcun_1", ("A", "Sad"))
    other_letters["SpeakerInfo"]["A"]["Name"] = "xiB"
    content["xiangcun"] = {"xiangcun_1": other_letters, "xiangcun_2": dialogue("xiangcun_2", ("B", "Sad"))}
    return content


def write(folder: Path, content: Any, clips: str = "modality_speech") -> Path:
    """The release with a clip for every utterance, and lists without a newline at the end."""
    (folder / "splitInfo").mkdir(parents=True, exist_ok=True)
    for part, series in SPLIT.items():
        (folder / "splitInfo" / f"movie_list_{part}.txt").write_text("\n".join(series))
    (folder / "annotation.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    for dialogues in annotation().values():
        for one in dialogues.values():
            for name, utterance in one["Dialog"].items():
                record(folder / clips / f"{utterance['Speaker']}_{name}.wav")
    return folder


@pytest.mark.parametrize("clips", ["modality_speech", ".", "audio/all"])
def test_utterances(tmp_path: Path, clips: str) -> None:
    corpus = load_corpus("m3ed", write(tmp_path, annotation(), clips))
    assert corpus.labels == ("happy", "neutral", "sad", "disgust", "anger", "fear", "surprise")
    first = corpus.utterances[:11]
    assert [u.id for u in first] == [f"anjia_1_{number}" for number in range(1, 12)]
    assert [u.label for u in first[:8]] == [*corpus.labels[:3], "disgust", "anger", "fear", "surprise", "surprise"]
    assert (first[1].speaker, first[1].path.name) == ("anjia/anB", "B_anjia_1_2.wav")


def test_official_split(tmp_path: Path) -> None:
    corpus = load_corpus("m3ed", write(tmp_path, annotation()))
    (fold,) = corpus.folds
    # One character of the last series speaks as A here and as B there.
    assert fold.train == ("anjia/anA", "anjia/anB", "xiangcun/xiB")
    assert fold.validation == ("qingchun/qiA", "qingchun/qiB") and fold.test == ("hunyin/huA", "hunyin/huB")
    assert len(corpus.of_speakers(fold.train)) == 13


def test_apple_double_clip(tmp_path: Path) -> None:
    write(tmp_path, annotation())
    (tmp_path / "modality_speech" / "A_anjia_1_1.wav").rename(tmp_path / "modality_speech" / "._A_anjia_1_1.wav")
    with pytest.raises(DataError, match=r"anjia_1_1: no clip A_anjia_1_1\.wav in .* or below"):
        load_corpus("m3ed", tmp_path)


def test_strange_emotion(tmp_path: Path) -> None:
    content = annotation()
    content["anjia"]["anjia_1"]["Dialog"]["anjia_1_3"]["EmoAnnotation"]["final_main_emo"] = "Sad,Anger"
    with pytest.raises(DataError, match="anjia_1_3: got emotion 'Sad,Anger', allowed are happy, neutral"):
        load_corpus("m3ed", write(tmp_path, content))


def test_utterance_without_a_speaker(tmp_path: Path) -> None:
    content = annotation()
    del content["hunyin"]["hunyin_1"]["Dialog"]["hunyin_1_3"]["Speaker"]
    with pytest.raises(DataError, match=r"a dialogue of 'hunyin' is not as published \(KeyError: 'Speaker'\)"):
        load_corpus("m3ed", write(tmp_path, content))


def test_series_in_no_list(tmp_path: Path) -> None:
    content = annotation()
    content["new"] = {"new_1": content["anjia"]["anjia_1"]}
    with pytest.raises(DataError, match="series 'new' is in no list of splitInfo"):
        load_corpus("m3ed", write(tmp_path, content))


def test_series_in_two_lists(tmp_path: Path) -> None:
    write(tmp_path, annotation())
    (tmp_path / "splitInfo" / "movie_list_test.txt").write_text("hunyin\nanjia")
    with pytest.raises(DataError, match=r"movie_list_test\.txt: series 'anjia' is also in train"):
        load_corpus("m3ed", tmp_path)


def test_part_without_utterances(tmp_path: Path) -> None:
    content = annotation()
    del content["qingchun"]
    with pytest.raises(DataError, match="no utterance of a val series"):
        load_corpus("m3ed", write(tmp_path, content))


@pytest.mark.parametrize("name", ["annotation.json", "splitInfo/movie_list_val.txt"])
def test_missing_file(tmp_path: Path, name: str) -> None:
    (write(tmp_path, annotation()) / name).unlink()
    with pytest.raises(DataError, match=f"{name}: no such file; corpus m3ed: get annotation.json.*RUCM3ED"):
        load_corpus("m3ed", tmp_path)


@pytest.mark.parametrize(("text", "message"), [("{", "not JSON"), ("[1]", "got no series with dialogues")])
def test_damaged_annotation(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, annotation())
    (tmp_path / "annotation.json").write_text(text)
    with pytest.raises(DataError, match=message):
        load_corpus("m3ed", tmp_path)
