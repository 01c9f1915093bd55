"""IEMOCAP, the usual four classes: anger, sadness, neutral, and happiness together with excitement.

Busso et al., "IEMOCAP: interactive emotional dyadic motion capture database", Language Resources and Evaluation,
2008. The label is the evaluators' majority; utterances without one (xxx) or of another class are left out.
"""

from __future__ import annotations

import re
from pathlib import Path

from codegen.errors import DataError
from tinyser.corpora.corpus import Corpus, Utterance, need_folder, speaker_folds

NAME = "iemocap"
LICENCE = "for research, under the release form of USC SAIL: no redistribution; cite Busso et al. (2008)"
HOW_TO_GET = "ask for it at sail.usc.edu/iemocap and unpack it so that DIR, or DIR/IEMOCAP_full_release, holds Session1"

# Codes of all others (fru, sur, fea, dis, oth, xxx) are left out.
EMOTIONS = {"ang": "angry", "hap": "happy", "exc": "happy", "neu": "neutral", "sad": "sad"}
_SESSIONS = ("1", "2", "3", "4", "5")
# [6.2901 - 8.2357]<tab>Ses01F_impro01_F000<tab>neu<tab>[2.5000, 2.5000, 2.5000]
_TURN = re.compile(r"\[[\d.]+ - [\d.]+\]\t(?P<id>\S+)\t(?P<emotion>\w+)\t\[.*")
# The letter before the turn's number is the speaker's gender; the one after the session wears the markers.
_ID = re.compile(r"(?P<dialogue>Ses0(?P<session>[1-5])[FM]_\w+)_(?P<gender>[FM])\w+")


def load(data: Path | None, seed: int) -> Corpus:
    """Five folds: one session is tested, the next one validates, three train. Raises DataError, naming the place."""
    folder = need_folder(data, NAME, HOW_TO_GET)
    release = folder / "IEMOCAP_full_release"
    folder = release if release.is_dir() else folder
    utterances = tuple(utterance for session in _SESSIONS for utterance in _session(folder / f"Session{session}"))
    # Dealt round robin into five groups, these are the sessions with both their speakers.
    speakers = [session + gender for gender in "FM" for session in _SESSIONS]
    return Corpus(
        name=NAME,
        labels=tuple(sorted(set(EMOTIONS.values()))),
        licence=LICENCE,
        how_to_get=HOW_TO_GET,
        utterances=utterances,
        folds=speaker_folds(speakers, len(_SESSIONS)),
    )


def _session(folder: Path) -> list[Utterance]:
    evaluations = folder / "dialog" / "EmoEvaluation"
    # AppleDouble files (._Ses01F_impro01.txt) lie beside the true ones in some copies.
    files = sorted(file for file in evaluations.glob("*.txt") if not file.name.startswith("."))
    if not files:
        raise DataError(f"{evaluations}: no evaluation of a dialogue (*.txt); corpus {NAME}: {HOW_TO_GET}")
    utterances = [utterance for file in files for utterance in _dialogue(file, folder / "sentences" / "wav")]
    if not utterances:
        raise DataError(f"{evaluations}: no utterance of the classes {', '.join(EMOTIONS)}; unpack the corpus again")
    return utterances


def _dialogue(evaluation: Path, recordings: Path) -> list[Utterance]:
    utterances = []
    for number, line in enumerate(evaluation.read_text(encoding="latin-1").splitlines(), start=1):
        if not line.startswith("["):
            continue
        turn = _TURN.fullmatch(line)
        name = _ID.fullmatch(turn["id"]) if turn else None
        if turn is None or name is None:
            raise DataError(
                f"{evaluation}: line {number}: got {line[:60]!r}, allowed is [start - end], utterance, emotion and "
                "[V, A, D] separated by tabs; unpack the corpus again"
            )
        if turn["emotion"] not in EMOTIONS:
            continue
        path = recordings / name["dialogue"] / f"{turn['id']}.wav"
        if not path.is_file():
            raise DataError(f"{path}: no such file, but {evaluation.name} has a label for it; unpack the corpus again")
        speaker = name["session"] + name["gender"]
        utterances.append(Utterance(path=path, label=EMOTIONS[turn["emotion"]], speaker=speaker, id=turn["id"]))
    return utterances
