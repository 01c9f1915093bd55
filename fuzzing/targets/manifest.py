"""manifest.json of a project folder, which may have come from somebody else."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fuzzing.mutate_tree import mutate_json
from fuzzing.scratch import file_of, output_folder
from fuzzing.target import Target
from tests.projects import write_sums_project
from tinyser.emulator.project_folder import load_project


def run(content: bytes) -> None:
    load_project(file_of(content, "manifest.json").parent)


def seeds() -> Sequence[bytes]:
    with output_folder() as out:
        manifest = json.loads((write_sums_project(out) / "manifest.json").read_text())
    return [json.dumps(manifest).encode()]


TARGET = Target(about="manifest.json of a project folder", run=run, seeds=seeds, mutate=mutate_json)
