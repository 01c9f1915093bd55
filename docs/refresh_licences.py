"""Writes docs/licences.md from the locks and the packages' own metadata: `./run python docs/refresh_licences.py`."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).with_name("licences.md")
LOCKS = Path(__file__).parent.parent / "locks"
LOCKED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
# Of packages that do not say it in their metadata, or that are not installed on every system: from their repositories.
STATED = {
    "async-timeout": "Apache-2.0",
    "atheris": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "espeakng-loader": "MIT; the eSpeak NG library in it GPL-3.0-or-later",
    "exceptiongroup": "MIT",
    "isoduration": "ISC",
    "namex": "Apache-2.0",
    "pyreadline3": "BSD-3-Clause",
    "tflite-micro": "Apache-2.0",
    "tomli": "MIT",
}
LONGEST = 120  # characters; some packages put the whole text there
HEAD = """# Licences

TinySER is under the Apache License 2.0 (`LICENSE`), and so is the C that it generates: kernels, features,
application and board files. Generated projects name it in their `sbom.cdx.json`. Weights are under what the model's
author asks for, and what the corpus asks for that they were trained on (`docs/corpora.md`). Nothing of TensorFlow
Lite Micro, CMSIS or a board's vendor is in a generated project; `--runtime tflm`, `--fft cmsis-dsp` and the
flavours of other ecosystems link with what the user has.

## Python packages
What `./run` installs, by `locks/packages.txt` and `locks/torch.txt`, in the words of each package's own metadata.
The base install (`pip install tinyser`) needs only click, jinja2, numpy, rich and tflite, and what these need.
eSpeak NG speaks the demo corpus, in a process of its own; nothing of it is in a model or in firmware. torch's CUDA
build brings NVIDIA's libraries under NVIDIA's terms (`locks/cuda.txt`).

| package | version | licence |
|---|---|---|
"""


def locked() -> Iterator[tuple[str, str]]:
    """Name and version of every package that is installed everywhere."""
    for name in ("packages", "torch"):
        yield from LOCKED.findall((LOCKS / f"{name}.txt").read_text(encoding="utf-8"))


def licence(package: str) -> str:
    """What a package states; empty where it states nothing."""
    if package in STATED:
        return STATED[package]
    stated = importlib.metadata.metadata(package)
    classifiers = [text for text in stated.get_all("Classifier", []) if text.startswith("License")]
    whole = stated.get("License-Expression") or stated.get("License") or ""
    if whole and len(whole) <= LONGEST and "\n" not in whole:
        return whole
    return "; ".join(text.rpartition(" :: ")[2] for text in classifiers)


def page() -> str:
    """The page."""
    return HEAD + "".join(f"| {name} | {version} | {licence(name)} |\n" for name, version in sorted(set(locked())))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
