"""A speaker's recordings as one stream, as a device hears them: what running normalisation knows where each begins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

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


def heard_before(
    log_mels: Sequence[Float32], speakers: Sequence[str], ids: Sequence[str], spec: FeatureSpec
) -> tuple[Heard, ...]:
    """What a stream has heard before each recording; empty where the normalisation is not "running".

    `log_mels` (frames, mels) each.
    """
    if spec.normalisation != "running":
        return ()
    nothing = Heard.nothing(spec)
    found = [nothing] * len(log_mels)
    for stream in in_streams(speakers, ids):
        heard = nothing
        for index in stream:
            found[index] = heard
            heard = normalise_running(raw_features(log_mels[index], spec), spec, heard)[1]
    return tuple(found)
