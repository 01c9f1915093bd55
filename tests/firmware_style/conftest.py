"""The projects that all tests here look at, written once."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.firmware_style.cases import CASES, Case, write_case, write_kernels


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all kernels."""
    return write_kernels(tmp_path_factory.mktemp("style") / "kernels")


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Case, Path]:
    """Folders by case."""
    folder = tmp_path_factory.mktemp("style")
    return {case: write_case(case, folder) for case in CASES}


@pytest.fixture(scope="session")
def clang_format(require_tool: Callable[..., None]) -> str:
    """The program, which the environment of the tests brings."""
    beside = Path(sys.executable).with_name("clang-format")
    found = str(beside) if beside.is_file() else shutil.which("clang-format")
    if found is None:
        absent("not installed: clang-format")
    assert found is not None
    return found
