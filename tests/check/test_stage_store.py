"""A check that was stopped goes on where it was, and never with answers to something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.check.test_compare import LABELS, MATERIAL, TRUTH, Known, KnownAudio
from tinyser.check.compare import Candidate, compare
from tinyser.check.material import Material
from tinyser.check.report import ModelFile, Report
from tinyser.check.stage_store import StageStore

FILES = (ModelFile("tflite", "m.tflite", "ab" * 32, 100),)


class Stopped(KnownAudio):
    """The user stops the check when it comes here."""

    name = "stopped"

    def classify(self, recordings: Sequence[Path]) -> np.ndarray:
        raise KeyboardInterrupt


def run(
    folder: Path,
    *stages: Known | KnownAudio,
    material: Material = MATERIAL,
    files: Sequence[ModelFile] = FILES,
    clips: int | None = None,
) -> tuple[Report, list[str]]:
    """The report, and the stages that really ran."""
    ran: list[str] = []
    store = StageStore(folder, files, material)
    candidates = [Candidate(stage.name, lambda stage=stage: stage, clips) for stage in stages]
    return compare(candidates, material, files=files, on_stage=ran.append, store=store), ran


def test_goes_on_with_the_stages_that_had_not_run(tmp_path: Path) -> None:
    stages = (Known("a", TRUTH), Known("b", [0, 0, 1, 1, 2, 1], integers=True), KnownAudio())
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, *stages[:2], Stopped())
    report, ran = run(tmp_path, *stages)
    assert ran == ["from audio"]
    whole, everything = run(tmp_path / "new", *stages)
    assert report == whole and everything == ["stage a", "stage b", "from audio"]


def test_answers_to_something_else_do_not_count(tmp_path: Path) -> None:
    known = Known("a", TRUTH)
    assert run(tmp_path, known)[1] == ["stage a"]
    assert run(tmp_path, known)[1] == []
    other = replace(MATERIAL, windows=MATERIAL.windows + 1)
    assert run(tmp_path, known, material=other)[1] == ["stage a"]
    assert run(tmp_path, known, files=[replace(FILES[0], sha256="cd" * 32)])[1] == ["stage a"]
    assert run(tmp_path, known, clips=2)[1] == ["stage a"]
    assert run(tmp_path, known)[0].labels == LABELS


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    store = StageStore(tmp_path / "stages", FILES, MATERIAL)
    compare([Candidate("a", lambda: Known("a", TRUTH))], MATERIAL, store=store)
    assert [path.suffix for path in (tmp_path / "stages").iterdir()] == [".npz"]
    store.clear()
    store.clear()
    assert list(tmp_path.iterdir()) == []
