"""A check that was stopped goes on where it was, and never with answers to something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.check.test_compare import LABELS, MATERIAL, TRUTH, Known, KnownAudio
from tinyser.check.blocks import Block, joined, rate, run_blocks
from tinyser.check.compare import Candidate, compare
from tinyser.check.material import Material
from tinyser.check.report import ModelFile, Report
from tinyser.check.stage_store import StageStore
from tinyser.runtimes import Answer

FILES = (ModelFile("tflite", "m.tflite", "ab" * 32, 100),)


class Rows:
    """Answers a window with its number, and remembers those that it got; stopped by the user where told."""

    name, title, arithmetic = "rows", "stage rows", "int8"

    def __init__(self, stop_at: int | None = None) -> None:
        self._stop_at = stop_at
        self.got: list[int] = []

    def run(self, windows: np.ndarray) -> Answer:
        first = int(windows[0, 0])
        if self._stop_at is not None and first + len(windows) > self._stop_at:
            raise KeyboardInterrupt
        self.got += windows[:, 0].astype(int).tolist()
        numbers = np.repeat(windows, len(LABELS), axis=1)
        return Answer(numbers, logits=-numbers, integers=numbers.astype(np.int16))


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


def test_goes_on_within_a_stage(tmp_path: Path) -> None:
    count = 1000
    windows = np.arange(count, dtype=np.float32).reshape(-1, 1)
    material = Material("numbers", LABELS, windows, np.arange(count), None)
    stopped, resumed = Rows(stop_at=500), Rows()
    store = StageStore(tmp_path, FILES, material)
    with pytest.raises(KeyboardInterrupt):
        compare([Candidate("rows", lambda: stopped)], material, store=store)
    assert stopped.got == list(range(64))
    told: list[str] = []
    report = compare([Candidate("rows", lambda: resumed)], material, store=store, on_stage=told.append)
    assert resumed.got == list(range(64, count))
    assert told[0] == "stage rows, 64 of 1000 windows"
    (stage,) = report.stages
    assert stage.clips == count and len(stage.decisions) == count
    blocks = store.load("rows", None)
    assert joined(blocks).posteriors[:, 0].tolist() == list(range(count))
    assert (joined(blocks).integers == -joined(blocks).logits).all()


def test_a_block_that_was_not_finished_does_not_count(tmp_path: Path) -> None:
    store = StageStore(tmp_path, FILES, MATERIAL)
    answers = [Block(Answer(np.zeros((rows, 3), np.float32)), None) for rows in (4, 5, 6)]
    store.save("a", None, 0, answers[0])
    store.save("a", None, 9, answers[2])
    assert [block.rows for block in store.load("a", None)] == [4]
    store.save("a", None, 4, answers[1])
    assert [block.rows for block in store.load("a", None)] == [4, 5, 6]


def test_blocks_grow_and_leave_no_short_rest() -> None:
    blocks = run_blocks(lambda first, end: Answer(np.zeros((end - first, 1), np.float32)), 10_000)
    assert [block.rows for block in blocks] == [64, 512, 4096, 5328]
    assert [block.seconds is None for block in blocks] == [True, False, False, False]
    assert [block.rows for block in run_blocks(lambda *_: Answer(np.zeros((127, 1), np.float32)), 127)] == [127]


def test_the_rate_leaves_out_what_starting_took() -> None:
    answer = Answer(np.zeros((100, 1), np.float32))
    assert rate([Block(answer, None), Block(answer, 2.0), Block(answer, 3.0)]) == 40
    assert rate([Block(answer, None)]) is None


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
