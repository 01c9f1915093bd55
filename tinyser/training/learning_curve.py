"""The learning curve: `log.csv`, one row an epoch, and TensorBoard's event files for who wants to look on."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from codegen.atomic import new_file
from codegen.errors import ToolError

LOG = "log.csv"
EVENTS = "tensorboard"


def need_tensorboard() -> None:
    """Raises ToolError where the tensorboard package is missing."""
    if find_spec("tensorboard") is None:
        raise ToolError("tensorboard: not installed; run: pip install tensorboard")


def read_curve(folder: Path) -> list[dict[str, float]]:
    """The curve in a run's folder, an entry an epoch, also of those before an interruption."""
    with (folder / LOG).open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


class LearningCurve:
    """Writes the curve of a run into its folder; `tensorboard`: also as event files, in a folder of their own."""

    def __init__(self, folder: Path, tensorboard: bool) -> None:
        self._folder = folder
        self._events = None
        self._written = 0
        if tensorboard:
            # TensorBoard's own switch: without it, it loads the whole of TensorFlow wherever that is installed.
            sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))
            from torch.utils.tensorboard import SummaryWriter

            # A run that goes on tells its whole curve again: what earlier event files say from step 1 on is void.
            self._events = SummaryWriter(str(folder / EVENTS), purge_step=1)

    def write(self, history: Sequence[Mapping[str, float]]) -> None:
        """All epochs so far, oldest first, each with the same columns, `epoch` among them."""
        with new_file(self._folder / LOG) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(history[0]))
            writer.writeheader()
            writer.writerows(history)
        if self._events is None:
            return
        for row in history[self._written :]:
            for name, value in row.items():
                if name != "epoch":
                    self._events.add_scalar(name, value, int(row["epoch"]))
        self._written = len(history)
        self._events.flush()

    def close(self) -> None:
        if self._events is not None:
            self._events.close()
