"""A reader with three faults, which whoever doubts the fuzzing lets it look for: `./run fuzz 1 planted`."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from codegen.errors import DataError
from codegen.stream_spec import StreamSpec
from codegen.untrusted import parse_json
from fuzzing.mutate_tree import mutate_json
from fuzzing.target import Target


def run(content: bytes) -> None:
    """Of a stream's settings: a traceback for margins above 0.15, a hang without a gate, memory by an integer."""
    try:
        spec = StreamSpec.from_json(parse_json(content))
    except ValueError as error:
        raise DataError(f"not JSON ({error})") from error
    if spec.margin > 0.15:
        raise KeyError("planted")
    if spec.gate_dbfs is None:
        deadline = time.process_time() + 60
        while time.process_time() < deadline:
            pass
    if spec.hold_inferences > 100:
        bytearray(spec.hold_inferences * 2**30)


def seeds() -> Sequence[bytes]:
    return [b'{"margin": 0.1, "gate_dbfs": -60.0, "hold_inferences": 2}']


def mutate(content: bytes, random_: random.Random) -> bytes:
    return mutate_json(content, random_)


TARGET = Target(about="planted faults", run=run, seeds=seeds, mutate=mutate, seconds=1.0, megabytes=256)
