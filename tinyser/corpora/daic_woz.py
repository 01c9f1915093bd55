"""DAIC-WOZ with the AVEC 2017 split: depression (PHQ-8 score of 10 or more) from what the participant says.

Gratch et al., "The Distress Analysis Interview Corpus of human and computer interviews", LREC 2014. Every turn of
the participant is an utterance; the turns of a participant are decided together, by majority vote.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import DataError
from tinyser.corpora.corpus import Corpus, Fold, Utterance, need_folder

NAME = "daic-woz"
LICENCE = "for research, under the end user licence agreement of USC ICT: no redistribution; cite Gratch et al. (2014)"
HOW_TO_GET = (
    "ask for it at dcapswoz.ict.usc.edu and unpack it so that DIR holds 300_P, 301_P, ... and "
    "train_split_Depression_AVEC2017.csv"
)

LABELS = ("not depressed", "depressed")
TRAIN, DEV, TEST = "train_split_Depression_AVEC2017.csv", "dev_split_Depression_AVEC2017.csv", "full_test_split.csv"
_DEPRESSED = 10  # PHQ-8 score
# Without published labels of the test participants, every fifth training participant of each class validates.
_VALIDATES = 5
# Shorter turns (yes, mhm) say little and would outvote the others.
_MIN_SECONDS = 1.0
# Known defects of the release. These sessions were never published:
_ABSENT = ("342", "394", "398", "460")
# Seconds by which a transcript runs ahead of its recording:
_LATE = {"318": 34.319917, "321": 3.8379167, "341": 6.1892, "362": 16.8582}
# Seconds during which somebody came in:
_INTERRUPTED = {"373": (395.0, 428.0), "444": (286.0, 387.0)}
# Rows that hold no words: marks of synchronisation, names that were cut out of the recording.
_NO_SPEECH = re.compile(r"|[<\[]sync\w*[>\]]|.*scrubbed_entry.*", re.IGNORECASE)
_COLUMNS = ["start_time", "stop_time", "speaker", "value"]


@dataclass(frozen=True, slots=True)
class _Participant:
    id: str
    depressed: bool


def load(data: Path | None, seed: int) -> Corpus:
    """One fold. With `full_test_split.csv`: the official split.

    Without it, as in the literature while test labels were withheld: the dev participants are tested, a fifth of
    the training participants validates. Raises DataError, naming file and line.
    """
    folder = need_folder(data, NAME, HOW_TO_GET)
    train, dev = _participants(folder / TRAIN), _participants(folder / DEV)
    if (folder / TEST).is_file():
        parts = (train, dev, _participants(folder / TEST))
    else:
        validation = [p for label in (False, True) for p in [p for p in train if p.depressed == label][::_VALIDATES]]
        parts = ([p for p in train if p not in validation], validation, dev)
    utterances = tuple(utterance for part in parts for p in part for utterance in _turns(folder, p))
    return Corpus(
        name=NAME,
        labels=LABELS,
        licence=LICENCE,
        how_to_get=HOW_TO_GET,
        utterances=utterances,
        folds=(Fold(*(tuple(p.id for p in part) for part in parts)),),
    )


def _participants(path: Path) -> list[_Participant]:
    """Those of a label file, by number. The score decides: the binary column is wrong for 409."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; corpus {NAME}: {HOW_TO_GET}")
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = [{(k or "").strip().lower(): v for k, v in row.items()} for row in csv.DictReader(file)]
    found = []
    for number, row in enumerate(rows, start=2):
        participant = row.get("participant_id") or ""
        score = row.get("phq8_score") or row.get("phq_score") or ""
        if not participant.isdecimal() or not score.isdecimal() or int(score) > 24:
            raise DataError(
                f"{path}: line {number}: got participant {participant!r} with score {score!r}, allowed are a number "
                "as Participant_ID and 0..24 as PHQ8_Score or PHQ_Score; get the file again"
            )
        if participant not in _ABSENT:
            found.append(_Participant(participant, int(score) >= _DEPRESSED))
    if not found:
        raise DataError(f"{path}: holds no participant; get the file again")
    return sorted(found, key=lambda p: int(p.id))


def _turns(folder: Path, participant: _Participant) -> list[Utterance]:
    session = folder / f"{participant.id}_P"
    recording, transcript = (session / f"{participant.id}_{what}" for what in ("AUDIO.wav", "TRANSCRIPT.csv"))
    for path in (recording, transcript):
        if not path.is_file():
            raise DataError(f"{path}: no such file, but the split has its participant; unpack {session.name}.zip there")
    late = _LATE.get(participant.id, 0.0)
    from_second, to_second = _INTERRUPTED.get(participant.id, (0.0, 0.0))
    utterances = [
        Utterance(
            path=recording,
            label=LABELS[participant.depressed],
            speaker=participant.id,
            id=f"{participant.id}/{line}",
            start_seconds=start + late,
            end_seconds=stop + late,
            group=participant.id,
        )
        for line, start, stop in _spoken(transcript)
        if stop <= from_second or start >= to_second
    ]
    if not utterances:
        raise DataError(f"{transcript}: no turn of the Participant of at least {_MIN_SECONDS:g} s; unpack it again")
    return utterances


def _spoken(transcript: Path) -> Iterator[tuple[int, float, float]]:
    """Line, start and stop in seconds of the participant's turns that are long enough."""
    # Tab separated in spite of the file's name; a quotation mark is no more than that.
    lines = transcript.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    header, *rows = ([cell.strip() for cell in line.split("\t")] for line in lines or [""])
    if header != _COLUMNS:
        raise DataError(
            f"{transcript}: line 1: got {' '.join(lines[:1])!r}, allowed is {', '.join(_COLUMNS)} separated by tabs; "
            "unpack it again"
        )
    for line, cells in enumerate(rows, start=2):
        start_text, stop_text, speaker, value = (cells + [""] * 4)[:4]
        if speaker != "Participant" or _NO_SPEECH.fullmatch(value):
            continue
        try:
            start, stop = float(start_text), float(stop_text)
        except ValueError as error:
            raise DataError(
                f"{transcript}: line {line}: got times {start_text!r} and {stop_text!r}, allowed are seconds; "
                "unpack it again"
            ) from error
        if stop - start >= _MIN_SECONDS:
            yield line, start, stop
