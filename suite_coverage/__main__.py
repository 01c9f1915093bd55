"""`./run coverage [PYTEST_ARGUMENT ...]`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from codegen.errors import ToolError
from suite_coverage import tool
from suite_coverage.host_c import generated_texts, read_counts
from suite_coverage.images import read_images
from suite_coverage.page import PAGE, page
from suite_coverage.python_code import read_python, start_command
from suite_coverage.templates import ROOT, lines_never_made

_TOOLS = ("gcc", "g++", "cc", "c++", "arm-none-eabi-gcc", "arm-none-eabi-g++", "qemu-system-arm")
_NEEDED = ("gcc", "gcov")


def put_before_tools(store: Path) -> Path:
    """A folder for PATH whose programs count, and then are those that are on PATH now."""
    folder = store / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    python = Path(sys.executable).resolve()
    for name in _TOOLS:
        program = shutil.which(name)
        if program is not None:
            script = folder / name
            command = f"exec '{python}' -IS '{tool.__file__}' '{store}' '{program}' \"$@\""
            script.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
            script.chmod(0o755)
    return folder


def run_suite(store: Path, arguments: tuple[str, ...]) -> int:
    """pytest's exit status."""
    (store / "python").mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "PATH": f"{put_before_tools(store)}:{os.environ['PATH']}",
        "COVERAGE_FILE": str(store / "python" / "data"),
    }
    command = [*start_command(store / "coverage.ini"), "-m", "pytest", "-p", "suite_coverage.worker_data"]
    parallel = ["--numprocesses", "2", "--dist", "loadfile"]
    return subprocess.run([*command, *parallel, *arguments], cwd=ROOT, env=environment).returncode


@click.command("coverage", context_settings={"ignore_unknown_options": True})
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), default=ROOT / "runs" / "coverage")
@click.option("--add", is_flag=True, help="To what earlier runs counted.")
@click.option("--only-report", is_flag=True, help="Of what earlier runs counted.")
@click.option("--write", is_flag=True, help="docs/coverage.md also where only some tests ran.")
def coverage_command(pytest_arguments: tuple[str, ...], store: Path, add: bool, only_report: bool, write: bool) -> None:
    """Runs the suite, or what PYTEST_ARGUMENTS choose of it, counting what it runs of codegen/ and of the generated C.

    Exit status 1 where a test fails; the figures are printed all the same.
    """
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        raise ToolError(f"{', '.join(missing)}: not installed; install gcc (Debian, Ubuntu: apt install gcc)")
    store = store.resolve()
    if not (add or only_report):
        shutil.rmtree(store, ignore_errors=True)
    status = 0 if only_report else run_suite(store, pytest_arguments)
    shares, _ = read_python(store)
    host = read_counts(store)
    never_made = lines_never_made({file for file, _ in host}, generated_texts(store))
    text = page(shares, host, read_images(store), never_made)
    click.echo(text)
    if write or not (pytest_arguments or only_report):
        PAGE.write_text(text, encoding="utf-8")
    if status:
        click.echo("a test failed; some fail only because they look at what a compiler makes", err=True)
        sys.exit(1)


if __name__ == "__main__":
    try:
        coverage_command()
    except ToolError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
