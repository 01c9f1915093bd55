"""Proof by comparison that a merged model computes what the factored one did."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from codegen.errors import TinySerError

# Merging moves logits by some 1e-6 (rounding); a forgotten W2 b1 moves them by more than 1e-2.
TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Equality:
    """What `prove_equal` saw: inputs compared and the largest absolute difference of a logit."""

    inputs: int
    largest_difference: float


def prove_equal(model: nn.Module, merged: nn.Module, inputs: Tensor, tol: float = TOLERANCE) -> Equality:
    """Compares the logits of two models for `inputs`, (batch, ...), in evaluation mode.

    Raises TinySerError when a logit differs by `tol` or more, is not finite, or when an argmax changes.
    """
    before, after = _logits(model, inputs), _logits(merged, inputs)
    if before.shape != after.shape:
        raise TinySerError(f"merge: logits have shape {tuple(after.shape)}, before it {tuple(before.shape)}")
    if not (torch.isfinite(before).all() and torch.isfinite(after).all()):
        raise TinySerError("merge: logits are not finite, so nothing can be proven; train the model again")
    largest = float((before - after).abs().max())
    if largest >= tol:
        raise TinySerError(
            f"merge: logits moved by {largest:.2g}, allowed is less than {tol:g}; the merged model is not "
            "the trained one, so it is not used"
        )
    changed = int((before.argmax(-1) != after.argmax(-1)).sum())
    if changed:
        raise TinySerError(f"merge: {changed} of {len(inputs)} decisions changed, allowed is none; it is not used")
    return Equality(inputs=len(inputs), largest_difference=largest)


def _logits(model: nn.Module, inputs: Tensor) -> Tensor:
    # A copy, so that the caller's model stays in its mode.
    model = copy.deepcopy(model).eval()
    with torch.no_grad():
        return torch.cat([model(part) for part in inputs.split(64)]).double()
