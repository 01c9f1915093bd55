"""Where decisions flip: the first stage that decides a clip otherwise than the first stage of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tinyser.check.compare import StageRun
    from tinyser.check.material import Material


@dataclass(frozen=True, slots=True)
class Flip:
    """A clip that stages decide differently.

    `stage` is the first that decides otherwise than `reference`, the first stage of all; `before` and `after` are their
    decisions and `truth` the true class, indices into the labels. `margin`: how much likelier its own decision was to
    the reference than the one that it flipped to.
    """

    clip: int
    name: str
    truth: int | None
    reference: str
    stage: str
    before: int
    after: int
    margin: float


def find_flips(runs: Sequence[StageRun], material: Material) -> tuple[Flip, ...]:
    """One entry for each clip that any later stage decides otherwise than the first one, in the order of clips."""
    if not runs:
        return ()
    reference, *later = runs
    first: dict[int, Flip] = {}
    own_decisions = reference.decisions
    for run in later:
        decisions = run.decisions
        shared, ours, theirs = np.intersect1d(reference.clips, run.clips, return_indices=True)
        for clip, own, other in zip(shared.tolist(), ours.tolist(), theirs.tolist(), strict=True):
            before, after = int(own_decisions[own]), int(decisions[other])
            if before != after and clip not in first:
                posteriors = reference.posteriors[own]
                first[clip] = Flip(
                    clip,
                    material.clip_name(clip),
                    None if material.truth is None else int(material.truth[clip]),
                    reference.name,
                    run.name,
                    before,
                    after,
                    float(posteriors[before] - posteriors[after]),
                )
    return tuple(first[clip] for clip in sorted(first))
