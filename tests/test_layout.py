"""The layout keeps its promises: who imports whom, what is light, and where things stand."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.ops import OPERATORS
from codegen.render import template_names

CHECKOUT = Path(__file__).resolve().parent.parent
HEAVY = {
    "torch",
    "onnx",
    "onnxruntime",
    "tensorflow",
    "onnx2tf",
    "ai_edge_litert",
    "tflite_micro",
    "ray",
    "scipy",
    "sklearn",
    "matplotlib",
}


def imported_packages(path: Path) -> set[str]:
    """Top-level packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize(
    "path", sorted((CHECKOUT / "codegen").rglob("*.py")), ids=lambda p: str(p.relative_to(CHECKOUT))
)
def test_codegen_imports_nothing_heavy(path: Path) -> None:
    assert not imported_packages(path) & (HEAVY | {"tinyser"})


def modules_after(statement: str) -> set[str]:
    """Top-level modules that are loaded once a fresh interpreter has run a statement."""
    code = f"import sys\ntry:\n    {statement}\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return {name.split(".")[0] for name in done.stderr.split()}


def test_help_imports_no_command() -> None:
    loaded = modules_after("import tinyser.cli; tinyser.cli.cli(['--help'])")
    assert not loaded & (HEAVY | {"numpy", "jinja2", "rich", "tflite"})


def test_generating_imports_nothing_heavy() -> None:
    loaded = modules_after("import codegen.read_tflite, codegen.direct, codegen.project")
    assert not loaded & HEAVY


def test_every_kernel_has_a_source_and_a_header() -> None:
    names = template_names("kernels")
    sources = {name[:-2] for name in names if name.endswith(".c")}
    headers = {name[:-2] for name in names if name.endswith(".h")}
    assert sources <= headers
    shared = {
        "avx2",
        "batch_matmul_avx2",
        "broadcast",
        "broadcast_i16",
        "broadcast_mve",
        "channels_avx2",
        "channels_fours",
        "channels_i16",
        "channels_mve",
        "channels_thumb",
        "channels_vnni",
        "common_scale",
        "common_scale_mve",
        "depthwise_conv_2d_avx2",
        "depthwise_conv_2d_mve",
        "depthwise_conv_2d_quads",
        "depthwise_conv_2d_thumb",
        "dot",
        "exponentials",
        "exponentials_avx2",
        "fixed_point",
        "inverse_root",
        "linear_i16",
        "lstm",
        "mve",
        "pool_i16",
        "reduce",
        "requantize",
        "requantize_i16",
        "scaled",
        "scaled_i16",
        "seldom",
        "sigmoid",
        "simd",
        "window",
    }
    assert headers - sources == {f"ts_{name}" for name in shared}


def test_every_operator_has_its_own_files() -> None:
    for name, operator in OPERATORS.items():
        module = operator.__module__.rsplit(".", 1)[1]
        assert module == name.lower()
        assert (CHECKOUT / "tests" / "ops" / f"test_{module}.py").is_file()


def test_files_are_one_idea() -> None:
    """The size budget: a file that outgrows it wants to be two."""
    for folder in ("tinyser", "codegen", "firmware_templates"):
        for path in (CHECKOUT / folder).rglob("*"):
            if path.suffix in (".py", ".c", ".h", ".j2"):
                assert len(path.read_text(encoding="utf-8").splitlines()) <= 330, path
