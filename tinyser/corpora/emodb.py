"""EmoDB, the Berlin Database of Emotional Speech (Burkhardt et al., Interspeech 2005)."""

from __future__ import annotations

import re
from pathlib import Path

from codegen.errors import DataError
from tinyser.corpora.corpus import Corpus, Utterance, audio_files, need_folder, speaker_folds

NAME = "emodb"
LICENCE = "CC0-1.0; cite Burkhardt, Paeschke, Rolfes, Sendlmeier and Weiss (2005)"
HOW_TO_GET = "download EmoDB and unpack it so that DIR or DIR/wav holds files such as 03a01Fa.wav"

# The emotion letter is the initial of the German word.
EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
# Speaker (2 digits), text code, emotion, version, for example 03a01Fa.
_FILE_NAME = re.compile(r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[A-Z])(?P<version>[a-z])")


def load(data: Path | None, seed: int) -> Corpus:
    """Reads `data` or `data/wav`; one fold per speaker, ten in all. Raises DataError, naming the file."""
    folder = need_folder(data, NAME, HOW_TO_GET)
    wav = folder / "wav"
    files = audio_files(wav if wav.is_dir() else folder)
    if not files:
        raise DataError(f"{folder}: no wav or flac file in it or in its folder wav; {HOW_TO_GET}")
    utterances = tuple(_utterance(path) for path in files)
    speakers = sorted({utterance.speaker for utterance in utterances})
    return Corpus(
        name=NAME,
        labels=tuple(sorted(EMOTIONS.values())),
        licence=LICENCE,
        how_to_get=HOW_TO_GET,
        utterances=utterances,
        folds=speaker_folds(speakers, len(speakers)),
    )


def _utterance(path: Path) -> Utterance:
    match = _FILE_NAME.fullmatch(path.stem)
    if match is None or match["emotion"] not in EMOTIONS:
        raise DataError(
            f"{path}: not an EmoDB file name; allowed is speaker, text, emotion ({''.join(EMOTIONS)}) and "
            "version as in 03a01Fa.wav; remove the file, or use --corpus folder for your own recordings"
        )
    return Utterance(path=path, label=EMOTIONS[match["emotion"]], speaker=match["speaker"], id=path.stem)
