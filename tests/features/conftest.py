"""CMSIS-DSP's sources, which are not part of this project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.cmsis_dsp import ROOT_VARIABLE
from tests.conftest import absent

CMSIS_DSP = "cmsisdsp==1.10.3"


@pytest.fixture(scope="session")
def cmsis_dsp(pytestconfig: pytest.Config) -> Path:
    """The folder that CMSISDSP_ROOT names, or a Python package's sdist, which holds the sources, in pytest's cache."""
    if os.environ.get(ROOT_VARIABLE):
        return Path(os.environ[ROOT_VARIABLE])
    folder = pytestconfig.cache.mkdir("cmsisdsp")
    root = folder / CMSIS_DSP.replace("==", "-")
    if not root.is_dir():
        options = ["--quiet", "--no-deps", "--no-binary", "cmsisdsp", "--dest", str(folder)]
        command = [sys.executable, "-m", "pip", "download", *options, CMSIS_DSP]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            absent(f"{CMSIS_DSP} cannot be downloaded; set {ROOT_VARIABLE} to a folder of CMSIS-DSP")
        shutil.unpack_archive(folder / f"{root.name}.tar.gz", folder, filter="data")
    return root
