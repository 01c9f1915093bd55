"""The `direct` runtime: the graph as plain C calls on one static arena, with no interpreter and no heap."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codegen.constants import ConstantPool
from codegen.errors import DoesNotFitError, QuantizationError, UnsupportedOperatorError
from codegen.feature_spec import FeatureSpec
from codegen.input_ring import ring_of, with_ring
from codegen.invocation import Invocation, Layer, origin
from codegen.ir import Graph, Model, Op
from codegen.kernel_needs import Need, Often, needed_by, needs_header
from codegen.memory_boxes import memory_of
from codegen.memory_picture import memory_svg, memory_text
from codegen.passes import run_passes
from codegen.plan_memory import MemoryPlan, plan_memory
from codegen.regions import Region
from codegen.render import render, template_names, template_text
from codegen.runtime_files import LayerFlash, RuntimeFiles
from codegen.schedule import ARENA_SLACK, choose_regions

ROWS_AT_ONCE = {"speed": 4, "size": 2}  # as TS_CHANNELS_FOURS has it
LARGEST_ARENA = 2**31 - 1
_INCLUDE = re.compile(r'#include "(ts_\w+)\.h"')


@dataclass(frozen=True, slots=True)
class State:
    """A variable tensor: its bytes in the arena, and what each of them is after a reset, as in TFLM."""

    offset: int
    bytes: int
    value: int


def render_direct(
    model: Model,
    banner: str,
    optimize: str = "speed",
    dump_ir: Path | None = None,
    features: FeatureSpec | None = None,
    *,
    counts_layers: bool = False,
) -> RuntimeFiles:
    """Compiles a model to C. `banner` is the comment at the head of each file, `optimize` a key of ARENA_SLACK,
    `features` what the model takes, where it takes sound. `counts_layers`: after each layer, `ser_model_invoke` calls
    `ser_layer_done`, which whoever measures brings."""
    slack = ARENA_SLACK[optimize]
    given = replace(model.graph, rows_at_once=ROWS_AT_ONCE[optimize])
    try:
        graph = run_passes(given, model.name, dump_ir, slack)
        regions: Sequence[Region] = choose_regions(graph, slack)
        if features is not None:
            graph, regions = with_ring(graph, regions, features, slack)
        return render_graph(
            graph, regions, banner, model.name, features, optimize=optimize, counts_layers=counts_layers
        )
    except (QuantizationError, UnsupportedOperatorError) as error:  # of what is seen only once it is computed
        raise type(error)(f"model {model.name}: {error}") from error


def render_graph(
    graph: Graph,
    regions: Sequence[Region],
    banner: str,
    name: str = "model",
    features: FeatureSpec | None = None,
    *,
    optimize: str = "speed",
    counts_layers: bool = False,
) -> RuntimeFiles:
    """C of a graph whose `regions`, in order and apart from each other, run row by row."""
    plan = plan_memory(graph, regions)
    if plan.arena_bytes > LARGEST_ARENA:
        raise DoesNotFitError(
            f"model {name}: needs an arena of {plan.arena_bytes} bytes, allowed are {LARGEST_ARENA}: offsets have 32 "
            "bits; choose a smaller model"
        )
    pool = ConstantPool()
    ring = None if graph.ring is None or features is None else ring_of(graph, features)
    segments = Invocation(graph, regions, plan, pool, ring).segments()
    layers = [layer for segment in segments for group in segment.groups for layer in group.layers]
    calls = [call for layer in layers for call in layer.calls]
    kernels = sorted({call.kernel for call in calls})
    context = {
        "banner": banner,
        "segments": segments,
        "layers": layers,
        "kernels": kernels,
        "states": [_state(index, graph, plan) for index in graph.variables],
        "constants": pool.constants,
        "inputs": [graph.tensors[i] for i in graph.inputs],
        "outputs": [graph.tensors[i] for i in graph.outputs],
        "input_offsets": [plan.offsets[i] for i in graph.inputs],
        "output_offsets": [plan.offsets[i] for i in graph.outputs],
        "arena_bytes": plan.arena_bytes,
        "features": features,
        "ring": ring,
        "counts_layers": counts_layers,
        "between": 1 + max((layer.index for layer in layers), default=-1),
    }
    files: dict[str, str | bytes] = {
        "model/ser_status.h": template_text("model/ser_status.h"),
        "model/ser_model.h": render("model/ser_model.h.j2", **context),
        "model/ser_model.c": render("model/ser_model.c.j2", **context),
        "model/ser_weights.h": render("model/ser_weights.h.j2", **context),
        "model/ser_weights.c": render("model/ser_weights.c.j2", **context),
    }
    memory = memory_of(name, graph, regions, plan)
    files["model/memory_plan.svg"] = memory_svg(memory)
    files["model/memory_plan.txt"] = memory_text(memory)
    files.update(kernel_files(kernels, needed_by(calls, optimize)))
    sources = sorted(name for name in files if name.endswith(".c"))
    return RuntimeFiles(
        files,
        tuple(sources),
        plan.arena_bytes,
        pool.total_bytes,
        _largest(graph, plan, pool),
        max((buffer.size for buffer in plan.buffers if buffer.tensor < 0), default=0),
        tuple(kernels),
        tuple(_layer_flash(op, layer, pool) for op, layer in zip(graph.ops, layers, strict=True) if layer.calls),
        reads_ring=ring is not None,
        steps=tuple((op.site.index, op.NAME) for op in graph.ops),
    )


def _layer_flash(op: Op, layer: Layer, pool: ConstantPool) -> LayerFlash:
    constants = sum(constant.data.nbytes for constant in pool.constants if constant.origin == origin(op))
    parameters = sum(struct.bytes for call in layer.calls for struct in call.new_structs)
    return LayerFlash(op.site.index, op.NAME, constants, parameters)


def _state(index: int, graph: Graph, plan: MemoryPlan) -> State:
    tensor = graph.tensors[index]
    return State(plan.offsets[index], tensor.bytes, tensor.zero_point if tensor.dtype == "int8" else 0)


def kernel_files(kernels: Sequence[str], is_needed: Callable[[Need | Often], bool]) -> dict[str, str | bytes]:
    """Headers and sources of the kernels in use, of the headers that these include, and what `is_needed` of them."""
    files: dict[str, str | bytes] = {}
    templates = template_names("kernels")
    wanted = ["ts_seldom", *(f"ts_{kernel}" for kernel in kernels)]
    while wanted:
        name = wanted.pop()
        if name.endswith("_needs"):
            source = name.removeprefix("ts_").removesuffix("_needs")
            files[f"model/kernels/{name}.h"] = needs_header(source, is_needed)
            continue
        for file in (f"{name}.h", f"{name}.c"):
            if file in templates and f"model/kernels/{file}" not in files:
                text = template_text(f"kernels/{file}")
                files[f"model/kernels/{file}"] = text
                wanted.extend(_INCLUDE.findall(text))
    return files


def _largest(graph: Graph, plan: MemoryPlan, pool: ConstantPool) -> tuple[tuple[str, int], ...]:
    """The biggest constants and buffers, for messages about size."""
    entries = [(f"constant of {constant.origin}", constant.data.nbytes) for constant in pool.constants]
    activations = [buffer for buffer in plan.buffers if buffer.tensor >= 0]
    entries += [(f"tensor {graph.tensors[buffer.tensor].name!r}", buffer.size) for buffer in activations]
    return tuple(sorted(entries, key=lambda entry: -entry[1])[:8])
