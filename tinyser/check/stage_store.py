"""What stages answered so far, on disk: a check that was stopped goes on after the last whole block of rows."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tinyser
from codegen.atomic import new_file
from tinyser.check.blocks import Block
from tinyser.runtimes import Answer

if TYPE_CHECKING:
    from tinyser.check.material import Material
    from tinyser.check.report import ModelFile

_ANSWER = ("posteriors", "logits", "integers")


class StageStore:
    """A folder of one file a block. What was answered to other files or other windows is not found in it."""

    def __init__(self, folder: Path, files: Iterable[ModelFile], material: Material) -> None:
        self._folder = folder
        digest = hashlib.sha256(tinyser.__version__.encode())
        for file in files:
            digest.update(f"{file.role} {file.sha256}\n".encode())
        digest.update(np.ascontiguousarray(material.windows).tobytes())
        digest.update(material.clip_of_window.tobytes())
        self._digest = digest.hexdigest()[:16]

    def load(self, stage: str, clips: int | None) -> list[Block]:
        """The first blocks of a stage that got as many clips."""
        blocks: list[Block] = []
        while (path := self._path(stage, clips, sum(block.rows for block in blocks))).is_file():
            with np.load(path, allow_pickle=False) as content:
                answer = Answer(**{key: content[key] for key in _ANSWER if key in content})
                blocks.append(Block(answer, float(content["seconds"]) if "seconds" in content else None))
        return blocks

    def save(self, stage: str, clips: int | None, first: int, block: Block) -> None:
        """Keeps a block that begins with the row `first`, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        content = {key: getattr(block.answer, key) for key in _ANSWER} | {"seconds": block.seconds}
        # Where the disk is full, NumPy's own writer says so once more at its end.
        buffer = io.BytesIO()
        np.savez(buffer, **{key: value for key, value in content.items() if value is not None})
        with new_file(self._path(stage, clips, first)) as partial:
            partial.write_bytes(buffer.getbuffer())

    def clear(self) -> None:
        """Removes the folder: the report has everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, stage: str, clips: int | None, first: int) -> Path:
        return self._folder / f"{stage}-{clips or 'all'}-{self._digest}-{first}.npz"
