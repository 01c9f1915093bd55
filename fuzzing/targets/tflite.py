"""A model file through all of `tinyser generate`: reader, rules, passes, memory plan, and the files of a project."""

from __future__ import annotations

import random
import zlib

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from fuzzing.models import seed_models
from fuzzing.mutate_tflite import mutate_tflite
from fuzzing.mutate_tree import mutate_json
from fuzzing.scratch import file_of, output_folder
from fuzzing.target import Target

# Each input takes one of these ways, which its bytes choose.
WAYS = (
    ("host", "cmake", "direct"),
    ("host", "cmake", "direct"),
    ("mps2-an386", "cmake", "direct"),
    ("microbit", "cmake", "direct"),
    ("arduino-nano-33-ble-sense", "arduino", "direct"),
    ("nucleo-f446re", "zephyr", "tflm"),
    ("nucleo-f446re", "platformio", "direct"),
    ("rpi-pico", "pico-sdk", "direct"),
)


def run(content: bytes) -> None:
    board, project, runtime = WAYS[zlib.crc32(content) % len(WAYS)]
    model = read_tflite(file_of(content, "model.tflite"))
    options = ProjectOptions(board=load_board(board), project=project, runtime=runtime)
    with output_folder() as out:
        generate_project(model, options, out, tflm_arena_bytes=4096)


def mutate(content: bytes, random_: random.Random) -> bytes:
    """The tables; or, in a model with a card, what the card says, in place."""
    start, end = content.find(b'{"features"'), content.rfind(b"}") + 1
    if start >= 0 and random_.random() < 0.2:
        card = mutate_json(content[start:end], random_)
        # No longer than what was there: offsets stay right. JSON ends anywhere, a card is then refused.
        return content[:start] + card.ljust(end - start)[: end - start] + content[end:]
    return mutate_tflite(content, random_)


TARGET = Target(
    about="a .tflite through reader, passes, memory plan and rendering of every project flavour",
    run=run,
    seeds=seed_models,
    mutate=mutate,
)
