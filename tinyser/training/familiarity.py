"""How well training knows the voice of a clip, where features get used to one: mostly well, at times hardly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codegen.feature_reference import Heard
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import running_alike_frames
from tinyser.features.speaker_streams import HeardInStreams, heard_so_far
from tinyser.features.torch_features import HeardBatch


def gets_used_to_voices(spec: FeatureSpec) -> bool:
    """Whether one clip changes next to nothing of what is known of a voice: not where the time constant is short."""
    return running_alike_frames(spec) > 0


def known_voices(
    heard: HeardInStreams,
    spec: FeatureSpec,
    chosen: NDArray[np.int64],
    unfamiliar: float,
    random: np.random.Generator,
) -> HeardBatch:
    """What is known of the voices of the `chosen` clips, (batch,): all of their recordings, as a device mostly does.

    A share `unfamiliar` of the clips is drawn that a device hears soon after it is switched on.
    """
    known = [
        _in_part(heard, spec, index, random) if unfamiliar and random.random() < unfamiliar else heard.whole[index]
        for index in chosen.tolist()
    ]
    return HeardBatch.of(known, held=gets_used_to_voices(spec))


def _in_part(heard: HeardInStreams, spec: FeatureSpec, index: int, random: np.random.Generator) -> Heard:
    """The clip itself and some, not all, of its speaker's others: few or many, uniform in the number's logarithm."""
    others = [other for other in heard.stream[index] if other != index]
    count = int((len(others) + 1) ** random.random()) - 1
    drawn = random.choice(others, count, replace=False).tolist() if count else []
    return heard_so_far([heard.alone[part] for part in (index, *drawn)], spec)
