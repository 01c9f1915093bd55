"""What every corpus looks like to training and checking, and the speaker-independent folds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import DataError

AUDIO_SUFFIXES = (".wav", ".flac")


@dataclass(frozen=True, slots=True)
class Utterance:
    """One labelled recording, or the segment of it from `start_seconds` to `end_seconds` (None: its end).

    Utterances of one `group` are decided together, by majority vote.
    """

    path: Path
    label: str
    speaker: str
    id: str
    start_seconds: float = 0.0
    end_seconds: float | None = None
    group: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it is all of its recording, and decided alone."""
        return self.start_seconds == 0 and self.end_seconds is None and self.group is None


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
    """A corpus on disk. `licence` and `how_to_get` are for people; `labels` fixes the classes' order.

    Raises DataError when utterances decided together differ in label or speaker.
    """

    name: str
    labels: tuple[str, ...]
    licence: str
    how_to_get: str
    utterances: tuple[Utterance, ...]
    folds: tuple[Fold, ...]

    def __post_init__(self) -> None:
        of_group: dict[str | None, tuple[str, str]] = {}
        for utterance in self.utterances:
            found = (utterance.label, utterance.speaker)
            if utterance.group is not None and of_group.setdefault(utterance.group, found) != found:
                raise DataError(
                    f"corpus {self.name}: group {utterance.group}: got more than one label or speaker, allowed is "
                    "one; its utterances are decided together"
                )

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


def decision_numbers(utterances: Iterable[Utterance]) -> list[int]:
    """The decision that each utterance belongs to, numbered from 0 by first appearance: its group's, or its own."""
    numbers: dict[str | int, int] = {}
    keys = (index if utterance.group is None else utterance.group for index, utterance in enumerate(utterances))
    return [numbers.setdefault(key, len(numbers)) for key in keys]


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
