"""HRF against its own baseline, in every table of measured rows that has both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyser.sweep.statistics import PairedTest, Setting, by_fold, by_setting, paired_test
from tinyser.sweep.table import Row, read_rows

MEASURED = Path(__file__).resolve().parent.parent / "experiments" / "measured"
# Tables of ratios and modules, by the corpus of their runs; all cells of a table have every setting.
PLACEMENTS = {"hrf-placements": "EmoDB", "hrf-placements-ravdess": "RAVDESS"}
PLOTTED = ("wf1", "uar")
# Table of rows -> what its runs have in common, in the order of the page.
TABLES = {
    "emodb": "EmoDB, features by the corpus",
    "ravdess": "RAVDESS, features by the corpus",
    "transfer-emodb": "EmoDB after RAVDESS, features by the corpus",
    "transfer-hrf-rate": "EmoDB after RAVDESS, features by the corpus, another start",
    "speaker-streams-emodb": "EmoDB after RAVDESS, voices get known",
    "hrf-placements": "EmoDB after RAVDESS, voices get known, another seed",
    "hrf-placements-conformer-earlier": "EmoDB after RAVDESS, voices get known, that seed, an earlier start",
    "hrf-rate-emodb": "EmoDB after RAVDESS, voices get known, that seed, trained again",
    "hrf-weight-decay": "EmoDB after RAVDESS, voices get known, that seed, weight decay 0.5",
    "unfamiliar-emodb": "EmoDB after RAVDESS, voices get known, weight decay 1, unfamiliar 0.5",
    "less-augmentation-emodb": "EmoDB after RAVDESS, voices get known, less augmentation, also before",
    "speaker-streams-ravdess": "RAVDESS, voices get known",
    "speaker-streams-ravdess-40": "RAVDESS, voices get known, 40 epochs instead of 100",
    "hrf-placements-ravdess": "RAVDESS, voices get known, 40 epochs, trained again",
    "hrf-rate-ravdess": "RAVDESS, voices get known, 40 epochs, trained again",
    "less-augmentation-ravdess": "RAVDESS, voices get known, 40 epochs, less augmentation",
    "longer-less-augmentation-ravdess": "RAVDESS, voices get known, 100 epochs, less augmentation",
    "longer-ravdess": "RAVDESS after EmoDB, voices get known, 200 epochs, unfamiliar 0.5",
}
# Of these the training loss is known. ConvTransformer's baseline of seed 0 is in both.
FITS = ("hrf-placements-ravdess", "hrf-rate-ravdess")


@dataclass(frozen=True, slots=True)
class Comparison:
    """HRF against its baseline by one figure; by fold, seeds averaged first, as shares of 1.

    `rate`: the factors' peak learning rate as a share of that of all else.
    """

    table: str
    corpus: str
    setting: Setting
    rate: float
    without: Mapping[int, float]
    with_hrf: Mapping[int, float]

    @property
    def placement(self) -> str:
        """Where HRF is, the learning rate of its factors where that is their own, and its ratio."""
        return f"{self.setting.placement} x{self.setting.ratio}"

    @property
    def in_the_papers_place(self) -> bool:
        """On the first layer of each FFN, at the ratio that all backbones were run with."""
        modules, _, _ = self.setting.placement.partition(" at ")
        return (modules, self.setting.ratio) == ("ffn", 4)

    @property
    def name(self) -> str:
        """Backbone and placement."""
        return f"{self.setting.model}, {self.placement}"

    @property
    def differences(self) -> dict[int, float]:
        """By fold."""
        return {fold: value - self.without[fold] for fold, value in self.with_hrf.items()}

    @property
    def test(self) -> PairedTest:
        """Over folds."""
        return paired_test(list(self.with_hrf.values()), list(self.without.values()))


def training_loss(row: Row) -> float | None:
    """Of the last epoch; None in rows from before it was kept."""
    return row.train_loss


def from_the_start(row: Row) -> float | None:
    """Unweighted average recall of the merged model in float32, from a test speaker's first clip on."""
    return row.float32.uar


def voices_known(row: Row) -> float | None:
    """The same once a test speaker's recordings have been heard; None where that makes no difference."""
    return row.familiar_uar


def comparisons(figure: Callable[[Row], float | None], tables: Iterable[str] = TABLES) -> Iterator[Comparison]:
    """All of more than one fold; a setting is compared on the cells that its baseline has as well."""
    for name in tables:
        cells = by_setting(read_rows(MEASURED / f"{name}.csv"))
        for setting, runs in cells.items():
            baseline = cells.get(setting.baseline, {})
            sides = [{cell: figure(row) for cell, row in side.items()} for side in (baseline, runs)]
            without, with_hrf = ({c: value for c, value in side.items() if value is not None} for side in sides)
            shared = [cell for cell in with_hrf if setting.ratio and cell in without]
            if len({fold for fold, _ in shared}) > 1:
                settings = runs[shared[0]].settings
                rate = (settings["hrf_learning_rate"] or settings["learning_rate"]) / settings["learning_rate"]
                folds = (by_fold({cell: side[cell] for cell in shared}) for side in (without, with_hrf))
                yield Comparison(name, str(settings["corpus"]), setting, rate, *folds)


def fits() -> dict[str, list[tuple[Comparison, Comparison]]]:
    """By backbone that has all placements and ratios: training loss and UAR of each of its settings."""
    by_model: dict[str, list[tuple[Comparison, Comparison]]] = {}
    for pair in zip(comparisons(training_loss, FITS), comparisons(from_the_start, FITS), strict=True):
        by_model.setdefault(pair[0].setting.model, []).append(pair)
    return {model: pairs for model, pairs in by_model.items() if any(loss.table in PLACEMENTS for loss, _ in pairs)}
