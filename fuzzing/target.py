"""A target: one way into TinySER that takes a file, and how to make such files."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# name -> module in `fuzzing/targets/` with a TARGET; imported on use, since some import torch or onnx.
TARGETS = {
    "tflite": "tflite",
    "firmware": "firmware",
    "features": "features",
    "stream": "stream",
    "board": "board",
    "labels": "labels",
    "onnx": "onnx_model",
    "checkpoint": "checkpoint",
    "recording": "recording",
    "manifest": "manifest",
}
# A target with a fault, which fuzzing has to find; not among those that a run without names takes.
PLANTED = {"planted": "planted"}

Mutate = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True, slots=True)
class Target:
    """`run` takes what a file holds and may raise TinySerError, nothing else; `seeds` are good files to start from.

    `mutate` changes a file by what it means; it may raise anything on one that means nothing, and then bytes are
    changed. `seconds` of processor time and `megabytes` on top of what the imports took are the most that an input may
    need; None where address space says nothing of memory.
    """

    about: str
    run: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Mutate
    seconds: float = 5.0
    megabytes: int | None = 512


def load_target(name: str) -> Target:
    """The target of that name, imported."""
    module = {**TARGETS, **PLANTED}[name]
    target = importlib.import_module(f"fuzzing.targets.{module}").TARGET
    assert isinstance(target, Target)
    return target
