"""The README and the pages with output keep their word: the commands run, and show what the pages say they show."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import click
import pytest

from tinyser.cli import cli

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def load_refresh() -> ModuleType:
    """docs/refresh_output.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("refresh_output", ROOT / "docs" / "refresh_output.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shape(output: str) -> list[str]:
    """Output without what compilers and versions change: numbers, and the widths of tables around them."""
    return [re.sub(r"[\s─━]+", " ", re.sub(r"\d[\d,.]*", "#", line)).strip() for line in output.splitlines()]


def test_shown_output_is_what_the_commands_print(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    refresh = load_refresh()
    folder = refresh.working_folder(tmp_path)
    pages = [page.read_text(encoding="utf-8") for page in refresh.PAGES]
    blocks = [(match["command"], match["output"]) for page in pages for match in refresh.BLOCK.finditer(page)]
    shown = [block for block in blocks if not block[0].startswith("tinyser demo")]  # tests/test_demo.py runs it
    assert len(shown) >= 4
    for command, output in shown:
        assert shape(refresh.run(command, folder)) == shape(output), f"{command}: run docs/refresh_output.py"


def documented_commands() -> list[list[str]]:
    """The `tinyser ...` lines of the shell examples, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("tinyser ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.mark.parametrize("arguments", documented_commands(), ids=lambda arguments: arguments[0])
def test_documented_commands_exist_with_their_options(arguments: list[str]) -> None:
    command = cli.get_command(click.Context(cli), arguments[0])
    assert command is not None
    command.make_context(arguments[0], arguments[1:])  # raises for an unknown option or a missing one


def test_folders_of_the_map_exist() -> None:
    folders = re.findall(r"`((?:tinyser|codegen|firmware_templates)[\w/]*/)`", README)
    assert len(folders) >= 10
    assert all((ROOT / folder).is_dir() for folder in folders)
