"""What stages are compared on: feature windows, the clip each belongs to, the true classes if known.

A clip is what one decision is made on: an utterance or, where a corpus decides utterances together, their group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from tinyser.convert.tflite_file import TfliteFile
from tinyser.corpora.corpus import Corpus, Utterance, decision_numbers
from tinyser.runtimes.runtime import Floats
from tinyser.training.metrics import vote

_NOTES_SHOWN = 3
_NO_AUDIO = "the stage from raw audio is left out: it hears whole recordings, and these clips are segments of them"


@dataclass(frozen=True, slots=True)
class Material:
    """`n` windows of `c` clips; a clip's posteriors are the mean over its windows (the context rule).

    Where a clip is a group of utterances, `utterance_of_window` tells them apart: each has the mean over its
    windows and one vote in the clip's decision.
    """

    source: str
    labels: tuple[str, ...]
    windows: Floats  # (n, *input shape without batch), normalised
    clip_of_window: npt.NDArray[np.int64]  # (n,), rising
    truth: npt.NDArray[np.int64] | None  # (c,), indices into `labels`
    recordings: tuple[Path, ...] = ()  # (c,), empty for arrays and where a clip is no whole recording
    notes: tuple[str, ...] = ()
    utterance_of_window: npt.NDArray[np.int64] | None = None  # (n,), rising; None: the clips
    earlier: Mapping[Path, tuple[Path, ...]] = field(default_factory=dict)  # what a stream has heard before a recording

    @property
    def clips(self) -> int:
        """How many clips there are."""
        return int(self.clip_of_window[-1]) + 1

    def clip_name(self, clip: int) -> str:
        """For people: its recording, or its number from 0."""
        return self.recordings[clip].name if self.recordings else f"clip {clip}"

    def clip_means(self, values: Floats) -> Floats:
        """(n, labels) per window -> (c, labels) per clip: the mean, or the votes of the means of its utterances."""
        if self.utterance_of_window is None:
            return _means(values, self.clip_of_window)
        first = np.unique(self.utterance_of_window, return_index=True)[1]
        return vote(_means(values, self.utterance_of_window), self.clip_of_window[first])

    def subset(self, clips: npt.NDArray[np.int64]) -> Material:
        """The same material with these clips alone, renumbered from 0; `clips` rises."""
        chosen = np.isin(self.clip_of_window, clips)
        return replace(
            self,
            windows=self.windows[chosen],
            clip_of_window=np.searchsorted(clips, self.clip_of_window[chosen]),
            truth=None if self.truth is None else self.truth[clips],
            recordings=tuple(self.recordings[clip] for clip in clips) if self.recordings else (),
            utterance_of_window=None
            if self.utterance_of_window is None
            else np.unique(self.utterance_of_window[chosen], return_inverse=True)[1],
        )


def from_corpus(
    corpus: Corpus,
    utterances: Iterable[Utterance],
    source: str,
    spec: FeatureSpec,
    labels: tuple[str, ...] | None,
) -> Material:
    """Windows of a corpus' recordings as the model sees them. Raises DataError when the labels do not match.

    A model trained on a part of the corpus' classes is compared on the clips of those classes.
    """
    from tinyser.features.cache import FeatureCache
    from tinyser.features.context import log_mel_windows
    from tinyser.features.speaker_streams import heard_in_streams

    names = corpus.labels if labels is None else labels
    everyone = tuple(utterances)
    chosen = [utterance for utterance in everyone if utterance.label in names]
    if not chosen:
        raise DataError(
            f"corpus {corpus.name}: no clip with one of the model's labels {', '.join(names)}; its own are "
            f"{', '.join(corpus.labels)}; check the model on the corpus it was trained on"
        )
    clips = np.array(decision_numbers(chosen))
    in_order = np.argsort(clips, kind="stable")
    chosen, clips = [chosen[index] for index in in_order], clips[in_order]
    cache = FeatureCache(spec)
    log_mels = [cache.load(u.path, u.start_seconds, u.end_seconds) for u in chosen]
    heard = heard_in_streams(log_mels, [u.speaker for u in chosen], [u.id for u in chosen], spec)
    before = [None] * len(chosen) if heard is None else heard.before
    windows = [log_mel_windows(log_mel, spec, past) for log_mel, past in zip(log_mels, before, strict=True)]
    counts = [len(part) for part in windows]
    whole = all(utterance.whole for utterance in chosen)
    return Material(
        source=source,
        labels=names,
        windows=np.concatenate(windows),
        clip_of_window=np.repeat(clips, counts),
        truth=np.array([names.index(chosen[first].label) for first in np.unique(clips, return_index=True)[1]]),
        recordings=tuple(utterance.path for utterance in chosen) if whole else (),
        notes=(*_left_out(everyone, names), *_shortened(cache.notes), *(() if whole else (_NO_AUDIO,))),
        utterance_of_window=None if clips[-1] + 1 == len(chosen) else np.repeat(np.arange(len(chosen)), counts),
        earlier=_earlier(chosen) if spec.normalisation == "running" else {},
    )


def _earlier(utterances: Sequence[Utterance]) -> dict[Path, tuple[Path, ...]]:
    from tinyser.features.speaker_streams import in_streams

    paths = [utterance.path for utterance in utterances]
    streams = in_streams([utterance.speaker for utterance in utterances], [utterance.id for utterance in utterances])
    return {
        paths[index]: tuple(paths[i] for i in stream[:place])
        for stream in streams
        for place, index in enumerate(stream)
    }


def _means(values: Floats, owners: npt.NDArray[np.int64]) -> Floats:
    """(n, labels) -> (owners, labels)."""
    sums = np.zeros((int(owners[-1]) + 1, values.shape[1]))
    np.add.at(sums, owners, values)
    return (sums / np.bincount(owners)[:, np.newaxis]).astype(np.float32)


def from_arrays(inputs: Path, truth: Path | None, model: TfliteFile) -> Material:
    """Windows of a `.npy`, (n, ...), float32 or of the type that the model takes. Raises DataError."""
    rows = _load(inputs)
    shape = model.input.shape[1:]
    if rows.ndim < 2 or len(rows) == 0 or rows[0].size != model.input.size:
        wanted = ", ".join(("n", *map(str, shape)))
        raise DataError(f"{inputs}: got shape {rows.shape}, allowed is ({wanted}), n at least 1; save such an array")
    if rows.dtype not in (np.dtype(model.input.dtype), np.dtype(np.float32)):
        raise DataError(f"{inputs}: got {rows.dtype}, allowed are {model.input.dtype} and float32; convert the array")
    windows = rows if rows.dtype == np.float32 else model.input.dequantize(rows)
    if not np.isfinite(windows).all():
        raise DataError(f"{inputs}: holds NaN or infinity; remove those rows")
    labels = labels_of(model)
    return Material(
        source=inputs.name,
        labels=labels,
        windows=windows.reshape(len(rows), *shape),
        clip_of_window=np.arange(len(rows)),
        truth=None if truth is None else _truth(truth, len(rows), labels),
    )


def labels_of(model: TfliteFile) -> tuple[str, ...]:
    """The labels of the model card, else `0`, `1`, ... Raises DataError when they do not fit the output."""
    labels = model.card.labels if model.card and model.card.labels else None
    if labels is not None and len(labels) != model.output.size:
        raise DataError(
            f"{model.path}: got {len(labels)} labels for {model.output.size} outputs, allowed is one each; "
            "quantize the model again"
        )
    return labels or tuple(map(str, range(model.output.size)))


def _truth(path: Path, count: int, labels: tuple[str, ...]) -> npt.NDArray[np.int64]:
    classes = _load(path)
    if classes.shape != (count,) or classes.dtype.kind not in "iu":
        raise DataError(
            f"{path}: got {classes.dtype} of shape {classes.shape}, allowed are whole numbers of shape "
            f"({count},), one per input; save such an array"
        )
    if classes.min() < 0 or classes.max() >= len(labels):
        raise DataError(
            f"{path}: got classes {classes.min()}..{classes.max()}, allowed is 0..{len(labels) - 1}; "
            "number them as the model's labels"
        )
    return classes.astype(np.int64)


def _left_out(utterances: tuple[Utterance, ...], labels: tuple[str, ...]) -> tuple[str, ...]:
    """A note on the clips of classes that the model does not have."""
    others = [utterance.label for utterance in utterances if utterance.label not in labels]
    if not others:
        return ()
    return (f"{len(others)} clips left out, of classes the model does not have: {', '.join(sorted(set(others)))}",)


def _shortened(notes: list[str]) -> tuple[str, ...]:
    """The first notes, and how many more: a corpus at another rate has one for every clip."""
    more = (f"and {len(notes) - _NOTES_SHOWN} more of this kind",) if len(notes) > _NOTES_SHOWN else ()
    return (*notes[:_NOTES_SHOWN], *more)


def _load(path: Path) -> npt.NDArray[Any]:
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise DataError(f"{path}: cannot read it ({error.strerror}); give a .npy file") from error
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: not a .npy array ({error}); give a .npy file") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: got an archive of arrays, allowed is one array; save it with numpy.save")
    return array
