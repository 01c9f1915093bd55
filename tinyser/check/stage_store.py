"""What stages answered so far, on disk: a check that was stopped goes on with the stages that it had not run."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tinyser
from codegen.atomic import new_file
from tinyser.runtimes import Answer

if TYPE_CHECKING:
    from tinyser.check.compare import StageRun
    from tinyser.check.material import Material
    from tinyser.check.report import ModelFile

_ABOUT = ("name", "title", "arithmetic")
_ARRAYS = ("clips", "windows", "posteriors")
_ANSWER = ("posteriors", "logits", "integers")


class StageStore:
    """A folder of one file a stage. What was answered to other files or other windows is not found in it."""

    def __init__(self, folder: Path, files: Iterable[ModelFile], material: Material) -> None:
        self._folder = folder
        digest = hashlib.sha256(tinyser.__version__.encode())
        for file in files:
            digest.update(f"{file.role} {file.sha256}\n".encode())
        digest.update(np.ascontiguousarray(material.windows).tobytes())
        digest.update(material.clip_of_window.tobytes())
        self._digest = digest.hexdigest()[:16]

    def load(self, name: str, clips: int | None) -> StageRun | None:
        """The stage's answers on as many clips, if they are there."""
        from tinyser.check.compare import StageRun

        path = self._path(name, clips)
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as content:
            name, title, arithmetic = (str(content[key]) for key in _ABOUT)
            answer = {key: content[f"answer_{key}"] for key in _ANSWER if f"answer_{key}" in content}
            clips_seen, windows, posteriors = (content[key] for key in _ARRAYS)
        known = Answer(**answer) if answer else None
        return StageRun(name, title, arithmetic, clips_seen, windows, known, posteriors)

    def save(self, run: StageRun, clips: int | None) -> None:
        """Keeps what a stage answered, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        answer = {} if run.answer is None else {key: getattr(run.answer, key) for key in _ANSWER}
        content = {key: getattr(run, key) for key in (*_ABOUT, *_ARRAYS)}
        content |= {f"answer_{key}": value for key, value in answer.items() if value is not None}
        with new_file(self._path(run.name, clips)) as partial, partial.open("wb") as file:
            np.savez(file, **content)

    def clear(self) -> None:
        """Removes the folder: the report has everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str, clips: int | None) -> Path:
        return self._folder / f"{name}-{clips or 'all'}-{self._digest}.npz"
