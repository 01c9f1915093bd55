"""stream.json, as `--stream` takes it, to the firmware's integers."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.boards import load_board
from codegen.project import ProjectOptions, write_project
from codegen.stream_spec import StreamSpec
from fuzzing.mutate_tree import mutate_json
from fuzzing.scratch import file_of, output_folder
from fuzzing.target import Target
from tests.projects import sums_model, sums_runtime


def run(content: bytes) -> None:
    stream = StreamSpec.load(file_of(content, "stream.json"))
    model = sums_model()
    with output_folder() as out:
        write_project(model, sums_runtime(model), ProjectOptions(board=load_board("host"), stream=stream), out)


def seeds() -> Sequence[bytes]:
    return [
        b"{}",
        b'{"stride_frames": 10, "smoothing_seconds": 0.5, "margin": 0.1, "hold_inferences": 2, "gate_dbfs": -60.0,'
        b' "gate_seconds": 0.5}',
        b'{"gate_dbfs": null, "smoothing_seconds": 0}',
    ]


TARGET = Target(
    about="stream.json to the settings of a stream in the firmware", run=run, seeds=seeds, mutate=mutate_json
)
