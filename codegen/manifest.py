"""A project's manifest.json: sizes, operators, quantization, labels and sources, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from codegen.application import Classifier, tensors
from codegen.banner import tool_version
from codegen.flavours import Layout
from codegen.ir import Model, Tensor
from codegen.kernel_costs import kernel_costs
from codegen.leds import show
from codegen.runtime_files import RuntimeFiles

if TYPE_CHECKING:
    from codegen.project import ProjectOptions


def render_manifest(
    model: Model,
    runtime: RuntimeFiles,
    layout: Layout,
    options: ProjectOptions,
    classifier: Classifier | None,
    known_bytes: Mapping[str, int],
) -> dict[str, Any]:
    """Everything that a program may want to know of a project (`docs/architecture.md`, manifest.json)."""
    inputs, outputs = tensors(model)
    selftest = model.card.selftest if model.card else None
    labels = () if classifier is None else classifier.label_names(outputs[0].size)
    return {
        "tinyser": tool_version(),
        "runtime": options.runtime,
        "board": options.board.id,
        "project": options.project,
        "model": {"name": model.name, "sha256": model.sha256, "bytes": len(model.content), "file": layout.model_file},
        "inputs": [_tensor_entry(tensor) for tensor in inputs],
        "outputs": [_tensor_entry(tensor) for tensor in outputs],
        "labels": None if options.labels is None else list(options.labels),
        "features": None if options.features is None else options.features.to_json(),
        "classifier": None if classifier is None else classifier.to_json(),
        "arena_bytes": runtime.arena_bytes,
        "scratch_bytes": runtime.scratch_bytes,
        "stack_bytes": kernel_costs().stack_of(runtime.kernels, options.board.cpu) if runtime.kernels else None,
        "weights_bytes": runtime.weights_bytes,
        "microphone": options.board.microphone.title if options.microphone and options.board.microphone else None,
        "clip_seconds": None if options.clip is None else round(options.clip.seconds, 3),
        "known_bytes": dict(known_bytes),
        "leds": [
            {"label": label, "shown": entry.text}
            for label, entry in zip(labels, show(layout.shown_on, labels), strict=True)
        ]
        if layout.shown_on
        else None,
        "selftest_bytes": 0 if selftest is None else len(selftest.input) + len(selftest.output),
        "layers": [asdict(layer) for layer in runtime.layers],
        "operators": dict(sorted(model.operators.items())),
        "build": {
            "portable_sources": list(layout.portable_sources),
            "board_sources": list(layout.board_sources),
            "fuzz_sources": list(layout.fuzz_sources),
            "include_dirs": list(layout.include_dirs),
            "defines": list(layout.defines),
        },
    }


def _tensor_entry(tensor: Tensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "scale": tensor.scale if tensor.is_quantized else None,
        "zero_point": tensor.zero_point if tensor.is_quantized else None,
        "bytes": tensor.bytes,
    }
