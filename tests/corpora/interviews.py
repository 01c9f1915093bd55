"""A synthetic DAIC-WOZ: label files, transcripts and recordings as published, of nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.corpora.noise import record

ITEMS = "PHQ8_NoInterest,PHQ8_Depressed,PHQ8_Sleep,PHQ8_Tired,PHQ8_Appetite,PHQ8_Failure,PHQ8_Concentrating,PHQ8_Moving"
HEADER = "start_time\tstop_time\tspeaker\tvalue"
TRAIN_SCORES = {number: 15 if number % 3 == 0 else 4 for number in range(900, 912)}
DEV_SCORES = {920: 12, 921: 0, 922: 10, 923: 9}
SECONDS = 12.0


def row(start: float, stop: float, speaker: str, value: str) -> str:
    return f"{start:.3f}\t{stop:.3f}\t{speaker}\t{value}"


ROWS = (
    row(0.2, 0.4, "Participant", "<synch>"),
    row(0.5, 1.9, "Ellie", "IntroV4Confirmation (hi i'm ellie thanks for coming in today)"),
    row(2.0, 3.5, "Participant", 'good "thanks'),
    row(3.6, 3.9, "Participant", "mhm"),
    row(4.0, 5.5, "Participant", ""),
    row(5.6, 7.0, "Participant", "scrubbed_entry"),
    "",
    "7.0\t8.0\t\t",
    row(8.0, 11.25, "Participant", "atlanta georgia"),
)


def write_session(folder: Path, participant: int, rows: Sequence[str] = ROWS, seconds: float = SECONDS) -> Path:
    session = folder / f"{participant}_P"
    record(session / f"{participant}_AUDIO.wav", seconds, seed=participant)
    (session / f"{participant}_TRANSCRIPT.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return session


def write_labels(path: Path, scores: Mapping[int, int]) -> None:
    """As the train and dev files are; the binary column is left wrong for 901, as it is upstream for 409."""
    lines = [f"Participant_ID,PHQ8_Binary,PHQ8_Score,Gender,{ITEMS}"]
    for participant, score in scores.items():
        binary = int(score >= 10) if participant != 901 else 1
        # One item is empty, as one of 319 is upstream.
        lines.append(f"{participant},{binary},{score},1,2,2,,2,2,2,2,2")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\r\n".join(lines) + "\r\n")


def write_corpus(folder: Path) -> Path:
    """Twelve training and four dev participants; test labels are withheld."""
    write_labels(folder / "train_split_Depression_AVEC2017.csv", {342: 3, **TRAIN_SCORES})
    write_labels(folder / "dev_split_Depression_AVEC2017.csv", DEV_SCORES)
    (folder / "test_split_Depression_AVEC2017.csv").write_text("participant_ID,Gender\n930,1\n")
    for participant in (*TRAIN_SCORES, *DEV_SCORES):
        write_session(folder, participant)
    return folder
