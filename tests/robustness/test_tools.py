"""Compilers and QEMU that are missing, are something else, fail, or never end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.errors import ToolError
from tests.robustness.program import ANGRY, SPOKEN, all_end, end, leftovers, refuses, run, start, until_child
from tinyser.emulator import build

Tools = Callable[[str, str], dict[str, str]]


@pytest.fixture
def with_tool(tmp_path: Path) -> Tools:
    """An environment where a program is another file."""

    def make(name: str, content: str) -> dict[str, str]:
        folder = tmp_path / "tools"
        folder.mkdir()
        (folder / name).write_text(content)
        (folder / name).chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    return make


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "#!/bin/sh\necho 'tcc version 0.9.27'",
            r"made no \.o file and did not say why: .*/gcc is no working compiler",
        ),
        ("#!/bin/sh\necho 'gcc: internal compiler error' >&2; exit 4", "gcc: internal compiler error"),
        ("#!/bin/sh\nkill -SEGV $$", "gcc: exit status -11"),
        ("\x7fELF, no program", r"gcc: cannot be started \(Exec format error\); install it anew, or put another one"),
        ("#!/missing/shell\n", r"gcc: cannot be started \(No such file or directory\)"),
    ],
    ids=["another program", "fails", "crashes", "damaged", "no interpreter"],
)
def test_a_gcc_that_is_none(content: str, message: str, with_tool: Tools, project: Path, temporary: Path) -> None:
    refuses(run("emulate", project, "--on", "host", environment=with_tool("gcc", content)), message)
    assert leftovers(temporary) == []


def test_a_compiler_for_another_machine(project: Path, with_tool: Tools, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    environment = with_tool("arm-none-eabi-gcc", f'#!/bin/sh\nexec {shutil.which("gcc")} "$@"')
    refuses(run("emulate", project, "--on", "qemu", environment=environment), "arm-none-eabi-gcc: .*mthumb")


def test_a_compiler_that_never_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(ToolError, match=r"^sleep: no end after 0\.2 s; see what .*sleep is and what it waits for"):
        build.run_tool([str(shutil.which("sleep")), "1000"], tmp_path)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("sleep 1000", "QEMU: no end after 1 s; give fewer inputs or more time"),
        ("echo 'qemu-system-arm: unsupported machine type' >&2; exit 1", "unsupported machine type; install a version"),
        ("kill -SEGV $$", "qemu-system-arm: ended by SIGSEGV; install another version of QEMU"),
        ("echo 'QEMU emulator version 99'; exit 0", r"stopped early \(QEMU emulator version 99\)"),
    ],
    ids=["hangs", "too old", "crashes", "another program"],
)
def test_a_qemu_that_is_none(
    script: str, message: str, project: Path, with_tool: Tools, temporary: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc")
    environment = with_tool("qemu-system-arm", f"#!/bin/sh\n{script}\n")
    running = start("emulate", project, "--on", "qemu", "--timeout", 1, environment=environment)
    # Also what the script has started.
    below = until_child("sleep 1000", running) if "sleep" in script else {}
    refuses(end(running), message)
    all_end(below)
    assert leftovers(temporary) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("emulate", "PROJECT", "--on", "host"), r"gcc: not installed; install it \(Debian, Ubuntu: apt install gcc\)"),
        (("emulate", "PROJECT", "--on", "qemu"), "arm-none-eabi-gcc: not installed; install it .*gcc-arm-none-eabi"),
        (("features", ANGRY, "-o", "picture.png"), "gcc: not installed"),
        (("fit", SPOKEN), "arm-none-eabi-gcc: not installed"),
        (("demo", "-o", "demo"), "gcc: not installed"),
    ],
)
def test_no_tools_at_all(
    arguments: tuple[object, ...], message: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [project if argument == "PROJECT" else argument for argument in arguments]
    refuses(run(*given, environment={"PATH": "/nowhere"}), message)
    assert list(tmp_path.iterdir()) == []


def test_timeout_is_for_qemu(project: Path) -> None:
    refuses(run("emulate", project, "--on", "host", "--timeout", 5), "--timeout: got with --on host, allowed is --on")
