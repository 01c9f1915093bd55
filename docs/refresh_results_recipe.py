"""Writes docs/results-recipe.md from the rows in experiments/measured/: `./run python docs/refresh_results_recipe.py`.

A test compares the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from pathlib import Path

import numpy as np

from codegen.atomic import new_file
from hrf_results.comparisons import TABLES
from tinyser.sweep.markdown import interval, p_value, table
from tinyser.sweep.statistics import by_fold, by_setting, paired_test, values
from tinyser.sweep.table import Row, read_rows
from tinyser.training.settings import TrainSettings

DOCS = Path(__file__).parent
MEASURED = DOCS.parent / "experiments" / "measured"
PAGE, HEAD = DOCS / "results-recipe.md", DOCS / "results_recipe_head.md"
INT8 = (
    "All runs of the tables of `docs/results-hrf.md` that were converted. Those with features by the corpus are from "
    "before `tinyser quantize` fitted linear layers (`docs/results-int8.md`)."
)
# (fold, seed) -> what was measured.
Cells = Mapping[tuple[int, int], Row]
# Settings of training that tell how much is changed at random.
AUGMENTATION = ("masked", "tempo", "warp")
USUAL = tuple(entry.default for name in AUGMENTATION for entry in fields(TrainSettings) if entry.name == name)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What differs between the runs of a table; `started`: from weights of another corpus."""

    weight_decay: float
    unfamiliar: float | None
    epochs: int
    started: bool
    augmentation: tuple[float, ...] = USUAL

    @classmethod
    def of(cls, row: Row) -> Recipe:
        """That of a measured run."""
        augmentation = tuple(row.settings[name] for name in AUGMENTATION)
        started = row.settings["start_sha256"] is not None
        names = ("weight_decay", "unfamiliar", "epochs")
        return cls(*(row.settings[name] for name in names), started, augmentation)

    @property
    def order(self) -> tuple[float, ...]:
        """As the page has them."""
        return self.unfamiliar or 0, self.weight_decay, self.started, self.epochs, self.augmentation != USUAL

    def name(self, before: Recipe) -> str:
        """Decay, and what else is not as before."""
        parts = [
            f"weight decay {self.weight_decay:g}",
            "" if self.epochs == before.epochs else f"{self.epochs} epochs",
            "" if self.started == before.started else "after EmoDB",
            "" if self.unfamiliar is None else f"unfamiliar {self.unfamiliar:g}",
            *(
                f"{name} {share:g}"
                for name, share, usual in zip(AUGMENTATION, self.augmentation, USUAL, strict=True)
                if share != usual
            ),
        ]
        return ", ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Trial:
    """Runs of one backbone without HRF; `tables` of rows, a cell in the first one that has it."""

    title: str
    model: str
    before: Recipe
    tables: tuple[str, ...]


EMODB, RAVDESS = Recipe(0.05, None, epochs=60, started=True), Recipe(0.05, None, epochs=100, started=False)
TRIALS = (
    Trial(
        "ConvTransformer on EmoDB after RAVDESS",
        "convtransformer",
        EMODB,
        ("unfamiliar-emodb", "weight-decay-emodb", "hrf-weight-decay", "hrf-placements", "speaker-streams-emodb"),
    ),
    Trial(
        "Conformer on EmoDB after RAVDESS", "conformer", EMODB, ("unfamiliar-emodb", "hrf-placements-conformer-earlier")
    ),
    Trial(
        "SpeechFormer on EmoDB after RAVDESS",
        "speechformer",
        EMODB,
        ("less-augmentation-emodb", "unfamiliar-emodb", "hrf-placements", "speaker-streams-emodb"),
    ),
    Trial(
        "ConvTransformer on RAVDESS",
        "convtransformer",
        RAVDESS,
        ("unfamiliar-ravdess", "longer-ravdess", "ravdess-epochs-and-start", "speaker-streams-ravdess"),
    ),
    Trial(
        "SpeechFormer on RAVDESS",
        "speechformer",
        replace(RAVDESS, epochs=40),
        ("longer-less-augmentation-ravdess", "less-augmentation-ravdess", "hrf-placements-ravdess"),
    ),
)


# Unweighted average recall of the merged model in float32.
FIGURES: dict[str, Callable[[Row], float]] = {
    "from the first clip on": attrgetter("float32.uar"),
    "voices known": attrgetter("familiar_uar"),
}


