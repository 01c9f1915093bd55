"""Runs a project's model file in the real TensorFlow Lite Micro interpreter, in a child process."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codegen.read_tflite import read_tflite
from tinyser.emulator import tflm_child
from tinyser.emulator.child import run_child
from tinyser.emulator.emulation import Classification, Emulation, Int8s, Sizes
from tinyser.emulator.project_folder import Project, load_project
from tinyser.emulator.tflm_arena import ArenaSize, measure_arena, need_tflm


def run(project: Project | str | Path, inputs: Int8s, *, keep_state: bool = False) -> Emulation:
    """Runs int8 (runs, input bytes), each on a reset model, or all as one sequence (`keep_state`).

    `arena_bytes` is the smallest arena that works. Raises as `run_model`.
    """
    project = project if isinstance(project, Project) else load_project(project)
    outputs, arena = run_model(project.model_file, project.check_rows(inputs), keep_state=keep_state)
    sizes = Sizes(None, project.model_bytes, None, None)
    return Emulation(outputs.reshape(-1, project.output_bytes), arena.measured_bytes, sizes)


def run_model(
    path: Path, rows: Int8s, *, keep_state: bool = False, arena: ArenaSize | None = None
) -> tuple[Int8s, ArenaSize]:
    """Runs int8 (runs, input bytes) through a model file as `run` does; outputs are (runs * output bytes,).

    The arena is measured unless it is given.

    Raises ToolError when TensorFlow Lite Micro is missing, refuses the model, or aborts.
    """
    need_tflm()
    model = read_tflite(path)
    graph, arena = model.graph, arena or measure_arena(model)
    plan = {
        "arena_bytes": arena.recommended_bytes,
        "inputs": [(graph.tensors[index].shape, graph.tensors[index].dtype) for index in graph.inputs],
        "outputs": len(graph.outputs),
        "keep_state": keep_state,
    }
    with tempfile.TemporaryDirectory(prefix="tinyser-tflm-") as scratch:
        folder = Path(scratch)
        (folder / "plan.json").write_text(json.dumps(plan))
        (folder / "input").write_bytes(rows.tobytes())
        files = [str(folder / name) for name in ("plan.json", "input", "output")]
        command = [sys.executable, str(tflm_child.__file__), "run", str(path), *files]
        run_child(command, f"{path}: TensorFlow Lite Micro")
        return np.frombuffer((folder / "output").read_bytes(), dtype=np.int8), arena


def classify(project: Project | str | Path, pcm: npt.NDArray[np.int16]) -> Classification:
    """Runs a clip of mono PCM, int16 (samples,): the project's C features on the desktop, the model in TFLM.

    Raises as `run`, and ToolError when there is no C compiler.
    """
    from tinyser.emulator.host import feature_windows

    project = project if isinstance(project, Project) else load_project(project)
    emulation = run(project, feature_windows(project, pcm))
    (output,) = project.outputs
    mean = emulation.outputs.astype(np.float64).mean(axis=0)
    posteriors = (mean - output.zero_point) * output.scale
    return Classification(emulation, project.label_names(), tuple(posteriors.tolist()), int(np.argmax(mean)))
