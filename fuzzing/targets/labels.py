"""A list of labels, as `--labels` takes it, to the projects and pages that show them."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence

from codegen.boards import load_board
from codegen.project import ProjectOptions, write_project
from fuzzing.scratch import output_folder
from fuzzing.target import Target
from fuzzing.targets.tflite import WAYS
from fuzzing.values import name
from tests.projects import sums_model, sums_runtime


def run(content: bytes) -> None:
    """Bytes reach Python as a command line's do: what is not UTF-8 becomes surrogates."""
    text = content.decode("utf-8", "surrogateescape")
    labels = tuple(label.strip() for label in text.split(","))
    board, project, _ = WAYS[zlib.crc32(content) % len(WAYS)]
    model = sums_model()
    options = ProjectOptions(board=load_board(board), project=project, labels=labels)
    with output_folder() as out:
        write_project(model, sums_runtime(model), options, out)


def seeds() -> Sequence[bytes]:
    return [b"anger,joy,calm", "Ärger, joie ,平静".encode()]


def mutate(content: bytes, random_: random.Random) -> bytes:
    labels = content.split(b",")
    labels[random_.randrange(len(labels))] = name(random_).encode("utf-8", "surrogatepass")
    return b",".join(labels)


TARGET = Target(about="labels, as given on the command line, to projects", run=run, seeds=seeds, mutate=mutate)
