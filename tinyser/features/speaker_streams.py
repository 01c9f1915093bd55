"""A speaker's recordings as one stream, as a device hears them: what running normalisation knows where each begins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codegen.feature_reference import Heard, normalise_running, raw_features
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import Float64, running_start_frames
from codegen.log_mel import Float32


def in_streams(speakers: Sequence[str], ids: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """A speaker's recordings, by index, in the order in which they are heard, for each speaker.

    It is that of the SHA-256 of their ids, which has nothing to do with their labels.
    """
    order = sorted(range(len(ids)), key=lambda index: hashlib.sha256(ids[index].encode()).digest())
    streams: dict[str, list[int]] = {}
    for index in order:
        streams.setdefault(speakers[index], []).append(index)
    return tuple(map(tuple, streams.values()))


@dataclass(frozen=True, slots=True)
class HeardInStreams:
    """What a recording's stream has heard, one entry a recording: `before` it, and when all of the stream is `over`.

    `whole`: mean and variance of all frames of the stream, however long ago they were heard; `alone`: of the
    recording's own. `stream`: the recordings of its stream, by index.
    """

    before: tuple[Heard, ...]
    over: tuple[Heard, ...]
    whole: tuple[Heard, ...]
    alone: tuple[Heard, ...]
    stream: tuple[tuple[int, ...], ...]


def heard_in_streams(
    log_mels: Sequence[Float32], speakers: Sequence[str], ids: Sequence[str], spec: FeatureSpec
) -> HeardInStreams | None:
    """Of recordings of several speakers, each of whom is a stream; None where the normalisation is not "running".

    `log_mels` (frames, mels) each.
    """
    if spec.normalisation != "running":
        return None
    nothing = Heard.nothing(spec)
    before, over, whole, alone = ([nothing] * len(log_mels) for _ in range(4))
    streams: list[tuple[int, ...]] = [()] * len(log_mels)
    for stream in in_streams(speakers, ids):
        heard = nothing
        raws = [raw_features(log_mels[index], spec) for index in stream]
        for index, raw in zip(stream, raws, strict=True):
            before[index], alone[index] = heard, _statistics(raw, nothing)
            heard = normalise_running(raw, spec, heard)[1]
        everything = _statistics(np.concatenate(raws), nothing)
        for index in stream:
            over[index], whole[index], streams[index] = heard, everything, stream
    return HeardInStreams(tuple(before), tuple(over), tuple(whole), tuple(alone), tuple(streams))


def heard_so_far(parts: Sequence[Heard], spec: FeatureSpec) -> Heard:
    """What a device knows that has heard these `parts` alone since it was switched on, each frame counting alike.

    Mean and variance of their frames and of those that the corpus' statistics stand for.
    """
    start = Heard.nothing(spec)
    frames = np.array([running_start_frames(spec), *(part.frames for part in parts)], dtype=np.float64)
    shares = (frames / frames.sum())[:, None]
    means, variances = (np.stack([getattr(part, name) for part in (start, *parts)]) for name in ("mean", "variance"))
    mean = (shares * means).sum(axis=0)
    return Heard(mean, (shares * (variances + np.square(means - mean))).sum(axis=0), sum(part.frames for part in parts))


def _statistics(raw: Float64, nothing: Heard) -> Heard:
    """Mean and variance of raw features, (frames, features); `nothing` where there are no frames."""
    return Heard(raw.mean(axis=0), raw.var(axis=0), len(raw)) if len(raw) else nothing
