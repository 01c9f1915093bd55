"""features.json, as `--features` takes it, into a project with float and with fixed-point features."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import replace

from codegen.boards import load_board
from codegen.feature_spec import FeatureSpec
from codegen.ir import Graph
from codegen.model_card import ModelCard
from codegen.project import ProjectOptions, write_project
from fuzzing.mutate_tree import mutate_json
from fuzzing.scratch import file_of, output_folder
from fuzzing.target import Target
from tests.projects import INPUT, OUTPUT, SPEC, sums_model, sums_runtime

_OTHERS = (
    {"compression": "pcen", "deltas": 1},
    {"mfcc": 8, "lifter": 22, "dc_removal": True},
    {"normalisation": "running", "mel_norm": "slaney", "mel_scale": "slaney"},
    {"normalisation": "utterance", "window": "hamming", "pre_emphasis": 0.97},
)


def run(content: bytes) -> None:
    spec = FeatureSpec.load(file_of(content, "features.json"))
    arithmetic = ("float", "fixed")[zlib.crc32(content) % 2]
    given = replace(INPUT, shape=(1, spec.context_frames, spec.features))
    model = replace(sums_model(card=ModelCard(name="sums")), graph=Graph((given, OUTPUT), (), (0,), (1,)))
    options = ProjectOptions(board=load_board("host"), features=spec, labels=("a", "b", "c"), arithmetic=arithmetic)
    with output_folder() as out:
        write_project(model, sums_runtime(model), options, out)


def seeds() -> Sequence[bytes]:
    specs = [SPEC.to_json()]
    for other in _OTHERS:
        count = (other.get("mfcc") or 16) * (1 + other.get("deltas", 0))  # type: ignore[operator]
        specs.append({**SPEC.to_json(), **other, "mean": [0.5] * count, "std": [1.5] * count})
    return [json.dumps(spec).encode() for spec in specs]


TARGET = Target(
    about="features.json to the tables and sources of the features, float and fixed point",
    run=run,
    seeds=seeds,
    mutate=mutate_json,
)
