"""Fills the model zoo from a finished sweep: `./run python examples/refresh_zoo.py SWEEP_FOLDER`.

The sweep's experiment has to `keep` its files. Of each backbone the HRF model of the first fold goes into
`examples/emodb-BACKBONE/`, whatever its accuracy is: choosing by the test speakers' results would flatter it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from codegen.atomic import new_file
from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.project_folder import load_project
from tinyser.emulator.qemu import run
from tinyser.sweep.table import Row, read_rows

FOLDER = Path(__file__).parent
BOARD = "mps2-an386"
_SETTINGS = ("preset", "hrf_ratio", "hrf_modules", "epochs", "seed")
_LICENCE = """Trained on EmoDB (Burkhardt et al., "A Database of German Emotional Speech", Interspeech 2005), which its curators release under CC0-1.0: ten actors,
acted emotions, German, a quiet room. The weights are free to use under this project's licence. Do not expect these figures for other languages, microphones or
spontaneous speech."""


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
        {"fold": row.settings["fold"], "test": list(row.test_speakers), "float": row.float32.uar, "int8": row.int8.scores.uar}
        for row in rows
        if row.int8 is not None
    ]
    return {
        "model": own.settings["model"],
        "parameters": own.parameters_merged,
        "settings": {name: own.settings[name] for name in _SETTINGS},
        "fold": own.settings["fold"],
        "folds": folds,
        **measure(model),
    }


def page(card: dict[str, Any]) -> str:
    """The card for people."""
    settings, folds = card["settings"], card["folds"]
    lines = [f"| {fold['fold']} ({', '.join(fold['test'])}) | {fold['float']:.1%} | {fold['int8']:.1%} |" for fold in folds]
    means = [mean(fold[kind] for fold in folds) for kind in ("float", "int8")]
    unseen = next(fold for fold in folds if fold["fold"] == card["fold"])
    return f"""# EmoDB, {card["model"]}

Anger, boredom, disgust, fear, happiness, neutral, sadness from German speech. {card["parameters"]:,} parameters; trained with HRF (ratio {settings["hrf_ratio"]} on {", ".join(settings["hrf_modules"])}),
merged, int8. `model.tflite` has labels, audio features and a self-test inside; `features.json` is the same feature specification for other tools.

```sh
tinyser generate model.tflite -o firmware --board {BOARD}
```

| on {BOARD} (Cortex-M4F) | |
|---|---|
| model file | {card["tflite_bytes"]:,} bytes |
| flash, whole image | {card["flash_bytes"]:,} bytes |
| arena | {card["arena_bytes"]:,} bytes |
| instructions an inference | {card["instructions"]:,} |

Unweighted average recall on speakers that were not trained on, one model a fold, seed {settings["seed"]}, {settings["epochs"]} epochs. The model here is that of fold {card["fold"]}: it never heard speaker {", ".join(unseen["test"])}.

| fold (speaker) | float | int8 |
|---|---|---|
{chr(10).join(lines)}
| mean of {len(folds)} | {means[0]:.1%} | {means[1]:.1%} |

{_LICENCE}
"""


def refresh(sweep: Path, backbone: str) -> None:
    """Writes one model's folder."""
    rows = [row for row in read_rows(sweep / "rows.csv") if row.settings["model"] == backbone and row.settings["hrf_ratio"]]
    if not rows:
        raise SystemExit(f"{sweep}: no finished HRF run of {backbone}; go on with the sweep")
    rows.sort(key=lambda row: row.settings["fold"])
    kept = sweep / "runs" / rows[0].id / "model.tflite"
    folder = FOLDER / f"emodb-{backbone}"
    folder.mkdir(exist_ok=True)
    card = card_of(rows, kept)
    metadata = read_tflite(kept).card
    assert metadata is not None and metadata.features is not None
    metadata.features.save(folder / "features.json")
    for name, content in (
        ("model.tflite", kept.read_bytes()),
        ("card.json", (json.dumps(card, indent=1) + "\n").encode()),
        ("README.md", page(card).encode()),
    ):
        with new_file(folder / name) as partial:
            partial.write_bytes(content)


if __name__ == "__main__":
    for name in ("convtransformer", "conformer", "speechformer"):
        refresh(Path(sys.argv[1]), name)
