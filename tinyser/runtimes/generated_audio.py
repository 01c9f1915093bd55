"""Generated C from raw audio: its own features, its own context rule, on the desktop."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tinyser.runtimes.runtime import Floats


class GeneratedAudio:
    """Classifies recordings with a generated project's `ser_classifier`, built once for all of them."""

    name, title, arithmetic = "c_audio", "C from raw audio", "int8"

    def __init__(self, project: Path) -> None:
        self._project = project

    def classify(self, recordings: Sequence[Path]) -> Floats:
        """Posteriors (recordings, labels). Raises DataError for bad audio, ToolError when the C fails."""
        from tinyser.emulator.host import build_library, find_compiler
        from tinyser.emulator.project_folder import load_project
        from tinyser.processes import in_threads

        project = load_project(self._project)
        plan = {
            "mode": "clip",
            "hop_length": project.need_features().hop_length,
            "output_bytes": [entry.bytes for entry in project.outputs],
        }
        rate = project.need_features().sample_rate_hz
        with TemporaryDirectory(prefix="tinyser-") as scratch:
            folder = Path(scratch)
            compiler = find_compiler()
            library = build_library(project, project.portable_sources, folder, compiler, sanitize=False, fast=True)
            (folder / "plan.json").write_text(json.dumps(plan))

            def posteriors(recording: Path) -> list[float]:
                return _posteriors(library, folder / "plan.json", recording, rate)

            return np.array(in_threads(posteriors, recordings, os.cpu_count() or 1), np.float32)


def _posteriors(library: Path, plan: Path, recording: Path, sample_rate_hz: int) -> list[float]:
    """One clip in a child process of its own."""
    from tinyser.emulator import host_child
    from tinyser.emulator.child import run_child
    from tinyser.emulator.emulation import POSTERIOR_ONE
    from tinyser.features.audio import read_audio

    with TemporaryDirectory(prefix="clip-", dir=library.parent) as scratch:
        pcm, outputs = Path(scratch) / "pcm", Path(scratch) / "outputs"
        pcm.write_bytes(read_audio(recording, sample_rate_hz).samples.tobytes())
        command = [sys.executable, "-I", str(host_child.__file__), *map(str, (library, plan, pcm, outputs))]
        answer = json.loads(run_child(command, f"{recording}: generated code on the host"))
        return [value / POSTERIOR_ONE for value in answer["posteriors_q24"]]
