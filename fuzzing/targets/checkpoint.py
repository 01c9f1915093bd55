"""A checkpoint (.pt), as `tinyser merge` and `export` take it, to the model with its weights."""

from __future__ import annotations

import io
import os
import pickle
import random
import zipfile
from collections.abc import Sequence

import torch

from codegen.model_card import ModelCard
from fuzzing.mutate_bytes import mutate_bytes
from fuzzing.mutate_tree import mutate_tree
from fuzzing.scratch import file_of
from fuzzing.target import Target
from tests.projects import LABELS, SPEC
from tinyser.models import build_model, preset_config
from tinyser.models.checkpoint import load_checkpoint

_SIZES = {"context_frames": 30, "features": 16, "classes": 3}


class Opener:
    """What a hostile pickle holds: a call of whatever it likes."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.mkdir, ("/nonexistent/evil",)


def run(content: bytes) -> None:
    load_checkpoint(file_of(content, "model.pt")).build()


def seeds() -> Sequence[bytes]:
    config = {**preset_config("convtransformer", "small", **_SIZES), "width": 6, "blocks": 1, "ffn_width": 8}
    model = build_model("convtransformer", config)
    content = {
        "format": "tinyser",
        "version": 1,
        "model": {"name": "convtransformer", "config": config},
        "hrf": None,
        "card": ModelCard(name="seed", labels=LABELS, features=SPEC).to_json(),
        "state_dict": model.state_dict(),
        "training": {"epochs": 1},
    }
    return [_saved(content), pickle.dumps(Opener())]


def _saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def mutate(content: bytes, random_: random.Random) -> bytes:
    """The tree of values; or the archive's entries."""
    if random_.random() < 0.7:
        return _saved(mutate_tree(torch.load(io.BytesIO(content), weights_only=True), random_))
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(file, "w") as sink:
        entries = {name: source.read(name) for name in source.namelist()}
        chosen = random_.choice(sorted(entries))
        if random_.random() < 0.1:
            entries[chosen] = pickle.dumps(Opener(), protocol=2)
        else:
            entries[chosen] = mutate_bytes(entries[chosen], random_)
        for name, data in entries.items():
            sink.writestr(name, data)
    return file.getvalue()


TARGET = Target(
    about="a .pt checkpoint to a model with its weights",
    run=run,
    seeds=seeds,
    mutate=mutate,
    seconds=10.0,
    megabytes=1024,
)
