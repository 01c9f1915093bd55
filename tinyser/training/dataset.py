"""A corpus' fold as arrays: features per clip, random windows to train on, all windows to judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor

from codegen.errors import DataError
from codegen.feature_reference import fit_normalisation
from codegen.feature_spec import FeatureSpec
from codegen.log_mel import Float32
from tinyser.corpora import Corpus, Utterance
from tinyser.corpora.corpus import decision_numbers
from tinyser.features.cache import FeatureCache
from tinyser.features.context import log_mel_windows
from tinyser.features.speaker_streams import HeardInStreams, heard_in_streams
from tinyser.features.torch_features import HeardBatch, past_frames
from tinyser.training.familiarity import gets_used_to_voices, known_voices
from tinyser.training.resample import at_frames

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Clips:
    """One part of a fold: log-mel (frames, mels) per clip, with label indices and speakers.

    `groups`: the number of the decision that each clip belongs to; empty where every clip is decided alone.
    `heard`: what came before each clip in its speaker's stream; None but for running normalisation.
    """

    log_mels: tuple[Float32, ...]
    labels: tuple[int, ...]
    speakers: tuple[str, ...]
    spec: FeatureSpec
    groups: tuple[int, ...] = ()
    heard: HeardInStreams | None = None

    def __len__(self) -> int:
        return len(self.log_mels)

    def truth(self) -> Tensor:
        """Label indices, (clips,)."""
        return torch.tensor(self.labels, dtype=torch.int64)

    def familiar(self) -> Clips | None:
        """The same, each heard when all of its speaker's stream is known; None but for running normalisation."""
        return None if self.heard is None else replace(self, heard=replace(self.heard, before=self.heard.over))

    def windows(self, index: int) -> Float32:
        """What the model sees of a clip by the context rule, (windows, context_frames, features)."""
        return log_mel_windows(self.log_mels[index], self.spec, self.heard.before[index] if self.heard else None)


@dataclass(frozen=True, slots=True)
class FoldData:
    """The three parts of a fold, and a spec with the statistics of its training speakers only."""

    spec: FeatureSpec
    train: Clips
    validation: Clips
    test: Clips


def load_fold(corpus: Corpus, number: int, spec: FeatureSpec, console: Console, *, validate: bool = True) -> FoldData:
    """Reads (or computes and keeps) the features of every clip of the fold.

    Without `validate` the validation speakers are training speakers like the others, and that part is empty.
    Raises DataError for an unreadable recording, or when the training speakers lack a class.
    """
    fold = corpus.fold(number)
    if not validate:
        fold = replace(fold, train=(*fold.train, *fold.validation), validation=())
    speakers = {"train": fold.train, "validation": fold.validation, "test": fold.test}
    parts = {part: corpus.of_speakers(speakers[part]) for part in PARTS}
    cache = FeatureCache(spec)
    everything = [utterance for part in PARTS for utterance in parts[part]]
    progress = track(everything, description="features", console=console, transient=True)
    log_mels = {u: cache.load(u.path, u.start_seconds, u.end_seconds) for u in progress}
    for note in cache.notes[:3]:
        console.print(f"note: {note}", soft_wrap=True)
    if len(cache.notes) > 3:
        console.print(f"note: {len(cache.notes) - 3} more recordings were converted likewise", soft_wrap=True)
    _need_every_class(corpus, parts["train"])
    fitted = fit_normalisation(spec, [log_mels[utterance] for utterance in parts["train"]])
    clips = {part: _clips(corpus, parts[part], log_mels, fitted) for part in PARTS}
    return FoldData(fitted, clips["train"], clips["validation"], clips["test"])


def _need_every_class(corpus: Corpus, utterances: Sequence[Utterance]) -> None:
    missing = [label for label in corpus.labels if label not in {u.label for u in utterances}]
    if missing:
        raise DataError(
            f"corpus {corpus.name}: the training speakers have no recording of {missing[0]!r}; "
            "choose another fold or add recordings"
        )


