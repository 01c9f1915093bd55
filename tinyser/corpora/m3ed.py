"""M3ED, dialogues of 56 Chinese TV series in seven emotions (Zhao et al., ACL 2022), audio alone.

The label is `final_main_emo`. The split is the official one, by series; a speaker is a character of a series.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from codegen.errors import DataError
from tinyser.corpora.corpus import AUDIO_SUFFIXES, Corpus, Fold, Utterance, need_folder

NAME = "m3ed"
LICENCE = "no licence is stated; the audio is from TV series: no redistribution; cite Zhao et al. (2022)"
HOW_TO_GET = (
    "get annotation.json, splitInfo and the clips through github.com/AIM3-RUC/RUCM3ED and put them into DIR, "
    "the clips as DIR/modality_speech/A_anjia_1_1.wav"
)

# In the order of the authors' label numbers.
EMOTIONS = ("happy", "neutral", "sad", "disgust", "anger", "fear", "surprise")
_PARTS = ("train", "val", "test")


def load(data: Path | None, seed: int) -> Corpus:
    """One fold, the official split. Raises DataError, naming the file and the utterance."""
    folder = need_folder(data, NAME, HOW_TO_GET)
    part_of_series = _split(folder / "splitInfo")
    clips = {
        path.name: path
        for path in sorted(folder.rglob("*"))
        if path.suffix in AUDIO_SUFFIXES and not path.name.startswith(".")
    }
    speakers: dict[str, dict[str, None]] = {part: {} for part in _PARTS}
    utterances = []
    for series, utterance in _utterances(folder / "annotation.json", clips):
        if series not in part_of_series:
            raise DataError(
                f"{folder / 'annotation.json'}: series {series!r} is in no list of splitInfo; add it to one"
            )
        speakers[part_of_series[series]][utterance.speaker] = None
        utterances.append(utterance)
    for part in _PARTS:
        if not speakers[part]:
            raise DataError(f"{folder / 'annotation.json'}: no utterance of a {part} series; get the whole file")
    train, validation, test = (tuple(speakers[part]) for part in _PARTS)
    return Corpus(
        name=NAME,
        labels=EMOTIONS,
        licence=LICENCE,
        how_to_get=HOW_TO_GET,
        utterances=tuple(utterances),
        folds=(Fold(train=train, validation=validation, test=test),),
    )


def _split(folder: Path) -> dict[str, str]:
    """Series -> train, val or test."""
    part_of_series: dict[str, str] = {}
    for part in _PARTS:
        path = folder / f"movie_list_{part}.txt"
        if not path.is_file():
            raise DataError(f"{path}: no such file; corpus {NAME}: {HOW_TO_GET}")
        for series in path.read_text(encoding="utf-8", errors="replace").split():
            if part_of_series.setdefault(series, part) != part:
                raise DataError(f"{path}: series {series!r} is also in {part_of_series[series]}; keep it in one list")
    return part_of_series


def _utterances(path: Path, clips: Mapping[str, Path]) -> Iterator[tuple[str, Utterance]]:
    """Series and utterance, in the order of the dialogues."""
    for series, dialogues in _read(path).items():
        for dialogue in dialogues.values():
            try:
                ids = sorted(dialogue["Dialog"], key=lambda name: int(name.rpartition("_")[2]))
                for name in ids:
                    yield series, _utterance(path, series, name, dialogue, clips)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise DataError(
                    f"{path}: a dialogue of {series!r} is not as published ({type(error).__name__}: {error}); get "
                    "the file again"
                ) from error


def _utterance(path: Path, series: str, name: str, dialogue: Any, clips: Mapping[str, Path]) -> Utterance:
    turn = dialogue["Dialog"][name]
    letter, emotion = turn["Speaker"], turn["EmoAnnotation"]["final_main_emo"]
    if emotion.lower() not in EMOTIONS:
        raise DataError(f"{path}: {name}: got emotion {emotion!r}, allowed are {', '.join(EMOTIONS)}; mend the file")
    stem = f"{letter}_{name}"
    clip = next((clips[stem + suffix] for suffix in AUDIO_SUFFIXES if stem + suffix in clips), None)
    if clip is None:
        raise DataError(f"{path}: {name}: no clip {stem}.wav in {path.parent} or below; {HOW_TO_GET}")
    # The same character has another letter in another dialogue.
    speaker = f"{series}/{dialogue['SpeakerInfo'][letter]['Name']}"
    return Utterance(path=clip, label=emotion.lower(), speaker=speaker, id=name)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; corpus {NAME}: {HOW_TO_GET}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: not JSON ({error}); get the file again") from error
    if not isinstance(content, dict) or not all(isinstance(dialogues, dict) for dialogues in content.values()):
        raise DataError(f"{path}: got no series with dialogues, allowed is {{series: {{dialogue: ...}}}}; get it again")
    return content
