"""`tinyser merge`: a trained checkpoint to a merged one, written only when the two are proven equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from codegen.errors import DataError
from tinyser.hrf.proof import Equality, prove_equal
from tinyser.hrf.rewrite import merge
from tinyser.models.checkpoint import load_checkpoint, save_checkpoint

_RANDOM_INPUTS = 64


@dataclass(frozen=True, slots=True)
class MergedFile:
    """The proof, and parameters before and after."""

    equality: Equality
    parameters_before: int
    parameters_after: int


def merge_file(source: str | Path, output: str | Path) -> MergedFile:
    """Merges the checkpoint `source` (a .pt or a training folder) into `output`.

    The logits are compared on random windows and on `calibration.npy`, where that lies beside the checkpoint.
    Raises ModelFormatError for a bad checkpoint and TinySerError when the merge is not equal; nothing is
    written then.
    """
    source = Path(source)
    checkpoint = load_checkpoint(source)
    model = checkpoint.build()
    merged = merge(model)
    folder = source if source.is_dir() else source.parent
    equality = prove_equal(model, merged, _inputs(folder / "calibration.npy", checkpoint.config))
    save_checkpoint(output, replace(checkpoint, hrf=None, state_dict=merged.state_dict()))
    return MergedFile(equality, _parameters(model), _parameters(merged))


def _inputs(calibration: Path, config: Mapping[str, Any]) -> Tensor:
    """Windows to compare on, (windows, context_frames, features)."""
    shape = (config["context_frames"], config["features"])
    random = torch.randn(_RANDOM_INPUTS, *shape, generator=torch.Generator().manual_seed(0))
    if not calibration.is_file():
        return random
    try:
        windows = np.load(calibration, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f"{calibration}: not an .npy array ({error}); remove it or train again") from error
    if windows.dtype != np.float32 or windows.shape[1:] != shape:
        got = f"{windows.dtype} {windows.shape}"
        raise DataError(f"{calibration}: got {got}, allowed is float32 (windows, {shape[0]}, {shape[1]}); remove it")
    return torch.cat([torch.from_numpy(windows), random])


def _parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
