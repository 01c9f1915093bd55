"""Your own recordings: one sub-folder per class, the speaker in front of the first `_` of the file name."""

from __future__ import annotations

from pathlib import Path

from codegen.errors import DataError
from tinyser.corpora.corpus import Corpus, Utterance, audio_files, need_folder, speaker_folds

NAME = "folder"
LICENCE = "yours"
HOW_TO_GET = "sort your recordings into DIR/<label>/<speaker>_<anything>.wav"
_MAX_FOLDS = 10


def load(data: Path | None, seed: int) -> Corpus:
    """Labels are the sub-folders' names; up to ten folds by speaker. Raises DataError, naming the place."""
    folder = need_folder(data, NAME, HOW_TO_GET)
    classes = sorted(d for d in folder.iterdir() if d.is_dir() and not d.name.startswith("."))
    if len(classes) < 2:
        raise DataError(f"{folder}: got {len(classes)} sub-folders, at least 2 classes are needed; {HOW_TO_GET}")
    utterances = tuple(utterance for class_folder in classes for utterance in _utterances(class_folder))
    speakers = sorted({utterance.speaker for utterance in utterances})
    return Corpus(
        name=NAME,
        labels=tuple(class_folder.name for class_folder in classes),
        licence=LICENCE,
        how_to_get=HOW_TO_GET,
        utterances=utterances,
        folds=speaker_folds(speakers, _MAX_FOLDS),
    )


def _utterances(class_folder: Path) -> list[Utterance]:
    files = audio_files(class_folder)
    if not files:
        raise DataError(f"{class_folder}: no wav or flac file; add recordings or remove the folder")
    utterances = []
    for path in files:
        speaker, separator, _ = path.stem.partition("_")
        if not separator or not speaker:
            raise DataError(
                f"{path}: no speaker in the file name; " f"allowed is <speaker>_<anything>{path.suffix}; rename it"
            )
        label = class_folder.name
        utterances.append(Utterance(path=path, label=label, speaker=speaker, id=f"{label}/{path.stem}"))
    return utterances
