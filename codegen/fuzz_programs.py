"""`fuzz/` of a desktop project: programs in which libFuzzer drives the model, the features and the classifier."""

from __future__ import annotations

from codegen.application import tensors
from codegen.flavours.parts import Parts
from codegen.render import render, template_text

FOLDER = "fuzz"
_MODEL_SOURCE = "model/ser_model.c"  # the model's program includes it, for its arena


def has_fuzz_programs(parts: Parts) -> bool:
    """Where all that runs is generated, so that the sanitizers see all of it."""
    return parts.board.is_host and parts.runtime == "direct" and parts.fft == "own"


def fuzz_programs(parts: Parts) -> dict[str, str]:
    """Files below `fuzz/`, with a CMake file of their own."""
    model, features = _below("model", parts), _below("features", parts)
    programs = [("fuzz_model", [name for name in model if name != _MODEL_SOURCE])]
    if parts.has_classifier:
        everything = [name for name in parts.sources if "selftest" not in name]
        programs += [("fuzz_features", features), ("fuzz_classifier", everything)]
    inputs, outputs = tensors(parts.model)
    sizes = {"input_bytes": [t.bytes for t in inputs], "output_bytes": [t.bytes for t in outputs]}
    context = {"programs": programs, "include_dirs": parts.include_dirs}
    files = {name: template_text(f"{FOLDER}/{name}.c") for name, _ in programs[1:]}
    return {
        f"{FOLDER}/CMakeLists.txt": render(f"{FOLDER}/CMakeLists.txt.j2", **context),
        f"{FOLDER}/fuzz_check.h": template_text(f"{FOLDER}/fuzz_check.h"),
        f"{FOLDER}/fuzz_model.c": render(f"{FOLDER}/fuzz_model.c.j2", banner=parts.banner, **sizes),
        **{f"{FOLDER}/{name}.c": text for name, text in files.items()},
    }


def _below(folder: str, parts: Parts) -> list[str]:
    return [name for name in parts.sources if name.startswith(f"{folder}/")]
