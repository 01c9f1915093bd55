"""The error tree: everything a user can cause derives from `TinySerError`.

The command line prints a `TinySerError` as one line and exits with status 2; any other exception is a defect of
TinySER and keeps its traceback. A message says where, what was got, what is allowed and what to do next.
"""

from __future__ import annotations


class TinySerError(Exception):
    """Base of all errors that a user can cause or mend."""


class ModelFormatError(TinySerError):
    """A model file is missing, truncated or not what its name says."""


class UnsupportedOperatorError(TinySerError):
    """A model uses an operator, or a form of one, that has no kernel here."""


class QuantizationError(TinySerError):
    """A model is not int8 throughout, or its quantization parameters are unusable."""


class FeatureSpecError(TinySerError):
    """A feature specification is invalid or does not fit the model."""


class BoardError(TinySerError):
    """A board is unknown, its description is invalid, or it cannot do what was asked."""


class DoesNotFitError(TinySerError):
    """A firmware needs more flash or RAM than the board has."""


class ToolError(TinySerError):
    """An external program (compiler, QEMU, converter) is missing or failed."""


class DataError(TinySerError):
    """A corpus, a recording or an array of inputs is missing or malformed."""


class OutputExistsError(TinySerError):
    """An output path exists already and would have been overwritten."""
