"""Int8 features of the generated C against the NumPy reference, over every recording of EmoDB and RAVDESS.

`accuracy.py DATA [CORPUS ...]`: the folder that holds emodb/ and ravdess/. Mean and standard deviation are each
corpus' own; the model's input reaches 4 standard deviations.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from rich.table import Table

from codegen.feature_reference import fit_normalisation
from codegen.feature_spec import FeatureSpec
from codegen.log_mel import log_mel
from tinyser.features.arithmetics import ARITHMETICS, compare_arithmetics
from tinyser.features.audio import read_audio

INPUT_SCALE = 4 / 127
CORPORA = ("emodb", "ravdess")
TOGETHER = 100  # recordings joined for one run: a process each would take most of the time
SETTINGS: dict[str, dict[str, Any]] = {
    "log-mel": {},
    "MFCC, deltas": {"dc_removal": True, "pre_emphasis": 0.97, "mfcc": 13, "lifter": 22, "deltas": 2},
    "PCEN, running": {"compression": "pcen", "normalisation": "running"},
    "log-mel, running for 100 s": {"normalisation": "running", "running_seconds": 100},
}

Samples = npt.NDArray[np.int16]


def joined(corpus: Path) -> Iterator[Samples]:
    """All recordings, (samples,) of many at a time."""
    paths = sorted(path for path in corpus.rglob("*") if path.suffix in (".wav", ".flac"))
    for first in range(0, len(paths), TOGETHER):
        yield np.concatenate([read_audio(path).samples for path in paths[first : first + TOGETHER]])


def main(data: Path, corpora: list[str]) -> None:
    table = Table(title="int8 features, generated C against the NumPy reference")
    for name in ("corpus", "features", "arithmetic", "cells", "equal", "largest difference"):
        table.add_column(name, justify="right" if name in ("cells", "equal", "largest difference") else "left")
    for corpus in corpora:
        clips = list(track(joined(data / corpus), f"reading {corpus}", total=None))
        for name, settings in track(list(SETTINGS.items()), corpus):
            plain = FeatureSpec.unnormalised(context_frames=100, stride_frames=50, **settings)
            spec = fit_normalisation(plain, (log_mel(clip, plain) for clip in clips))
            counts = {arithmetic: np.zeros(256, dtype=int) for arithmetic in ARITHMETICS}
            for clip in clips:
                comparison = compare_arithmetics(clip, spec, INPUT_SCALE, 0)
                for arithmetic in ARITHMETICS:
                    off = np.abs(comparison.difference(arithmetic))
                    counts[arithmetic] += np.bincount(off.ravel(), minlength=256)
            for arithmetic, steps in counts.items():
                equal, largest = steps[0] / steps.sum(), np.flatnonzero(steps)[-1]
                table.add_row(corpus, name, arithmetic, f"{steps.sum():,}", f"{equal:.4%}", str(largest))
    Console(width=110).print(table)


if __name__ == "__main__":
    names = sys.argv[2:] or list(CORPORA)
    if len(sys.argv) < 2 or not all((Path(sys.argv[1]) / name).is_dir() for name in names):
        raise SystemExit(f"usage: {Path(sys.argv[0]).name} DATA [CORPUS ...] (DATA holds {' and '.join(CORPORA)})")
    main(Path(sys.argv[1]), names)
