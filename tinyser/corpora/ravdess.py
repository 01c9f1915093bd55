"""RAVDESS, speech part: Ryerson Audio-Visual Database of Emotional Speech and Song (Livingstone & Russo, 2018).

Upstream defect, in every copy: 03-01-03-01-02-01-07 and 03-01-03-01-02-02-07 are the same recording. The second
one is left out, so that nothing is counted twice; 1439 recordings remain.
"""

from __future__ import annotations

import re
from pathlib import Path

from codegen.errors import DataError
from tinyser.corpora.corpus import Corpus, Utterance, audio_files, need_folder, speaker_folds

NAME = "ravdess"
LICENCE = "CC BY-NC-SA 4.0: weights trained on it are for non-commercial use; cite Livingstone and Russo (2018)"
HOW_TO_GET = (
    "download Audio_Speech_Actors_01-24.zip (zenodo.org/records/1188976) and unpack it so that DIR holds Actor_01"
)

EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}
_DUPLICATE = "03-01-03-01-02-02-07"
# Modality 03 (audio alone), channel 01 (speech), emotion, intensity, statement, repetition, actor.
_FILE_NAME = re.compile(r"03-01-(?P<emotion>0[1-8])-0[12]-0[12]-0[12]-(?P<actor>0[1-9]|1\d|2[0-4])")
_FOLDS = 6


def load(data: Path | None, seed: int) -> Corpus:
    """Reads `data/Actor_*`; six folds, each tests two male and two female actors. Raises DataError, naming the file."""
    folder = need_folder(data, NAME, HOW_TO_GET)
    actors = sorted(path for path in folder.glob("Actor_*") if path.is_dir())
    files = [file for actor in actors for file in audio_files(actor)]
    if not files:
        raise DataError(f"{folder}: no folder Actor_01 .. Actor_24 with wav or flac files; {HOW_TO_GET}")
    utterances = tuple(_utterance(path) for path in files if path.stem != _DUPLICATE)
    # Odd actors are men. All men before all women: dealt round robin, every fold gets as many of each.
    speakers = sorted({utterance.speaker for utterance in utterances}, key=lambda s: (int(s) % 2 == 0, s))
    return Corpus(
        name=NAME,
        labels=tuple(sorted(EMOTIONS.values())),
        licence=LICENCE,
        how_to_get=HOW_TO_GET,
        utterances=utterances,
        folds=speaker_folds(speakers, _FOLDS),
    )


def _utterance(path: Path) -> Utterance:
    match = _FILE_NAME.fullmatch(path.stem)
    # Neutral speech has one intensity.
    if match is None or path.stem.startswith("03-01-01-02"):
        raise DataError(
            f"{path}: not a RAVDESS speech file name; allowed is 03-01-emotion-intensity-statement-repetition-actor "
            "as in 03-01-05-02-01-01-12.wav; remove the file (song is channel 02, video modality 01 and 02)"
        )
    if path.parent.name != f"Actor_{match['actor']}":
        raise DataError(f"{path}: a recording of actor {match['actor']} in another's folder; move or remove it")
    return Utterance(path=path, label=EMOTIONS[match["emotion"]], speaker=match["actor"], id=path.stem)
