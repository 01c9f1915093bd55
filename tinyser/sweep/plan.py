"""An experiment from TOML, checked entry by entry, and the list of runs that it asks for."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any

from codegen.errors import TinySerError
from tinyser.corpora import CORPORA
from tinyser.models import MODELS
from tinyser.training.settings import PLACES, TrainSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_REQUIRED = ("corpus", "models", "hrf_ratios", "hrf_modules", "folds", "seeds")
_OPTIONAL = {"preset": "small", "int8": False, "keep": False, "training": {}}
_SWEPT = ("corpus", "model", "preset", "hrf_ratio", "hrf_modules", "fold", "seed")
# Where a run happens is said on the command line: an experiment file is the same on every machine.
_ELSEWHERE = tuple(name for name in PLACES if name != "start")
_TRAINING = tuple(f.name for f in fields(TrainSettings) if f.init and f.name not in (*_SWEPT, *_ELSEWHERE))
_RATIOS = "0 (no HRF: the baseline) and whole numbers 2..64"
_ID_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Run:
    """One training run; `training` holds every setting that decides its result, as plain values.

    `id` is a digest of these, so that the same run has the same id in every experiment. `start` is the file whose
    digest is among them, if any.
    """

    id: str
    training: Mapping[str, Any]
    start: Path | None
    int8: bool
    keep: bool

    @property
    def title(self) -> str:
        """For people, such as `convtransformer ffn x4, fold 0, seed 1`."""
        training = self.training
        hrf = (
            f"{','.join(training['hrf_modules'])} x{training['hrf_ratio']}" if training["hrf_ratio"] else "without HRF"
        )
        return f"{training['model']} {hrf}, fold {training['fold']}, seed {training['seed']}"

    def settings(self, data: Path | None, output: Path, device: str) -> TrainSettings:
        """Settings of `train`. Raises TinySerError for a value out of range."""
        chosen = {name: value for name, value in self.training.items() if name != "start_sha256"}
        chosen["hrf_modules"] = tuple(chosen["hrf_modules"])
        return TrainSettings(**chosen, start=self.start, data=data, output=output, device=device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Every combination of `models`, HRF settings, `folds` and `seeds`.

    `hrf_modules`: placements, each one or more groups or patterns. `hrf_ratios` holds 0, the baseline, which is
    trained once for all placements. `int8`: also convert and measure the quantized model. `keep`: leave the
    models of every run in its folder. `training`: settings of `train` that all runs share.
    """

    name: str
    corpus: str
    models: tuple[str, ...]
    preset: str
    hrf_ratios: tuple[int, ...]
    hrf_modules: tuple[tuple[str, ...], ...]
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    int8: bool
    keep: bool
    training: Mapping[str, Any]

    def hrf_settings(self) -> tuple[tuple[int, tuple[str, ...]], ...]:
        """(ratio, modules), the baseline first, with no modules."""
        ratios = [ratio for ratio in self.hrf_ratios if ratio]
        return ((0, ()), *((ratio, modules) for modules, ratio in product(self.hrf_modules, ratios)))

    def runs(self) -> tuple[Run, ...]:
        """All runs. Seeds, then folds, come outermost: what an interrupted sweep has done is comparable."""
        return tuple(
            self._run(seed, fold, model, ratio, modules)
            for seed, fold, model in product(self.seeds, self.folds, self.models)
            for ratio, modules in self.hrf_settings()
        )

    def _run(self, seed: int, fold: int, model: str, ratio: int, modules: tuple[str, ...]) -> Run:
        settings = TrainSettings(
            **self.training,
            corpus=self.corpus,
            model=model,
            preset=self.preset,
            hrf_ratio=ratio,
            hrf_modules=modules,
            fold=fold,
            seed=seed,
            output=Path(),
        )
        training = settings.identity()
        # What is not set does not count: a new setting changes no id.
        given = {name: value for name, value in training.items() if value is not None}
        decisive = json.dumps({"training": given, "int8": self.int8}, sort_keys=True)
        identity = hashlib.sha256(decisive.encode()).hexdigest()[:_ID_LENGTH]
        return Run(identity, training, settings.start, self.int8, self.keep)


def load_experiment(path: str | Path, corpus: str | None = None) -> Experiment:
    """Reads an experiment; its name is the file's. `corpus`: the one to run where `folds` is a table by corpus.

    Raises TinySerError, naming the entry that is not allowed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TinySerError(f"{path}: cannot read it ({error}); give an experiment's .toml file") from error
    return parse_experiment(text, path.stem, str(path), corpus)


def parse_experiment(text: str, name: str, where: str, corpus: str | None = None) -> Experiment:
    """An experiment from TOML text. Raises TinySerError, naming `where` and the entry that is not allowed."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TinySerError(f"{where}: not TOML ({error}); mend that line") from error
    reader = _Reader(where, data)
    corpus, folds = reader.corpus_and_folds(corpus)
    return Experiment(
        name=name,
        corpus=corpus,
        models=reader.choices("models", tuple(MODELS)),
        preset=reader.text("preset"),
        hrf_ratios=reader.ratios("hrf_ratios"),
        hrf_modules=reader.placements("hrf_modules"),
        folds=folds,
        seeds=reader.numbers("seeds"),
        int8=reader.flag("int8"),
        keep=reader.flag("keep"),
        training=reader.training("training"),
    )


