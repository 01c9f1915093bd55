"""The error tree of `codegen.errors`, under the name users of `tinyser` expect."""

from codegen.errors import (
    BoardError,
    DataError,
    DoesNotFitError,
    FeatureSpecError,
    ModelFormatError,
    OutputExistsError,
    QuantizationError,
    TinySerError,
    ToolError,
    UnsupportedOperatorError,
)

__all__ = [
    "BoardError",
    "DataError",
    "DoesNotFitError",
    "FeatureSpecError",
    "ModelFormatError",
    "OutputExistsError",
    "QuantizationError",
    "TinySerError",
    "ToolError",
    "UnsupportedOperatorError",
]
