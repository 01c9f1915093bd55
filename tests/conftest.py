"""Fixtures that every test folder shares: external programs and reference material that may be absent."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it for garbage again takes more than a tenth of a test's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def absent(reason: str) -> None:
    """A missing tool or data set is a visible skip on a user's machine and a failure when CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def require_tool() -> Callable[..., None]:
    """`require_tool("qemu-system-arm", ...)`: goes on only where every named program is installed."""

    def require(*programs: str) -> None:
        missing = [program for program in programs if shutil.which(program) is None]
        if missing:
            absent(f"not installed: {', '.join(missing)}")

    return require


@pytest.fixture(scope="session")
def require_module() -> Callable[..., None]:
    """`require_module("tflite_micro", ...)`: goes on only where every named Python package is installed."""
    from importlib.util import find_spec

    def require(*modules: str) -> None:
        missing = [module for module in modules if find_spec(module) is None]
        if missing:
            absent(f"Python packages not installed: {', '.join(missing)}")

    return require


def shared_folder(name: str) -> Path:
    """Reference material: `$TINYSER_SHARED/name`, or `shared/name` in or beside the checkout; skips where absent."""
    named = os.environ.get("TINYSER_SHARED")
    parents = [Path(named)] if named else [CHECKOUT / "shared", CHECKOUT.parent / "shared"]
    for parent in parents:
        if (parent / name).is_dir():
            return parent / name
    absent(f"no shared/{name} folder; set TINYSER_SHARED to the folder that holds {name}")
    raise AssertionError("not reached")


@pytest.fixture(scope="session")
def bench_dir() -> Path:
    """The benchmark models: NAME.tflite with NAME.input.npy and NAME.expected.npy."""
    return shared_folder("bench")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Recorded corpora."""
    return shared_folder("data")