class _Reader:
    """Typed entries of an experiment. Every method raises TinySerError for what is not allowed."""

    def __init__(self, where: str, data: Mapping[str, Any]) -> None:
        self._where = where
        for name in data:
            if name not in (*_REQUIRED, *_OPTIONAL):
                raise self._error(name, "unknown", f"{', '.join((*_REQUIRED, *_OPTIONAL))}; remove it")
        # A table of folds says the corpora as well.
        needed = [name for name in _REQUIRED if name != "corpus" or not isinstance(data.get("folds"), dict)]
        for name in needed:
            if name not in data:
                raise TinySerError(f"{where}: {name}: missing, needed are {', '.join(needed)}; add it")
        self._data = {**_OPTIONAL, **data}

    def text(self, name: str) -> str:
        value = self._data[name]
        if not isinstance(value, str) or not value:
            raise self._refuse(name, value, "a text")
        return value

    def flag(self, name: str) -> bool:
        value = self._data[name]
        if not isinstance(value, bool):
            raise self._refuse(name, value, "true or false")
        return value

    def corpus_and_folds(self, chosen: str | None) -> tuple[str, tuple[int, ...]]:
        """`corpus` and the list `folds`, or where `folds` is a table by corpus, `chosen` and its list."""
        if not isinstance(self._data["folds"], dict):
            corpus = self._choice("corpus", tuple(CORPORA))
            if chosen not in (None, corpus):
                raise self._error("--corpus", f"got {chosen}", f"{corpus}, the file's own; leave it out")
            return corpus, self.numbers("folds")
        if "corpus" in self._data:
            raise self._error("corpus", "got it beside a table of folds by corpus", "one of both; remove one")
        by_corpus = self._data["folds"]
        if not by_corpus or not set(by_corpus) <= set(CORPORA):
            raise self._refuse("folds", list(by_corpus), f"a list, or a table by corpus of {', '.join(CORPORA)}")
        folds = {corpus: self._whole_numbers(f"folds.{corpus}", listed) for corpus, listed in by_corpus.items()}
        if chosen is None or chosen not in folds:
            raise self._error("--corpus", f"got {chosen or 'none'}", f"{', '.join(folds)}; say which to run")
        return chosen, folds[chosen]

    def _choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self._data[name]
        if value not in allowed:
            raise self._refuse(name, value, ", ".join(allowed))
        return str(value)

    def choices(self, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        values = self._list(name, f"a list of {', '.join(allowed)}")
        for value in values:
            if value not in allowed:
                raise self._refuse(name, value, ", ".join(allowed))
        return tuple(values)

    def numbers(self, name: str) -> tuple[int, ...]:
        return self._whole_numbers(name, self._data[name])

    def _whole_numbers(self, name: str, listed: object) -> tuple[int, ...]:
        allowed = "a list of whole numbers from 0"
        values = self._each_once(name, listed, allowed)
        for value in values:
            if type(value) is not int or value < 0:
                raise self._refuse(name, value, allowed)
        return tuple(values)

    def ratios(self, name: str) -> tuple[int, ...]:
        values = self._list(name, _RATIOS)
        for value in values:
            if type(value) is not int or value == 1 or not 0 <= value <= 64:
                raise self._refuse(name, value, _RATIOS)
        if 0 not in values:
            raise self._refuse(name, values, f"{_RATIOS}; HRF is compared with a baseline, so 0 must be one of them")
        return tuple(values)

    def placements(self, name: str) -> tuple[tuple[str, ...], ...]:
        allowed = 'a list of groups such as "ffn", or of several in one text such as "ffn,attention"'
        placements = []
        for value in self._list(name, allowed):
            parts = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else ()
            if not parts or not all(parts):
                raise self._refuse(name, value, allowed)
            placements.append(parts)
        return tuple(placements)

    def training(self, name: str) -> Mapping[str, Any]:
        table = self._data[name]
        if not isinstance(table, dict):
            raise self._refuse(name, table, "a table of training settings")
        for key in table:
            if key not in _TRAINING:
                raise self._error(f"[{name}] {key}", "unknown", f"{', '.join(_TRAINING)}; remove it")
        if isinstance(table.get("start"), str):
            # Beside the experiment's file, wherever the command is called from.
            table = {**table, "start": Path(self._where).resolve().parent / table["start"]}
        try:
            TrainSettings(corpus="spoken", output=Path(), **table)
        except TinySerError as error:
            raise TinySerError(f"{self._where}: [{name}] {error}") from error
        return table

    def _list(self, name: str, allowed: str) -> list[Any]:
        return self._each_once(name, self._data[name], allowed)

    def _each_once(self, name: str, values: object, allowed: str) -> list[Any]:
        if not isinstance(values, list) or not values:
            raise self._refuse(name, values, allowed)
        for index, value in enumerate(values):
            if value in values[:index]:
                raise self._error(name, f"got {value!r} twice", "each once; remove one")
        return values

    def _refuse(self, name: str, got: object, allowed: str) -> TinySerError:
        return self._error(name, f"got {got!r}", f"{allowed}; change it")

    def _error(self, name: str, got: str, allowed: str) -> TinySerError:
        return TinySerError(f"{self._where}: {name}: {got}, allowed is {allowed}")
