"""What both benchmarks share: the models of a folder, and figures beside those of TFLM with CMSIS-NN."""

from __future__ import annotations

import json
import sys
from pathlib import Path

PEER = json.loads(Path(__file__).with_name("tflm_cmsis_nn.json").read_text(encoding="utf-8"))
BOARD = "mps2-an386"


def models_of_command_line() -> list[Path]:
    """Those of the folder that is the one argument."""
    return models_of_folder(sys.argv[1:])


def models_of_folder(arguments: list[str]) -> list[Path]:
    """NAME.tflite with NAME.input.npy beside it, in the folder that is the one argument."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        raise SystemExit(f"usage: {Path(sys.argv[0]).name} FOLDER (of NAME.tflite with NAME.input.npy)")
    return [path for path in sorted(Path(arguments[0]).glob("*.tflite")) if path.with_suffix(".input.npy").is_file()]


def beside_peer(model: Path, key: str, value: int, more: int = 0) -> str:
    """A figure, and in brackets what it is of the peer's (and `more`) where that is known."""
    peer = PEER["models"].get(model.stem, {}).get(key)
    return f"{value:,}" if peer is None else f"{value:,} ({value / (peer + more):.3f})"


def beside(peer: int | None, value: int) -> str:
    """The peer's figure, and in brackets what ours is of it; nothing where it is not known."""
    return "" if peer is None else f"{peer:,} ({value / peer:.3f})"
