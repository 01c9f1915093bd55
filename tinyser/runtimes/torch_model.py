"""A checkpoint in PyTorch: before or after the merge of its HRF layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinyser.runtimes.runtime import Answer, Floats

_BATCH = 32


class TorchRuntime:
    """Runs a checkpoint (`model.pt`, `merged.pt`) on the CPU. Raises ModelFormatError for a damaged one."""

    arithmetic = "float32"

    def __init__(self, checkpoint: str | Path, name: str = "pt", title: str = "PyTorch") -> None:
        from tinyser.models.checkpoint import load_checkpoint

        self.name, self.title = name, title
        loaded = load_checkpoint(checkpoint)
        self.input_shape = (1, int(loaded.config["context_frames"]), int(loaded.config["features"]))
        self.labels = loaded.card.labels
        self._model = loaded.build()

    def run(self, windows: Floats) -> Answer:
        """Posteriors and logits of float32 (n, frames, mels)."""
        import torch

        with torch.inference_mode():
            parts = [self._model(torch.from_numpy(np.ascontiguousarray(part))) for part in batches(windows)]
            logits = torch.cat(parts)
            return Answer(torch.softmax(logits, dim=-1).numpy(), logits=logits.numpy())


def batches(windows: Floats) -> list[Floats]:
    """The windows in runs of at most 32, so that memory does not grow with the corpus."""
    return [windows[start : start + _BATCH] for start in range(0, len(windows), _BATCH)]
