"""Corpora by name. A new one is a module with `load(data, seed) -> Corpus` and a line in CORPORA."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import cast

from codegen.errors import DataError
from tinyser.corpora.corpus import Corpus, Fold, Utterance

__all__ = ["CORPORA", "Corpus", "Fold", "Utterance", "load_corpus"]

# name -> (module, one-line description)
CORPORA = {
    "daic-woz": ("tinyser.corpora.daic_woz", "depression from interviews, 2 classes, 189 participants, by vote"),
    "emodb": ("tinyser.corpora.emodb", "Berlin Database of Emotional Speech, 7 emotions, 10 speakers"),
    "folder": ("tinyser.corpora.folder", "your own recordings: DIR/<label>/<speaker>_<anything>.wav"),
    "iemocap": ("tinyser.corpora.iemocap", "acted dialogues in English, 4 emotions, 10 speakers"),
    "m3ed": ("tinyser.corpora.m3ed", "Chinese TV series, 7 emotions, 56 series"),
    "ravdess": ("tinyser.corpora.ravdess", "acted sentences in English, 8 emotions, 24 speakers"),
    "spoken": ("tinyser.corpora.spoken", "made on the spot by a speech synthesiser, 4 emotions, 16 voices"),
}


def load_corpus(name: str, data: str | Path | None = None, seed: int = 0) -> Corpus:
    """Reads a corpus; `spoken` is made first if need be, in `data` or in the user's cache, from `seed`.

    Raises DataError for an unknown name or a folder that does not hold the corpus.
    """
    if name not in CORPORA:
        raise DataError(f"corpus: got {name!r}, allowed are {', '.join(CORPORA)}; choose one of these")
    module = importlib.import_module(CORPORA[name][0])
    return cast(Corpus, module.load(None if data is None else Path(data), seed))
