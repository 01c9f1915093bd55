"""Generated C from raw audio: its own features, its own context rule, on the desktop."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from tinyser.runtimes.runtime import Floats

_KEPT = 128  # recordings in memory


class GeneratedAudio:
    """Classifies recordings with a generated project's `ser_classifier`, built once for all of them.

    `earlier`: recordings that are heard before one, as a device hears those of its user.
    """

    name, title, arithmetic = "c_audio", "C from raw audio", "int8"

    def __init__(self, project: Path, earlier: Mapping[Path, Sequence[Path]]) -> None:
        self._project, self._earlier = project, earlier

    def classify(self, recordings: Sequence[Path]) -> Floats:
        """Posteriors (recordings, labels). Raises DataError for bad audio, ToolError when the C fails."""
        from tinyser.emulator.host import build_library, find_compiler
        from tinyser.emulator.project_folder import load_project
        from tinyser.features.audio import read_audio
        from tinyser.processes import in_threads

        project = load_project(self._project)
        spec = project.need_features()
        plan = {
            "mode": "clip",
            "hop_length": spec.hop_length,
            "output_bytes": [entry.bytes for entry in project.outputs],
        }
        # Most are heard again before the speaker's next one.
        samples = functools.lru_cache(_KEPT)(lambda path: read_audio(path, spec.sample_rate_hz).samples)
        with TemporaryDirectory(prefix="tinyser-") as scratch:
            folder = Path(scratch)
            compiler = find_compiler()
            library = build_library(project, project.portable_sources, folder, compiler, sanitize=False, fast=True)

            def posteriors(recording: Path) -> list[float]:
                clips = [samples(path) for path in (*self._earlier.get(recording, ()), recording)]
                return _posteriors(library, plan, clips, recording)

            return np.array(in_threads(posteriors, recordings, os.cpu_count() or 1), np.float32)


def _posteriors(
    library: Path, plan: Mapping[str, object], clips: Sequence[NDArray[np.int16]], recording: Path
) -> list[float]:
    """Of the last one of some clips, in a child process of its own."""
    from tinyser.emulator import host_child
    from tinyser.emulator.child import run_child
    from tinyser.emulator.emulation import POSTERIOR_ONE

    with TemporaryDirectory(prefix="clip-", dir=library.parent) as scratch:
        paths = [Path(scratch) / name for name in ("plan.json", "pcm", "outputs")]
        paths[0].write_text(json.dumps({**plan, "earlier": [len(clip) for clip in clips[:-1]]}))
        paths[1].write_bytes(b"".join(clip.tobytes() for clip in clips))
        command = [sys.executable, "-I", str(host_child.__file__), *map(str, (library, *paths))]
        answer = json.loads(run_child(command, f"{recording}: generated code on the host"))
        return [value / POSTERIOR_ONE for value in answer["posteriors_q24"]]
