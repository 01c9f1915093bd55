"""What every corpus looks like to training and checking, and the speaker-independent folds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import DataError

AUDIO_SUFFIXES = (".wav", ".flac")


@dataclass(frozen=True, slots=True)
class Utterance:
    """One labelled recording."""

    path: Path
    label: str
    speaker: str
    id: str


@dataclass(frozen=True, slots=True)
class Fold:
    """Speakers of each part; no speaker is in two parts. Raises DataError otherwise."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        everyone = [*self.train, *self.validation, *self.test]
        if len(set(everyone)) != len(everyone):
            raise DataError("fold: a speaker is in more than one of train, validation and test; split them again")


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus on disk. `licence` and `how_to_get` are for people; `labels` fixes the classes' order."""

    name: str
    labels: tuple[str, ...]
    licence: str
    how_to_get: str
    utterances: tuple[Utterance, ...]
    folds: tuple[Fold, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        """All speakers, sorted."""
        return tuple(sorted({utterance.speaker for utterance in self.utterances}))

    def fold(self, number: int) -> Fold:
        """Fold `number`, from 0. Raises DataError when there is no such fold."""
        if not 0 <= number < len(self.folds):
            allowed = f"allowed is 0..{len(self.folds) - 1}"
            raise DataError(f"fold: got {number}, {allowed} for {self.name}; choose one of these")
        return self.folds[number]

    def of_speakers(self, speakers: Iterable[str]) -> tuple[Utterance, ...]:
        """The utterances of these speakers, in the corpus' order."""
        wanted = set(speakers)
        return tuple(utterance for utterance in self.utterances if utterance.speaker in wanted)


def speaker_folds(speakers: Sequence[str], count: int) -> tuple[Fold, ...]:
    """`count` folds: group k is tested, group k + 1 validates, the rest trains; groups are dealt round robin.

    With one group per speaker this is leave-one-speaker-out. Raises DataError for fewer than three speakers.
    """
    if len(speakers) < 3:
        names = ", ".join(speakers) or "none"
        raise DataError(
            f"speakers: got {len(speakers)} ({names}), at least 3 are needed to train, validate and test on "
            "different people; add recordings of more speakers"
        )
    count = min(count, len(speakers))
    groups = [tuple(speakers[first::count]) for first in range(count)]
    folds = []
    for number in range(count):
        after = (number + 1) % count
        train = tuple(s for g, group in enumerate(groups) if g not in (number, after) for s in group)
        folds.append(Fold(train=train, validation=groups[after], test=groups[number]))
    return tuple(folds)


def audio_files(folder: Path) -> list[Path]:
    """The wav and flac files right in `folder`, sorted by name; hidden files are left out."""
    files = (f for f in folder.iterdir() if f.suffix.lower() in AUDIO_SUFFIXES and not f.name.startswith("."))
    return sorted(files, key=lambda f: f.name)


def need_folder(data: Path | None, corpus: str, how_to_get: str) -> Path:
    """`data` when it is a folder. Raises DataError, saying how to get the corpus, when it is not."""
    if data is None:
        raise DataError(f"corpus {corpus}: no folder given; {how_to_get}, then pass --data DIR")
    if not data.is_dir():
        raise DataError(f"{data}: no such folder; corpus {corpus}: {how_to_get}, then pass --data DIR")
    return data