def runs_of(trial: Trial) -> dict[Recipe, dict[tuple[int, int], Row]]:
    """The baseline's runs by recipe, in the page's order."""
    found: dict[Recipe, dict[tuple[int, int], Row]] = {}
    for name in trial.tables:
        for row in read_rows(MEASURED / f"{name}.csv"):
            settings = row.settings
            if settings["model"] == trial.model and not settings["hrf_ratio"]:
                found.setdefault(Recipe.of(row), {}).setdefault((settings["fold"], settings["seed"]), row)
    return {recipe: found[recipe] for recipe in sorted(found, key=attrgetter("order"))}


def page() -> str:
    """The whole page."""
    parts = [HEAD.read_text("utf-8").rstrip("\n")]
    for trial in TRIALS:
        runs = runs_of(trial)
        parts += [f"## {trial.title}", _means(runs, trial.before)]
        parts += [f"### {trial.title}: seed by seed", _by_seed(runs, trial.before)]
    parts += ["## int8 against float", INT8, _int8()]
    return "\n\n".join(parts) + "\n"


def _int8() -> str:
    """Every backbone with HRF and without: recall in int8 against float on the runs that were converted."""
    lines = []
    for name, common in TABLES.items():
        for setting, cells in by_setting(read_rows(MEASURED / f"{name}.csv")).items():
            runs = {cell: row for cell, row in cells.items() if row.int8 is not None}
            if runs:
                hrf = f"{setting.placement} x{setting.ratio}" if setting.ratio else "none"
                lines.append((common, setting.model, hrf, str(len(runs)), *_int8_and_float(runs)))
    headings = ("runs", "model", "HRF", "count", "float", "int8", "int8 - float", "decided alike, % of clips")
    return table(headings, lines)


def _int8_and_float(runs: Cells) -> tuple[str, ...]:
    sides = [list(by_fold(values(runs, "uar", arithmetic)).values()) for arithmetic in ("int8", "float32")]
    clips = sum(row.float32.clips for row in runs.values())
    equal = sum(row.int8.agreement * row.float32.clips for row in runs.values() if row.int8) / clips
    means = [f"{100 * np.mean(side):.1f}" for side in reversed(sides)]
    return (*means, interval(paired_test(*sides).difference, "+"), f"{100 * equal:.1f} of {clips:,}")


def _means(runs: Mapping[Recipe, Cells], before: Recipe) -> str:
    """A line a recipe: the means, and what it adds to the recipe of before on the folds and seeds of both."""
    lines = []
    for recipe, cells in runs.items():
        seeds = ", ".join(map(str, sorted({seed for _, seed in cells})))
        line = [recipe.name(before), seeds, str(len({fold for fold, _ in cells}))]
        for figure in FIGURES.values():
            line.append(f"{100 * _mean(cells, figure):.1f}")
            line += ["", ""] if recipe == before else _added(cells, runs[before], figure)
        lines.append(line)
    headings = [text for name in FIGURES for text in (name, "added", "p (t)")]
    return table(("recipe", "seeds", "folds", *headings), lines)


def _added(cells: Cells, before: Cells, figure: Callable[[Row], float]) -> list[str]:
    shared = [cell for cell in cells if cell in before]
    sides = [list(by_fold({cell: figure(side[cell]) for cell in shared}).values()) for side in (cells, before)]
    test = paired_test(*sides)
    return [interval(test.difference, "+"), p_value(test.p_t)]


def _mean(cells: Cells, figure: Callable[[Row], float]) -> float:
    return float(np.mean(list(by_fold({cell: figure(row) for cell, row in cells.items()}).values())))


def _by_seed(runs: Mapping[Recipe, Cells], before: Recipe) -> str:
    """Every seed's folds: from the first clip on, and once voices are known."""
    return table(("recipe", "seed", "folds from the first clip on / voices known", "mean"), list(_seeds(runs, before)))


def _seeds(runs: Mapping[Recipe, Cells], before: Recipe) -> Iterator[tuple[str, ...]]:
    for recipe, cells in runs.items():
        for seed in sorted({seed for _, seed in cells}):
            own = {cell: row for cell, row in sorted(cells.items()) if cell[1] == seed}
            folds = ", ".join(_both(figure(row) for figure in FIGURES.values()) for row in own.values())
            yield recipe.name(before), str(seed), folds, _both(_mean(own, figure) for figure in FIGURES.values())


def _both(shares: Iterable[float]) -> str:
    return " / ".join(f"{100 * share:.1f}" for share in shares)


if __name__ == "__main__":
    with new_file(PAGE) as partial:
        partial.write_text(page(), encoding="utf-8")
