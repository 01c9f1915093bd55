"""`rows.csv`: one row a finished run, with every setting and every figure; rows are only ever added."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from codegen.atomic import new_file
from codegen.errors import DataError
from tinyser.training.metrics import Metrics
from tinyser.training.settings import DECISIVE

ROWS = "rows.csv"


@dataclass(frozen=True, slots=True)
class Int8Result:
    """The quantized model: figures on the test clips, file size, share of clips decided as in float32."""

    scores: Metrics
    bytes: int
    agreement: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A finished run. `settings` as `TrainSettings.identity` gives them; seconds are wall time.

    `float32` are the figures of the merged model; `merge_difference` is the largest difference of a logit
    between the trained and the merged model; `train_loss` is the mean of the last epoch's steps, as they were trained:
    with augmentation, dropout and label smoothing.
    """

    id: str
    settings: Mapping[str, Any]
    device: str
    tinyser: str
    torch: str
    test_speakers: tuple[str, ...]
    epochs_run: int
    best_epoch: int
    validation_uar: float | None  # none without validation speakers
    familiar_uar: float | None  # of test speakers once their voices are known; none but for running normalisation
    parameters_trained: int
    parameters_merged: int
    merge_difference: float
    train_loss: float | None  # none in rows from before it was kept
    train_seconds: float
    seconds: float
    float32: Metrics
    int8: Int8Result | None

    def scores(self, arithmetic: str) -> Metrics | None:
        """Figures in `float32` or `int8`; None where int8 was not asked for."""
        if arithmetic == "float32":
            return self.float32
        return None if self.int8 is None else self.int8.scores


_PLAIN = tuple(field.name for field in fields(Row) if field.name not in ("id", "settings", "float32", "int8"))
_SCORES = tuple(field.name for field in fields(Metrics))
_INT8 = ("bytes", "agreement")
_TEXTS = ("id", "corpus", "model", "preset", "optimizer", "device", "tinyser", "torch")
COLUMNS = (
    "id",
    *DECISIVE,
    *_PLAIN,
    *(f"float_{name}" for name in _SCORES),
    *(f"int8_{name}" for name in (*_SCORES, *_INT8)),
)


def append_row(path: Path, row: Row) -> None:
    """Adds a row to the table, which is made if need be; whoever reads sees the old or the new table, whole."""
    text = path.read_text(encoding="utf-8") if path.exists() else _line(COLUMNS)
    cells = _cells(row)
    with new_file(path) as partial:
        partial.write_text(text + _line([cells[name] for name in COLUMNS]), encoding="utf-8", newline="")


def read_rows(path: Path) -> list[Row]:
    """All rows, none when there is no table. Raises DataError for one that is damaged or of another version."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(f"{path}: has other columns than this TinySER writes; choose another folder")
        rows = []
        for cells in reader:
            try:
                rows.append(_row(cells))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise DataError(f"{path}: line {reader.line_num}: damaged ({error}); remove that line") from error
    return rows


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _cells(row: Row) -> dict[str, str]:
    values = {"id": row.id, **row.settings, **{name: getattr(row, name) for name in _PLAIN}}
    values |= {f"float_{name}": getattr(row.float32, name) for name in _SCORES}
    int8 = row.int8
    values |= {f"int8_{name}": None if int8 is None else getattr(int8.scores, name) for name in _SCORES}
    values |= {f"int8_{name}": None if int8 is None else getattr(int8, name) for name in _INT8}
    return {name: value if name in _TEXTS else _json(value) for name, value in values.items()}


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, allow_nan=False)


def _row(cells: Mapping[str, str]) -> Row:
    values: dict[str, Any] = {
        name: cell if name in _TEXTS else (json.loads(cell) if cell else None) for name, cell in cells.items()
    }
    plain = {name: values[name] for name in _PLAIN}
    plain["test_speakers"] = tuple(plain["test_speakers"])
    int8 = None
    if values["int8_clips"] is not None:
        int8 = Int8Result(_metrics(values, "int8"), values["int8_bytes"], values["int8_agreement"])
    settings = {name: values[name] for name in DECISIVE}
    return Row(id=values["id"], settings=settings, float32=_metrics(values, "float"), int8=int8, **plain)


def _metrics(values: Mapping[str, Any], prefix: str) -> Metrics:
    scores = {name: values[f"{prefix}_{name}"] for name in _SCORES}
    if any(value is None for value in scores.values()):
        raise ValueError(f"{prefix}: a figure is missing")
    return Metrics(**scores)
