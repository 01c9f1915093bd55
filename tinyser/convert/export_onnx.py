"""Merged checkpoint -> ONNX with softmax, fixed shape and model card, checked against PyTorch."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codegen.atomic import new_file
from codegen.errors import ModelFormatError, ToolError
from codegen.model_card import ModelCard
from tinyser.convert.onnx_file import METADATA_KEY

OPSET = 17
LARGEST_DIFFERENCE = 1e-4
_COMPARED_WINDOWS = 8
_SEED = 0


@dataclass(frozen=True, slots=True)
class Exported:
    """What `export_onnx` made; `max_difference` is between the posteriors of ONNX Runtime and PyTorch."""

    path: Path
    bytes: int
    input_shape: tuple[int, int, int]
    labels: tuple[str, ...]
    max_difference: float


def export_onnx(checkpoint: str | Path, out: str | Path) -> Exported:
    """Writes ONNX: `features` (1, frames, mels) in, `posteriors` (1, labels) out, after a softmax.

    Raises ModelFormatError for a damaged or unmerged checkpoint, ToolError when the ONNX file disagrees with
    PyTorch by more than 1e-4 in a posterior.
    """
    from tinyser.models.batch_norm import fold_norms
    from tinyser.models.checkpoint import load_checkpoint

    loaded = load_checkpoint(checkpoint)
    if loaded.hrf is not None:
        raise ModelFormatError(
            f"{checkpoint}: still has its HRF layers, allowed is a merged model; "
            f"run tinyser merge {checkpoint} first"
        )
    card = loaded.card
    if card.features is None or card.labels is None:
        raise ModelFormatError(f"{checkpoint}: its card lacks features or labels; train it again with tinyser train")
    shape = (1, card.features.context_frames, card.features.features)
    model = loaded.build()
    with new_file(out) as partial:
        _export(_with_softmax(fold_norms(model)), shape, partial)
        _add_card(partial, card)
        difference = _largest_difference(_with_softmax(model), shape, partial)
        if not difference <= LARGEST_DIFFERENCE:
            raise ToolError(
                f"{checkpoint}: ONNX Runtime differs from PyTorch by {difference:.2g} in a posterior, "
                f"allowed is {LARGEST_DIFFERENCE:g}; nothing was written, report the model's architecture"
            )
    return Exported(Path(out), Path(out).stat().st_size, shape, card.labels, difference)


def _with_softmax(model: Any) -> Any:
    from torch import nn

    return nn.Sequential(model, nn.Softmax(dim=-1)).eval()


def _export(module: Any, shape: tuple[int, int, int], path: Path) -> None:
    """Traces the module into `path`. Raises ToolError with the exporter's own reason."""
    import torch

    # The tracing exporter gives the plain operators that onnx2tf maps to int8; the newer one does not yet.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        try:
            torch.onnx.export(
                module,
                (torch.zeros(shape),),
                str(path),
                input_names=["features"],
                output_names=["posteriors"],
                opset_version=OPSET,
                dynamo=False,
            )
        except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ToolError(f"torch.onnx: {reason}; use operators of ONNX opset {OPSET} in the model") from error


def _add_card(path: Path, card: ModelCard) -> None:
    import onnx

    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {METADATA_KEY: card.dumps()})
    onnx.save(model, str(path))


def _largest_difference(module: Any, shape: tuple[int, int, int], path: Path) -> float:
    """The largest posterior difference on seeded Gaussian windows, as normalised features are."""
    import torch

    from tinyser.runtimes.onnx_model import OnnxRuntime

    windows = np.random.default_rng(_SEED).standard_normal((_COMPARED_WINDOWS, *shape[1:])).astype(np.float32)
    with torch.inference_mode():
        expected = module(torch.from_numpy(windows)).numpy()
    return float(np.abs(OnnxRuntime(path).run(windows).posteriors - expected).max())