def _clips(
    corpus: Corpus, utterances: Sequence[Utterance], log_mels: dict[Utterance, Float32], spec: FeatureSpec
) -> Clips:
    together = any(utterance.group is not None for utterance in utterances)
    clips = tuple(log_mels[utterance] for utterance in utterances)
    speakers = tuple(utterance.speaker for utterance in utterances)
    return Clips(
        log_mels=clips,
        labels=tuple(corpus.labels.index(utterance.label) for utterance in utterances),
        speakers=speakers,
        spec=spec,
        heard=heard_in_streams(clips, speakers, [utterance.id for utterance in utterances], spec),
        groups=tuple(decision_numbers(utterances)) if together else (),
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """Log-mel (batch, frames, mels), audible (batch, frames, 1), 0 on padding else 1, labels (batch,), clips (batch,).

    `clips` are indices into what the batch is drawn from. The last `context_frames` are what the model is to see;
    frames before them are what these depend on, and `heard` what came before those, for running normalisation.
    """

    log_mel: Tensor
    audible: Tensor
    labels: Tensor
    clips: Tensor
    heard: HeardBatch | None = None


def random_batches(
    clips: Clips, size: int, random: np.random.Generator, tempo: float = 0.0, unfamiliar: float = 0.0
) -> Iterator[Batch]:
    """One pass over the clips in random order, a random window of each that is longer than the context.

    `tempo`: largest change of a clip's speed, as a share of it; `unfamiliar`: share of clips whose voice is known in
    part only (tinyser/training/familiarity.py).
    """
    context, past = clips.spec.context_frames, past_frames(clips.spec, held=gets_used_to_voices(clips.spec))
    order = random.permutation(len(clips))
    for first in range(0, len(order), size):
        chosen = order[first : first + size]
        parts = [_random_window(clips.log_mels[index], context, past, random, tempo) for index in chosen]
        frames = max(context, *map(len, parts))
        log_mel = np.zeros((len(chosen), frames, clips.spec.mel_bins), dtype=np.float32)
        audible = np.zeros((len(chosen), frames, 1), dtype=np.float32)
        for row, part in enumerate(parts):
            if len(part):
                log_mel[row, -len(part) :] = part
                audible[row, -len(part) :] = 1.0
        labels = torch.tensor([clips.labels[index] for index in chosen], dtype=torch.int64)
        yield Batch(
            torch.from_numpy(log_mel),
            torch.from_numpy(audible),
            labels,
            torch.from_numpy(chosen),
            None if clips.heard is None else known_voices(clips.heard, clips.spec, chosen, unfamiliar, random),
        )


def _random_window(clip: Float32, context: int, past: int | None, random: np.random.Generator, tempo: float) -> Float32:
    """(frames, mels) of a clip that is played slower or faster: at most `context` frames, and `past` before them."""
    speed = random.uniform(1 - tempo, 1 + tempo) if tempo else 1.0
    length = round(len(clip) / speed)
    end = int(random.integers(context, length + 1)) if length > context else length
    window = slice(0 if past is None else max(0, end - context - past), end)
    if not tempo:
        return clip[window]
    return at_frames(clip, np.linspace(0, len(clip) - 1, length)[window])


def all_windows(clips: Clips) -> tuple[Tensor, Tensor]:
    """Every window by the context rule, (windows, frames, features), and its clip's index, (windows,)."""
    windows = [clips.windows(index) for index in range(len(clips))]
    owners = np.repeat(np.arange(len(windows)), [len(part) for part in windows])
    return torch.from_numpy(np.concatenate(windows)), torch.from_numpy(owners)


def calibration_windows(clips: Clips, count: int, random: np.random.Generator) -> Float32:
    """Up to `count` windows, (windows, frames, features), dealt evenly over classes and speakers.

    Each (class, speaker) gives one clip in turn; a clip gives one random window of its own.
    """
    heaps: dict[tuple[int, str], list[int]] = {}
    for index in random.permutation(len(clips)).tolist():
        heaps.setdefault((clips.labels[index], clips.speakers[index]), []).append(index)
    # Class in the inner place: a count too small for every pair still sees every class.
    keys = sorted(heaps, key=lambda key: (key[1], key[0]))
    chosen: list[int] = []
    while len(chosen) < min(count, len(clips)):
        chosen += [heaps[key].pop() for key in keys if heaps[key]]
    windows = map(clips.windows, chosen[:count])
    return np.stack([part[int(random.integers(len(part)))] for part in windows])
