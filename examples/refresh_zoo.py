"""Fills the model zoo from sweeps: `./run python examples/refresh_zoo.py SWEEP_FOLDER...`, one folder or more.
Without a folder it only measures anew what the firmware of the models that are there needs.

Their experiments have to `keep` their files. Of each backbone the HRF model of the first seed's first fold goes into
`examples/emodb-BACKBONE/`, whatever its accuracy is: choosing by the test speakers' results would flatter it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined

from codegen.atomic import new_file
from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.project_folder import load_project
from tinyser.emulator.qemu import run
from tinyser.models import MODELS
from tinyser.sweep.table import Row, read_rows

FOLDER = Path(__file__).parent
BOARD = "mps2-an386"
_SETTINGS = ("preset", "hrf_ratio", "hrf_modules", "epochs", "seed")
# How features are normalised, and the share of clips that training hears before their voice is known -> the
# experiment, and the table of its rows in experiments/measured.
_ORIGINS = {
    ("corpus", None): ("transfer-{model}", "transfer-emodb"),
    ("running", None): ("speaker-streams-emodb-{model}", "speaker-streams-emodb"),
    ("running", 0.5): ("unfamiliar-emodb-{model}", "unfamiliar-emodb"),
}


def measure(model: Path) -> dict[str, int]:
    """What generated firmware for an emulated Cortex-M4F needs."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "project"
        generate_project(read_tflite(model), ProjectOptions(board=load_board(BOARD)), folder)
        project = load_project(folder)
        zeros = np.zeros((1, sum(entry.bytes for entry in project.inputs)), dtype=np.int8)
        result = run(project, zeros).to_json()
    return {
        "tflite_bytes": model.stat().st_size,
        "flash_bytes": result["flash_bytes"]["total"],
        "arena_bytes": result["arena_bytes"],
        "instructions": result["instructions_per_inference"],
    }


def card_of(rows: list[Row], model: Path) -> dict[str, Any]:
    """Everything that the zoo says of a model; `rows`, by fold, are those of its settings, its own first."""
    own = rows[0]
    folds = [
        {
            "fold": row.settings["fold"],
            "test": row.test_speakers,
            "float": row.float32.uar,
            "int8": row.int8.scores.uar,
            "known": row.familiar_uar,
        }
        for row in rows
        if row.int8 is not None
    ]
    experiment, table = _ORIGINS[own.settings["features"]["normalisation"], own.settings["unfamiliar"]]
    return {
        "model": own.settings["model"],
        "parameters": own.parameters_merged,
        "settings": {name: own.settings[name] for name in _SETTINGS},
        "experiment": experiment.format(model=own.settings["model"]),
        "rows": table,
        "fold": own.settings["fold"],
        "folds": folds,
        **measure(model),
    }


def page(card: dict[str, Any]) -> str:
    """The card for people."""
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    template = environment.from_string((FOLDER / "card.md.j2").read_text(encoding="utf-8"))
    return template.render(card=card, board=BOARD)


def refresh(sweep: Path, backbone: str) -> None:
    """Writes the folder of one backbone, if the sweep has it."""
    everything = read_rows(sweep / "rows.csv")
    rows = [row for row in everything if row.settings["model"] == backbone and row.settings["hrf_ratio"]]
    if not rows:
        return
    first = min(row.settings["seed"] for row in rows)
    rows = sorted((row for row in rows if row.settings["seed"] == first), key=lambda row: int(row.settings["fold"]))
    kept = sweep / "runs" / rows[0].id / "model.tflite"
    folder = FOLDER / f"emodb-{backbone}"
    folder.mkdir(exist_ok=True)
    card = card_of(rows, kept)
    metadata = read_tflite(kept).card
    assert metadata is not None and metadata.features is not None
    metadata.features.save(folder / "features.json")
    with new_file(folder / "model.tflite") as partial:
        partial.write_bytes(kept.read_bytes())
    write_card(folder, card)


def measure_anew(backbone: str) -> None:
    """The card of a model that is there, with today's firmware."""
    folder = FOLDER / f"emodb-{backbone}"
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    write_card(folder, {**card, **measure(folder / "model.tflite")})


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """For programs and for people."""
    for name, content in (("card.json", json.dumps(card, indent=1) + "\n"), ("README.md", page(card))):
        with new_file(folder / name) as partial:
            partial.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    for name in MODELS:
        for folder in map(Path, sys.argv[1:]):
            refresh(folder, name)
        if not sys.argv[1:]:
            measure_anew(name)
