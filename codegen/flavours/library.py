"""A library for ecosystems that put only `src/` on the include path: one public header, all else in one folder below.

In one folder the sources find each other's headers without any include path; only kernels have a folder of their own,
as they have in the model's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.boards import Leds
from codegen.errors import DataError
from codegen.flavours.parts import Parts
from codegen.leds import leds_files
from codegen.render import render

SOURCE_DIR = "src"
PRIVATE_DIR = f"{SOURCE_DIR}/tinyser"
DOCUMENTS_DIR = "extras"
_PUBLIC_HEADERS = (
    "ser_classifier.h",
    "ser_classifier_settings.h",
    "ser_features.h",
    "ser_leds.h",
    "ser_model.h",
    "ser_selftest.h",
    "ser_selftest_sound.h",
)


@dataclass(frozen=True, slots=True)
class Library:
    """Files by path, those of them to compile, and the public header, by its name in `src/`."""

    files: Mapping[str, str | bytes]
    sources: tuple[str, ...]
    header: str

    @property
    def include_dirs(self) -> tuple[str, ...]:
        return (SOURCE_DIR, PRIVATE_DIR)


def library(parts: Parts) -> Library:
    """The sources as a library, and where the ecosystem drives LEDs, which of them show what.

    Raises DataError for an FFT that the ecosystem does not bring.
    """
    if parts.fft != "own":
        raise DataError(f"--fft: got {parts.fft}, a library that a library cannot bring, allowed is own; leave it out")
    files = {_place(path): content for path, content in parts.files.items()}
    sources = [_place(path) for path in parts.sources]
    shown_on = lit_by_sketch(parts)
    if shown_on is not None:
        leds = leds_files(shown_on, parts.labels, parts.banner)
        files |= {f"{PRIVATE_DIR}/{name}": text for name, text in leds.items()}
        sources += [f"{PRIVATE_DIR}/{name}" for name in leds if name.endswith(".c")]
    header = f"{parts.target}.h"
    public = [name for name in _PUBLIC_HEADERS if f"{PRIVATE_DIR}/{name}" in files]
    files[f"{SOURCE_DIR}/{header}"] = render(
        "project/library/library.h.j2", banner=parts.banner, target=parts.target, headers=public
    )
    return Library(files, tuple(sources), header)


def lit_by_sketch(parts: Parts) -> Leds | None:
    """The LEDs that show the decision, where the ecosystem's own code drives them."""
    leds = parts.board.leds
    return leds if parts.has_classifier and leds is not None and leds.driver is None else None


def _place(path: str) -> str:
    """Without the first folder; C++ with the ending that all versions of the tools compile."""
    name = path.partition("/")[2]
    if not name.endswith((".c", ".cc", ".h")):
        return f"{DOCUMENTS_DIR}/{name}"
    return f"{PRIVATE_DIR}/{re.sub(r'[.]cc$', '.cpp', name)}"
