"""A speaker's recordings as one stream, as a device hears them: what running normalisation knows where each begins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from codegen.feature_reference import Heard, normalise_running, raw_features
from codegen.feature_spec import FeatureSpec
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
    """What a recording's stream has heard, one entry a recording: `before` it, and when all of the stream is `over`."""

    before: tuple[Heard, ...]
    over: tuple[Heard, ...]


def heard_in_streams(
    log_mels: Sequence[Float32], speakers: Sequence[str], ids: Sequence[str], spec: FeatureSpec
) -> HeardInStreams | None:
    """Of recordings of several speakers, each of whom is a stream; None where the normalisation is not "running".

    `log_mels` (frames, mels) each.
    """
    if spec.normalisation != "running":
        return None
    nothing = Heard.nothing(spec)
    before, over = [nothing] * len(log_mels), [nothing] * len(log_mels)
    for stream in in_streams(speakers, ids):
        heard = nothing
        for index in stream:
            before[index] = heard
            heard = normalise_running(raw_features(log_mels[index], spec), spec, heard)[1]
        for index in stream:
            over[index] = heard
    return HeardInStreams(tuple(before), tuple(over))
