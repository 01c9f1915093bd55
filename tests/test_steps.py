"""Steps run, are skipped, and go on where they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.errors import OutputExistsError
from tinyser.steps import Step, run_steps


class Recorder:
    """Two steps, `b` made of `a`; `ran` says which ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.fail = False
        self.leftover: bool | None = None

    def steps(self, setting: int = 1, resumes: bool = False) -> tuple[Step, ...]:
        def make(name: str, content: Callable[[Path], str]) -> Callable[[Path], None]:
            def run(folder: Path) -> None:
                self.ran.append(name)
                self.leftover = (folder / "b.partial").exists()
                if name == "b" and self.fail:
                    (folder / "b.partial").write_text("half")
                    raise KeyboardInterrupt
                (folder / name).write_text(content(folder))

            return run

        return (
            Step("a", "first", make("a", lambda _: f"a{setting}"), ("a",), settings={"setting": setting}),
            Step(
                "b",
                "second",
                make("b", lambda folder: (folder / "a").read_text() + "b"),
                ("b", "b.partial"),
                reads=("a",),
                resumes=resumes,
            ),
        )


def test_what_is_unchanged_is_skipped(tmp_path: Path) -> None:
    recorder = Recorder()
    for name in ("b.partial",):
        assert not (tmp_path / name).exists()
    steps = tuple(Step(s.name, s.title, s.run, (s.name,), s.reads, s.settings) for s in recorder.steps())
    assert [done.skipped for done in run_steps(steps, tmp_path)] == [False, False]
    assert [done.skipped for done in run_steps(steps, tmp_path)] == [True, True]
    assert recorder.ran == ["a", "b"] and (tmp_path / "b").read_text() == "a1b"
    (tmp_path / "b").write_text("spoilt")
    assert [done.skipped for done in run_steps(steps, tmp_path)] == [True, False]
    (tmp_path / "a").unlink()
    assert [done.skipped for done in run_steps(steps, tmp_path)] == [False, True], "the same a gives the same b"
    changed = tuple(Step(s.name, s.title, s.run, (s.name,), s.reads, s.settings) for s in recorder.steps(setting=2))
    assert [done.skipped for done in run_steps(changed, tmp_path)] == [False, False]
    assert (tmp_path / "b").read_text() == "a2b"


@pytest.mark.parametrize("resumes", [False, True])
def test_an_interrupted_step_goes_on_or_starts_afresh(tmp_path: Path, resumes: bool) -> None:
    recorder = Recorder()
    recorder.fail = True
    with pytest.raises(KeyboardInterrupt):
        run_steps(recorder.steps(resumes=resumes), tmp_path)
    recorder.fail = False
    first, second = run_steps(recorder.steps(resumes=resumes), tmp_path)
    assert (first.skipped, second.skipped) == (True, False)
    assert recorder.leftover is resumes, "only a step that resumes finds what it left"


def test_a_resuming_step_starts_afresh_when_its_input_changed(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.fail = True
    with pytest.raises(KeyboardInterrupt):
        run_steps(recorder.steps(resumes=True), tmp_path)
    recorder.fail = False
    run_steps(recorder.steps(setting=2, resumes=True), tmp_path)
    assert recorder.leftover is False


def test_what_a_step_did_not_make_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(OutputExistsError, match="a: exists and was not made here"):
        run_steps(Recorder().steps(), tmp_path)
    assert (tmp_path / "a").read_text() == "mine"


def test_a_damaged_state_file_means_not_done(tmp_path: Path) -> None:
    recorder = Recorder()
    steps = recorder.steps()[:1]
    run_steps(steps, tmp_path)
    (tmp_path / "a").unlink()
    (tmp_path / ".steps" / "a.json").write_text("{")
    assert [done.skipped for done in run_steps(steps, tmp_path)] == [False]
