"""What the pipeline needs to know of an ONNX file: its one input, its one output, its model card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.errors import ModelFormatError
from codegen.model_card import ModelCard

METADATA_KEY = "tinyser"


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """One float32 input and one float32 output, both of fixed shape with a batch of 1."""

    path: Path
    input_name: str
    input_shape: tuple[int, ...]
    output_name: str
    output_shape: tuple[int, ...]
    card: ModelCard


def read_onnx(path: str | Path) -> OnnxFile:
    """Reads and checks an ONNX file; without a card it gets one with the file's stem as name.

    Raises ModelFormatError.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    path = Path(path)
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except OSError as error:
        raise ModelFormatError(f"{path}: cannot read it ({error.strerror}); give an ONNX file") from error
    except (DecodeError, onnx.checker.ValidationError, RuntimeError, ValueError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelFormatError(f"{path}: not a valid ONNX file ({reason}); export it again") from error
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != 1 or len(model.graph.output) != 1:
        raise ModelFormatError(
            f"{path}: got {len(inputs)} inputs and {len(model.graph.output)} outputs, allowed is one of "
            "each; export a model with one input and one output"
        )
    (source,), (sink,) = inputs, model.graph.output
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    card = ModelCard.loads(metadata[METADATA_KEY]) if METADATA_KEY in metadata else ModelCard(name=path.stem)
    return OnnxFile(path, source.name, _fixed_shape(path, source), sink.name, _fixed_shape(path, sink), card)


def _fixed_shape(path: Path, value: Any) -> tuple[int, ...]:
    """Shape of a graph input or output. Raises ModelFormatError unless float32, fixed and of batch 1."""
    import onnx

    tensor_type = value.type.tensor_type
    if tensor_type.elem_type != onnx.TensorProto.FLOAT:
        names = {number: name for name, number in onnx.TensorProto.DataType.items()}
        got = names.get(tensor_type.elem_type, f"type {tensor_type.elem_type}")
        raise ModelFormatError(f"{path}: {value.name}: got {got}, allowed is FLOAT; export the model in float32")
    sizes = tuple(d.dim_value if d.HasField("dim_value") else 0 for d in tensor_type.shape.dim)
    if len(sizes) < 2 or sizes[0] != 1 or min(sizes) < 1:
        shown = ", ".join(str(size) if size else "?" for size in sizes)
        raise ModelFormatError(
            f"{path}: {value.name}: got shape ({shown}), allowed is a fixed shape with batch 1; "
            "export it without dynamic axes"
        )
    return sizes
