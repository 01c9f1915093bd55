"""IEMOCAP: evaluation files as published, and what lies between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.errors import DataError
from tests.corpora.noise import record
from tinyser.corpora import load_corpus

HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
ANNOTATORS = (
    "C-E2:\tNeutral;\t()\n"
    "C-F1:\tNeutral; Anger;\t(curious)\n"
    "A-E3:\tval 3; act 2; dom  2;\t()\n"
    "A-E4:\tval 2; act 3; dom  3;\t(na\xefve, but polite)\n\n"
)
CODES = ("ang", "hap", "exc", "neu", "sad", "xxx", "fru", "sur", "fea", "oth", "dis")


def turn(name: str, code: str) -> str:
    return f"[6.2901 - 8.2357]\t{name}\t{code}\t[2.5000, 2.5000, 2.5000]\n{ANNOTATORS}"


def write_dialogue(session: Path, dialogue: str, turns: dict[str, str]) -> Path:
    """An evaluation file in latin-1 with its recordings; `turns` maps the last part of the name to a code."""
    path = session / "dialog" / "EmoEvaluation" / f"{dialogue}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = HEADER + "".join(turn(f"{dialogue}_{last}", code) for last, code in turns.items())
    path.write_text(text, encoding="latin-1")
    for last in turns:
        record(session / "sentences" / "wav" / dialogue / f"{dialogue}_{last}.wav")
    return path


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Five sessions: an improvisation with every code, a script; extra files as in copies in the wild."""
    folder = tmp_path / "IEMOCAP_full_release"
    for number in range(1, 6):
        session = folder / f"Session{number}"
        write_dialogue(session, f"Ses0{number}F_impro01", {f"F{i:03}": code for i, code in enumerate(CODES)})
        write_dialogue(session, f"Ses0{number}M_script01_1b", {"F000": "neu", "M000": "sad"})
        evaluations = session / "dialog" / "EmoEvaluation"
        (evaluations / f"._Ses0{number}F_impro01.txt").write_bytes(b"\0\5\x16\7\n[\xff\n")
        (evaluations / "Categorical").mkdir()
        (evaluations / "Categorical" / "x_e2_cat.txt").write_text("Ses01F_impro01_F000 :Neutral state; ()\n")
    return folder


@pytest.mark.parametrize("inside", [True, False])
def test_four_classes(release: Path, inside: bool) -> None:
    corpus = load_corpus("iemocap", release if inside else release.parent)
    assert corpus.labels == ("angry", "happy", "neutral", "sad")
    first = [(u.id, u.speaker, u.label) for u in corpus.utterances[:7]]
    assert first == [
        ("Ses01F_impro01_F000", "1F", "angry"),
        ("Ses01F_impro01_F001", "1F", "happy"),
        ("Ses01F_impro01_F002", "1F", "happy"),
        ("Ses01F_impro01_F003", "1F", "neutral"),
        ("Ses01F_impro01_F004", "1F", "sad"),
        ("Ses01M_script01_1b_F000", "1F", "neutral"),
        ("Ses01M_script01_1b_M000", "1M", "sad"),
    ]
    assert len(corpus.utterances) == 35 and all(u.path.is_file() for u in corpus.utterances)


def test_one_session_out(release: Path) -> None:
    corpus = load_corpus("iemocap", release)
    assert [fold.test for fold in corpus.folds] == [(f"{n}F", f"{n}M") for n in range(1, 6)]
    assert [fold.validation for fold in corpus.folds] == [(f"{n}F", f"{n}M") for n in (2, 3, 4, 5, 1)]
    assert all(len(fold.train) == 6 for fold in corpus.folds)


def test_no_iemocap(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"EmoEvaluation: no evaluation of a dialogue.*sail\.usc\.edu/iemocap"):
        load_corpus("iemocap", tmp_path)


def test_missing_session(release: Path) -> None:
    for path in (release / "Session4" / "dialog" / "EmoEvaluation").glob("*.txt"):
        path.unlink()
    with pytest.raises(DataError, match="Session4.*no evaluation of a dialogue"):
        load_corpus("iemocap", release)


def test_session_without_a_class(release: Path) -> None:
    for dialogue in ("Ses02F_impro01", "Ses02M_script01_1b"):
        write_dialogue(release / "Session2", dialogue, {"F000": "xxx"})
    with pytest.raises(DataError, match="Session2.*no utterance of the classes ang, hap, exc, neu, sad"):
        load_corpus("iemocap", release)


def test_missing_recording(release: Path) -> None:
    (release / "Session3/sentences/wav/Ses03F_impro01/Ses03F_impro01_F001.wav").unlink()
    with pytest.raises(DataError, match=r"Ses03F_impro01_F001\.wav: no such file, but Ses03F_impro01\.txt has a label"):
        load_corpus("iemocap", release)


@pytest.mark.parametrize(
    "line",
    [
        "[6.2901 - 8.2357] Ses01F_impro09_F000 neu [2.5000, 2.5000, 2.5000]",
        "[6.2901 - 8.2357]\tSes06F_impro09_F000\tneu\t[2.5000, 2.5000, 2.5000]",
        "[6.2901 - 8.2357]\t",
    ],
)
def test_damaged_line(release: Path, line: str) -> None:
    (release / "Session1/dialog/EmoEvaluation/Ses01F_impro09.txt").write_text(HEADER + line + "\n")
    with pytest.raises(DataError, match=r"Ses01F_impro09\.txt: line 3: got .*separated by tabs"):
        load_corpus("iemocap", release)
