"""HRF (high-rank factorisation) in training and deHRF (its exact merge) for the device."""

from tinyser.hrf.high_rank import HighRank
from tinyser.hrf.proof import TOLERANCE, Equality, prove_equal
from tinyser.hrf.rewrite import FACTORS, expand, is_expanded, merge, split_modules

__all__ = [
    "FACTORS",
    "TOLERANCE",
    "Equality",
    "HighRank",
    "expand",
    "is_expanded",
    "merge",
    "prove_equal",
    "split_modules",
]
