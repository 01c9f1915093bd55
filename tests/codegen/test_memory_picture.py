"""The picture of the memory plan: what it shows is the plan, and what a model calls its tensors stays text."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from codegen.direct import render_direct
from codegen.ir import Model
from codegen.memory_boxes import KINDS, Box, Memory, printable
from codegen.memory_picture import LETTER, PLOT_HEIGHT, THINNEST, memory_svg, memory_text
from codegen.read_tflite import parse_tflite, read_tflite
from tests.codegen.models import dense_model
from tests.tflite_builder import ModelBuilder

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert(1)</script>&\x1b[31m\u202e\n\"'*/]]>"


def files(model: Model, optimize: str = "speed") -> tuple[ElementTree.Element, str]:
    made = render_direct(model, "/* */", optimize).files
    svg, text = made["model/memory_plan.svg"], made["model/memory_plan.txt"]
    assert isinstance(svg, str) and isinstance(text, str)
    return ElementTree.fromstring(svg), text


def boxes(svg: ElementTree.Element) -> list[tuple[str, ElementTree.Element]]:
    """What is told of each box, and its rectangle."""
    groups = svg.iter(f"{SVG}g")
    return [(str(group.findtext(f"{SVG}title")), rect) for group in groups for rect in group.iter(f"{SVG}rect")]


def memory(operators: int, arena: int = 1000) -> Memory:
    """A buffer from each operator to the next."""
    chain = [Box("tensor", (f"block/layer_{i}/Add;x",), i % 2 * 500, 500, i, i + 1) for i in range(operators)]
    return Memory("chain", arena, tuple(f"{i} FULLY_CONNECTED" for i in range(operators)), tuple(chain), ())


@pytest.mark.parametrize("name", ["conformer", "convtransformer", "micro_speech", "person_detect", "windowed"])
@pytest.mark.parametrize("optimize", ["speed", "size"])
def test_benchmark_models(bench_dir: Path, name: str, optimize: str) -> None:
    model = read_tflite(bench_dir / f"{name}.tflite")
    svg, text = files(model, optimize)
    arena = render_direct(model, "/* */", optimize).arena_bytes
    drawn = [rect for _, rect in boxes(svg)]
    lines = [line for line in text.splitlines() if " to " in line and ".." in line and " .." in line]
    assert len(drawn) == len(lines) > 3
    places = [tuple(map(int, re.findall(r"\d+", line)[:3])) for line in lines]
    assert max(last for _, last, _ in places) == arena - 1
    for rect, (first, last, size) in zip(drawn, places, strict=True):
        assert last == first + size - 1
        height = float(rect.attrib["height"])
        assert height == THINNEST or abs(height - PLOT_HEIGHT * size / arena) < 0.2
    live = [int(line.split()[1]) for line in text[text.index("Operators:") :].splitlines()[2:]]
    assert max(live) <= arena


@pytest.mark.parametrize("name", ["conformer", "person_detect"])
def test_texts_stay_in_their_boxes(bench_dir: Path, name: str) -> None:
    svg, _ = files(read_tflite(bench_dir / f"{name}.tflite"))
    labelled = 0
    for group in svg.iter(f"{SVG}g"):
        (rect,), texts = group.iter(f"{SVG}rect"), list(group.iter(f"{SVG}text"))
        for text in texts:
            side = "height" if "transform" in text.attrib else "width"
            assert len(text.text or "") * LETTER <= float(rect.attrib[side])
            labelled += 1
    assert labelled > 20


@pytest.mark.parametrize("operators", [0, 1, 3, 30, 160, 400])
def test_any_number_of_operators(operators: int) -> None:
    svg = ElementTree.fromstring(memory_svg(memory(operators)))
    width = float(svg.attrib["width"])
    assert all(float(rect.attrib["x"]) + float(rect.attrib["width"]) <= width for _, rect in boxes(svg))
    assert len(boxes(svg)) == operators
    names = [text.text for text in svg.iter(f"{SVG}text")]
    assert all(f"{i} FULLY_CONNECTED" in names for i in range(operators))


def test_regions_are_marked(bench_dir: Path) -> None:
    svg, text = files(read_tflite(bench_dir / "conformer.tflite"), "size")
    classes = [rect.attrib.get("class", "") for rect in svg.iter(f"{SVG}rect")]
    assert classes.count("region") >= 2
    assert any(kind == "box rows" for kind in classes)
    assert set(classes) <= {"page", "region", *(f"box {kind}" for kind in KINDS)}
    assert re.search(r"FULLY_CONNECTED +region of \d+ blocks", text)


def test_names_out_of_a_model_are_data() -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor(HOSTILE, (4,), scale=0.1), builder.tensor(HOSTILE * 9, (4,), scale=0.2))
    builder.op("ADD", [x, x], [y])
    svg, text = files(parse_tflite(builder.build([x], [y]), name=HOSTILE))
    assert not list(svg.iter(f"{SVG}script"))
    assert any("<script>" in told for told, _ in boxes(svg))
    assert re.fullmatch(r"[\x20-\x7e\n]*", text)
    assert all(re.fullmatch(r"[\x20-\x7e\n]*", part) for part in svg.itertext())
    assert len(printable(HOSTILE * 9)) == 80


def test_the_same_model_gives_the_same_bytes() -> None:
    first, second = (render_direct(parse_tflite(dense_model()), "/* */").files for _ in range(2))
    for name in ("model/memory_plan.svg", "model/memory_plan.txt"):
        assert first[name] == second[name]


def test_text_of_a_small_plan() -> None:
    small = Memory(
        "m",
        24,
        ("0 ADD", "1 MUL"),
        (Box("input", ("x",), 0, 16, -1, 0), Box("output", ("y", "z"), 16, 8, 0, 2)),
        ((0, 2, 5),),
    )
    assert (
        memory_text(small)
        == """Memory plan of model m: arena 24 bytes

Buffers: addresses, bytes, from and to which operator (by position), what lies there

       0 ..      15       16  start to 0    input    x
      16 ..      23        8      0 to end  output   y, then z

Operators: position, bytes in use, index in the model file and name

       0       24  0 ADD                            region of 5 blocks
       1        8  1 MUL                            region of 5 blocks
"""
    )
