"""DAIC-WOZ: turns of the participant, splits with and without test labels, the release's known defects."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.errors import DataError
from tests.corpora.interviews import HEADER, row, write_corpus, write_labels, write_session
from tinyser.corpora import load_corpus


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_corpus(tmp_path)


def test_turns_of_the_participant(folder: Path) -> None:
    """Not the mark, not Ellie, not what is short, empty or cut out."""
    corpus = load_corpus("daic-woz", folder)
    turns = corpus.of_speakers(["900"])
    assert [(u.id, u.start_seconds, u.end_seconds) for u in turns] == [("900/4", 2.0, 3.5), ("900/10", 8.0, 11.25)]
    assert {(u.path.name, u.group, u.label) for u in turns} == {("900_AUDIO.wav", "900", "depressed")}
    assert len(corpus.utterances) == 32 and corpus.labels == ("not depressed", "depressed")


def test_the_score_decides(folder: Path) -> None:
    corpus = load_corpus("daic-woz", folder)
    label = {u.speaker: u.label for u in corpus.utterances}
    assert label["901"] == "not depressed", "the binary column says otherwise"
    assert {s for s in ("920", "921", "922", "923") if label[s] == "depressed"} == {"920", "922"}


def test_without_test_labels_dev_is_tested(folder: Path) -> None:
    (fold,) = load_corpus("daic-woz", folder).folds
    assert fold.test == ("920", "921", "922", "923")
    # Every fifth of those who are not depressed, 901 902 904 905 907 ..., and of those who are, 900 903 906 909.
    assert fold.validation == ("901", "908", "900")
    assert fold.train == ("902", "903", "904", "905", "906", "907", "909", "910", "911")


def test_with_test_labels_the_split_is_the_official_one(folder: Path) -> None:
    (folder / "full_test_split.csv").write_text("Participant_ID,PHQ_Binary,PHQ_Score,Gender\n930,0,3,1\n931,1,20,0\n")
    for participant in (930, 931):
        write_session(folder, participant)
    corpus = load_corpus("daic-woz", folder)
    (fold,) = corpus.folds
    assert (fold.test, fold.validation, len(fold.train)) == (("930", "931"), ("920", "921", "922", "923"), 12)
    assert [u.label for u in corpus.of_speakers(["931"])] == ["depressed"] * 2


def test_known_defects(folder: Path) -> None:
    """A transcript that runs ahead of its recording, a session that was interrupted, one that does not exist."""
    write_labels(folder / "dev_split_Depression_AVEC2017.csv", {321: 0, 373: 12, 394: 3})
    write_session(folder, 321)
    times = ((390.0, 394.0), (394.0, 396.0), (400.0, 402.0), (427.0, 430.0), (428.0, 431.0))
    write_session(folder, 373, [row(*pair, "Participant", "well") for pair in times])
    corpus = load_corpus("daic-woz", folder)
    late = corpus.of_speakers(["321"])[0]
    assert (late.start_seconds, late.end_seconds) == pytest.approx((2.0 + 3.8379167, 3.5 + 3.8379167))
    assert [u.start_seconds for u in corpus.of_speakers(["373"])] == [390.0, 428.0]
    assert corpus.folds[0].test == ("321", "373")


@pytest.mark.parametrize("mark", ["<sync>", "[synching]", "<SYNCH>"])
def test_marks_of_synchronisation(folder: Path, mark: str) -> None:
    write_session(folder, 900, [row(0, 5, "Participant", mark), row(5, 8, "Participant", f"{mark} yes")])
    assert [u.id for u in load_corpus("daic-woz", folder).of_speakers(["900"])] == ["900/3"]


@pytest.mark.parametrize("name", ["train_split_Depression_AVEC2017.csv", "dev_split_Depression_AVEC2017.csv"])
def test_no_label_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"{name}: no such file; corpus daic-woz: ask for it at dcapswoz"):
        load_corpus("daic-woz", folder)


@pytest.mark.parametrize("line", ["x,1,15,1", "900,1,,1", "900,1,25,1", "900"])
def test_damaged_label(folder: Path, line: str) -> None:
    path = folder / "train_split_Depression_AVEC2017.csv"
    path.write_text(f"Participant_ID,PHQ8_Binary,PHQ8_Score,Gender\n903,1,15,1\n{line}\n")
    with pytest.raises(DataError, match=r"AVEC2017\.csv: line 3: got participant .* with score"):
        load_corpus("daic-woz", folder)


def test_label_file_without_participants(folder: Path) -> None:
    write_labels(folder / "dev_split_Depression_AVEC2017.csv", {})
    with pytest.raises(DataError, match="dev_split_Depression_AVEC2017.csv: holds no participant"):
        load_corpus("daic-woz", folder)


@pytest.mark.parametrize("what", ["AUDIO.wav", "TRANSCRIPT.csv"])
def test_missing_session(folder: Path, what: str) -> None:
    (folder / "905_P" / f"905_{what}").unlink()
    with pytest.raises(DataError, match=f"905_{what}: no such file, but the split has its participant"):
        load_corpus("daic-woz", folder)


def test_transcript_with_commas(folder: Path) -> None:
    path = folder / "900_P" / "900_TRANSCRIPT.csv"
    path.write_text(path.read_text().replace("\t", ","))
    with pytest.raises(DataError, match="line 1: got 'start_time,stop_time,speaker,value', allowed is .* by tabs"):
        load_corpus("daic-woz", folder)


def test_empty_transcript(folder: Path) -> None:
    (folder / "900_P" / "900_TRANSCRIPT.csv").write_text("")
    with pytest.raises(DataError, match="line 1: got '', allowed is"):
        load_corpus("daic-woz", folder)


def test_transcript_with_a_strange_time(folder: Path) -> None:
    (folder / "900_P" / "900_TRANSCRIPT.csv").write_text(f"{HEADER}\n1:02\t3.5\tParticipant\tgood\n")
    with pytest.raises(DataError, match="line 2: got times '1:02' and '3.5', allowed are seconds"):
        load_corpus("daic-woz", folder)


def test_silent_participant(folder: Path) -> None:
    write_session(folder, 900, [row(1, 9, "Ellie", "hello")])
    with pytest.raises(DataError, match="no turn of the Participant of at least 1 s"):
        load_corpus("daic-woz", folder)
