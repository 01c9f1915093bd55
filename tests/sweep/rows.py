"""Rows as a sweep makes them, with figures of the test's choosing."""

from __future__ import annotations

from tinyser.sweep.plan import Experiment, parse_experiment
from tinyser.sweep.table import Int8Result, Row
from tinyser.training.metrics import Metrics

PLAN = """
corpus = "folder"
models = ["convtransformer", "conformer"]
hrf_ratios = [0, 2, 4]
hrf_modules = ["ffn", "attention,conv"]
folds = [0, 1, 2, 3]
seeds = [0, 1]
int8 = true
"""


def experiment() -> Experiment:
    """80 runs: 2 models, the baseline and 2 x 2 HRF settings, 4 folds, 2 seeds."""
    return parse_experiment(PLAN, "made-up", "made-up.toml")


def metrics(value: float) -> Metrics:
    """Every figure is `value`; of two classes the second does not occur."""
    return Metrics(wa=value, uar=value, wf1=value, recall={"a": value, "b": None}, confusion=[[3, 1], [0, 0]], clips=4)


def made_up_rows(plan: Experiment, gain: dict[tuple[str, str, int], float]) -> list[Row]:
    """Baselines differ by fold; HRF adds the gain of its (model, modules, ratio), a little less with seed 1."""
    rows = []
    for run in plan.runs():
        settings = run.training
        value = 0.5 + 0.05 * settings["fold"] + 0.001 * settings["seed"]
        added = gain.get((settings["model"], ",".join(settings["hrf_modules"]), settings["hrf_ratio"]), 0.0)
        # The spread is in the second decimal of the gain, and not the same in every fold.
        value += added * (1 - 0.1 * settings["seed"] - 0.02 * settings["fold"])
        rows.append(
            Row(
                id=run.id,
                settings=settings,
                device="cpu",
                tinyser="0.1.0",
                torch="2.13.0",
                test_speakers=("s1", "s,2"),
                epochs_run=60,
                best_epoch=41,
                validation_uar=0.5,
                familiar_uar=0.55,
                parameters_trained=200,
                parameters_merged=100,
                merge_difference=3e-7,
                train_loss=1.25,
                train_seconds=12.5,
                seconds=20.0,
                float32=metrics(value),
                int8=Int8Result(metrics(value - 0.01), 52000, 0.99) if run.int8 else None,
            )
        )
    return rows
