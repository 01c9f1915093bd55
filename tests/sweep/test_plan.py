"""Experiments from TOML: what they expand to, and one refusal per mistake."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from codegen.errors import TinySerError
from tinyser.models import MODELS
from tinyser.sweep.plan import load_experiment, parse_experiment
from tinyser.sweep.table import read_rows

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
GOOD = """
corpus = "emodb"
models = ["convtransformer", "conformer"]
hrf_ratios = [0, 2, 4]
hrf_modules = ["ffn", "ffn,attention"]
folds = [0, 3]
seeds = [0, 1, 2]
"""


def test_every_combination_once_and_one_baseline_for_all_modules() -> None:
    runs = parse_experiment(GOOD, "good", "good.toml").runs()
    assert len(runs) == len({run.id for run in runs}) == 2 * (1 + 2 * 2) * 2 * 3
    baselines = [run for run in runs if run.training["hrf_ratio"] == 0]
    assert len(baselines) == 2 * 2 * 3
    assert all(run.training["hrf_modules"] == [] for run in baselines)
    assert {tuple(run.training["hrf_modules"]) for run in runs} == {(), ("ffn",), ("ffn", "attention")}
    # Whatever is done when a sweep stops can be compared: all settings of one fold and seed come together.
    assert len({(run.training["fold"], run.training["seed"]) for run in runs[:10]}) == 1


def test_ids_are_digests_of_the_settings() -> None:
    runs = parse_experiment(GOOD, "good", "good.toml").runs()
    again = parse_experiment(
        GOOD + 'preset = "small"\n[training]\nepochs = 60\n', "other-name", "elsewhere.toml"
    ).runs()
    assert [run.id for run in runs] == [run.id for run in again]
    changes = ('preset = "large"\n', "int8 = true\n", "[training]\nepochs = 61\n", '[training]\noptimizer = "sgd"\n')
    for change in changes:
        others = parse_experiment(GOOD + change, "good", "good.toml").runs()
        assert not {run.id for run in runs} & {run.id for run in others}
    longer = parse_experiment(GOOD.replace("seeds = [0, 1, 2]", "seeds = [0, 1, 2, 3]"), "good", "good.toml").runs()
    assert {run.id for run in runs} < {run.id for run in longer}


def runs_of_all_corpora(text: str, name: str) -> dict[str, int]:
    """Corpus -> runs, of each corpus that the experiment has folds of."""
    data = tomllib.loads(text)
    corpora = list(data["folds"]) if isinstance(data["folds"], dict) else [data["corpus"]]
    return {corpus: len(parse_experiment(text, name, f"{name}.toml", corpus).runs()) for corpus in corpora}


def test_quick_is_quick() -> None:
    assert len(load_experiment(EXPERIMENTS / "quick.toml").runs()) == 4


def test_the_papers_experiment_on_every_corpus() -> None:
    text = (EXPERIMENTS / "hrf.toml").read_text("utf-8")
    a_fold = 3 * (1 + 4 * 3) * 3
    folds = {"emodb": 10, "ravdess": 6, "iemocap": 5, "m3ed": 1, "daic-woz": 1}
    assert runs_of_all_corpora(text, "hrf") == {corpus: count * a_fold for corpus, count in folds.items()}
    experiment = load_experiment(EXPERIMENTS / "hrf.toml", "iemocap")
    assert (experiment.name, experiment.corpus) == ("hrf", "iemocap") and experiment.int8
    assert experiment.hrf_ratios == (0, 2, 4, 8) and experiment.models == tuple(MODELS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds", "sedes", "sedes: unknown, allowed is corpus, models"),
        ("folds = [0, 3]\n", "", "folds: missing, needed are corpus"),
        ("corpus =", "corpus", "not TOML"),
        ('"emodb"', '"emo"', "corpus: got 'emo', allowed is daic-woz"),
        ('"conformer"', '"former"', "models: got 'former', allowed is convtransformer, conformer"),
        ('"conformer"', '"convtransformer"', "models: got 'convtransformer' twice"),
        ("[0, 2, 4]", "[2, 4]", "hrf_ratios: got .2, 4., .* baseline"),
        ("[0, 2, 4]", "[0, 1]", "hrf_ratios: got 1, allowed is 0"),
        ("[0, 2, 4]", "[0, true]", "hrf_ratios: got True"),
        ('"ffn,attention"', '"ffn,"', "hrf_modules: got 'ffn,', allowed is a list of groups"),
        ('"ffn,attention"', "3", "hrf_modules: got 3"),
        ("[0, 3]", "[]", "folds: got .., allowed is a list of whole numbers"),
        ("[0, 3]", "[-1]", "folds: got -1"),
        ("[0, 3]", "{emodb = [0]}", "corpus: got it beside a table of folds by corpus, allowed is one of both"),
        ("[0, 1, 2]", "0", "seeds: got 0, allowed is a list"),
        ("[0, 1, 2]", "[0, 1.5]", "seeds: got 1.5"),
        ("\n", '\nint8 = "yes"\n', "int8: got 'yes', allowed is true or false"),
        ("\n", "\npreset = 3\n", "preset: got 3, allowed is a text"),
        ("\n", "\ntraining = 3\n", "training: got 3, allowed is a table"),
        ("[0, 1, 2]", '[0]\n[training]\ndata = "/recordings"', r"\[training\] data: unknown, allowed is hrf_factors"),
        ("[0, 1, 2]", "[0]\n[training]\nepochs = 0", r"\[training\] training: epochs: got 0, allowed is 1"),
        ("[0, 1, 2]", "[0]\n[training]\ndevices = 2", r"\[training\] devices: unknown, allowed is hrf_factors"),
        ("[0, 1, 2]", '[0]\n[training]\noptimizer = "adam"', r"\[training\] training: optimizer: got 'adam'"),
        ("[0, 1, 2]", "[0]\n[training]\ntempo = 0.9", r"\[training\] training: tempo: got 0.9, allowed is 0"),
        ("[0, 1, 2]", "[0]\n[training]\nmel_bins = 0", r"\[training\] .*mel_bins"),
        ("[0, 1, 2]", '[0]\n[training]\ncontext_frames = "many"', r"\[training\] .*context_frames"),
    ],
)
def test_refusals(old: str, new: str, message: str) -> None:
    with pytest.raises(TinySerError, match=rf"(?s)^good\.toml: {message}") as caught:
        parse_experiment(GOOD.replace(old, new, 1), "good", "good.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("folds", "corpus", "message"),
    [
        ("{emodb = [0, 1], ravdess = [5]}", None, "--corpus: got none, allowed is emodb, ravdess; say which to run"),
        ("{emodb = [0, 1], ravdess = [5]}", "iemocap", "--corpus: got iemocap, allowed is emodb, ravdess"),
        ("{emodb = [0, 1], ravdess = [-5]}", "emodb", "folds.ravdess: got -5, allowed is a list of whole numbers"),
        ("{emodb = [0, 1], ravdess = 5}", "emodb", "folds.ravdess: got 5, allowed is a list"),
        ("{emodb = [0], emovo = [0]}", "emodb", "folds: got .'emodb', 'emovo'., allowed is a list, or a table"),
        ("{}", None, "folds: got .., allowed is a list, or a table by corpus of daic-woz"),
        ('[0]\ncorpus = "emodb"', "ravdess", "--corpus: got ravdess, allowed is emodb, the file's own; leave it out"),
    ],
)
def test_refusals_of_corpora(folds: str, corpus: str | None, message: str) -> None:
    text = GOOD.replace('corpus = "emodb"\n', "").replace("[0, 3]", folds)
    with pytest.raises(TinySerError, match=rf"^good\.toml: {message}"):
        parse_experiment(text, "good", "good.toml", corpus)


def test_a_run_is_the_same_whichever_way_its_corpus_is_said() -> None:
    text = GOOD.replace('corpus = "emodb"\n', "").replace("[0, 3]", "{emodb = [0, 3], ravdess = [5]}")
    ids = [run.id for run in parse_experiment(text, "good", "good.toml", "emodb").runs()]
    assert ids == [run.id for run in parse_experiment(GOOD, "good", "good.toml", "emodb").runs()]
    other = parse_experiment(text, "good", "good.toml", "ravdess").runs()
    assert {run.training["fold"] for run in other} == {5} and not {run.id for run in other} & set(ids)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(TinySerError, match="nothing.toml: cannot read it"):
        load_experiment(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("table", "experiments"),
    [
        ("emodb", "backbones-emodb"),
        ("ravdess", "backbones-ravdess"),
        ("hrf-placements", "hrf-placements-convtransformer"),
        ("hrf-placements", "hrf-placements-conformer"),
        ("hrf-placements", "hrf-placements-speechformer"),
        ("hrf-placements-ravdess", "hrf-placements-ravdess-convtransformer"),
        ("hrf-placements-ravdess", "hrf-placements-ravdess-conformer"),
        ("hrf-placements-ravdess", "hrf-placements-ravdess-speechformer"),
        ("speaker-streams-ravdess", "speaker-streams-ravdess-conformer"),
        ("unfamiliar-ravdess", "unfamiliar-ravdess"),
        ("longer-ravdess", "longer-ravdess hrf-rate-longer-ravdess"),
        ("hrf-rate-ravdess", "hrf-rate-ravdess-conformer"),
        ("hrf-rate-ravdess", "hrf-rate-ravdess-speechformer"),
        (
            "less-augmentation-ravdess",
            "less-augmentation-ravdess-speechformer hrf-rate-less-augmentation-ravdess-speechformer",
        ),
        (
            "longer-less-augmentation-ravdess",
            "longer-less-augmentation-ravdess-speechformer hrf-rate-longer-less-augmentation-ravdess-speechformer",
        ),
        (
            "less-augmentation-emodb",
            "less-augmentation-emodb-speechformer hrf-rate-less-augmentation-emodb-speechformer",
        ),
        ("hrf-rate-emodb", "hrf-rate-emodb-convtransformer"),
        ("hrf-rate-emodb", "hrf-rate-emodb-conformer"),
        ("hrf-rate-emodb", "hrf-rate-emodb-speechformer hrf-rate-emodb-speechformer-attention"),
        ("unfamiliar-emodb", "unfamiliar-emodb-speechformer"),
    ],
)
def test_measured_runs_are_runs_of_the_experiments(table: str, experiments: str) -> None:
    """So that a sweep can go on from them."""
    loaded = [load_experiment(EXPERIMENTS / f"{experiment}.toml") for experiment in experiments.split()]
    rows = read_rows(EXPERIMENTS / "measured" / f"{table}.csv")
    ids = {row.id for row in rows if row.settings["model"] in loaded[0].models}
    assert ids and ids <= {run.id for experiment in loaded for run in experiment.runs()}


def test_the_docs_name_every_experiment_with_its_runs_and_every_table() -> None:
    text = (EXPERIMENTS.parent / "docs" / "experiments.md").read_text("utf-8")
    said: dict[str, int] = {}
    for files, counts in re.findall(r"^\| (`[^|]*\.toml`) \| ([^|]+) \|", text, re.M):
        names = [
            name.replace("BACKBONE", model)
            for name in re.findall(r"`([^`]+)\.toml`", files)
            for model in (MODELS if "BACKBONE" in name else [""])
        ]
        numbers = [int(number.replace(",", "")) for number in re.findall(r"\d{1,3}(?:,\d{3})*", counts)]
        said |= dict(zip(names, numbers * len(names) if "each" in counts else numbers, strict=False))
    made = {}
    for path in EXPERIMENTS.glob("*.toml"):
        without_start = re.sub("^start = .*$", "", path.read_text("utf-8"), flags=re.M)
        made[path.stem] = sum(runs_of_all_corpora(without_start, path.stem).values())
    assert said == made
    assert all(f"`{path.name}`" in text for path in (EXPERIMENTS / "measured").glob("*.csv"))
