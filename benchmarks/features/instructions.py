"""Instructions per frame of the float front end on an emulated Cortex-M4F, beside CMSIS-DSP's functions.

`instructions.py CMSISDSP_ROOT`: the folder of CMSIS-DSP that holds Include/ and Source/, for example the unpacked sdist
of the `cmsisdsp` package. Its functions run in the order of its arm_mfcc_f32, on the power spectrum, compiled with the
board's flags and with all that speeds them up: -Ofast, loops unrolled, multiply and add contracted.
"""

from __future__ import annotations

import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from codegen import cmsis_dsp
from codegen.boards import Board, load_board
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import mel_matrix, window
from codegen.features_code import feature_sources, render_features
from codegen.flavours.bare_metal import board_files
from codegen.render import environment, template_text
from tinyser.emulator.build import find_tool, run_tool
from tinyser.emulator.qemu import boot, qemu_command

BOARD = "mps2-an386"
HERE = Path(__file__).parent
SPEC = FeatureSpec.unnormalised(context_frames=100, stride_frames=50)
ROWS = ("samples to power spectrum", "samples to log-mel", "hop to int8 row, all of it")
# Besides the FFT.
CMSIS_FUNCTIONS = (
    "Source/SupportFunctions/arm_q15_to_float.c",
    "Source/SupportFunctions/arm_float_to_q7.c",
    "Source/BasicMathFunctions/arm_mult_f32.c",
    "Source/BasicMathFunctions/arm_add_f32.c",
    "Source/BasicMathFunctions/arm_offset_f32.c",
    "Source/BasicMathFunctions/arm_dot_prod_f32.c",
    "Source/ComplexMathFunctions/arm_cmplx_mag_squared_f32.c",
    "Source/FastMathFunctions/arm_vlog_f32.c",
)


def write_board(board: Board, folder: Path) -> list[str]:
    """The board's own files, flat in `folder`; the names of the sources."""
    files = board_files(board, hears=False, microphone=None)
    for name, text in files.items():
        (folder / name).write_text(text)
    return [name for name in files if name.endswith((".c", ".S"))]


def counted(board: Board, folder: Path, sources: list[str], flags: list[str]) -> list[int]:
    """Builds and runs an image; what each of its parts counts."""
    sources = [*write_board(board, folder), *sources]
    compiler = find_tool(f"{board.compiler_prefix}gcc")
    command = [compiler, *board.c_flags, *flags, "-I.", f"-I{HERE}", *sources, *board.link_flags, "-Tlinker.ld"]
    run_tool([*command, "-lm", "-o", "frame.elf"], folder)
    (folder / "job.bin").write_bytes(b"")
    boot(qemu_command(board, folder / "frame.elf"), folder, timeout=60.0)
    return [count for (count,) in struct.iter_unpack("<Q", (folder / "result.bin").read_bytes())]


def own(board: Board, folder: Path) -> list[int]:
    for name, text in render_features(SPEC, 0.03, 0, "/* benchmark */").items():
        (folder / Path(name).name).write_text(text)
    (folder / "ser_status.h").write_text(template_text("model/ser_status.h"))
    return counted(board, folder, [*(Path(name).name for name in feature_sources()), str(HERE / "own_chain.c")], [])


def cmsis(board: Board, folder: Path, root: Path, flags: list[str]) -> list[int]:
    filters = [np.trim_zeros(weights) for weights in mel_matrix(SPEC)]
    tables: list[tuple[str, str, Any]] = [
        ("window", "float", window(SPEC)),
        ("mel_starts", "uint16_t", np.argmax(mel_matrix(SPEC) > 0, axis=1)),
        ("mel_lengths", "uint16_t", np.array([len(weights) for weights in filters])),
        ("mel_weights", "float", np.concatenate(filters)),
        ("gains", "float", np.full(SPEC.features, 0.1)),
        ("offsets", "float", np.full(SPEC.features, 0.1)),
    ]
    text = environment().from_string((HERE / "tables.h.j2").read_text()).render(spec=SPEC, tables=tables)
    (folder / "tables.h").write_text(text)
    sources = [str(HERE / "cmsis_chain.c"), *(str(root / name) for name in (*cmsis_dsp.SOURCES, *CMSIS_FUNCTIONS))]
    return counted(board, folder, sources, ["-w", *cmsis_dsp.compiler_flags(root), *flags])


def main(root: Path) -> None:
    board = load_board(BOARD)
    fastest = ["-Ofast", "-ffp-contract=fast", "-DARM_MATH_LOOPUNROLL"]
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / name for name in ("own", "o2", "ofast")]
        for folder in folders:
            folder.mkdir()
        columns = {
            "TinySER": own(board, folders[0]),
            "CMSIS-DSP, -O2": cmsis(board, folders[1], root, []),
            "CMSIS-DSP, -Ofast": cmsis(board, folders[2], root, fastest),
        }
    table = Table(title=f"instructions per frame on {BOARD}, {SPEC.fft_size} points, {SPEC.mel_bins} mel bins")
    table.add_column("what")
    for name in columns:
        table.add_column(name, justify="right")
    for row, values in zip(ROWS, zip(*columns.values(), strict=True), strict=True):
        table.add_row(row, *(f"{value:,}" for value in values))
    Console(width=110).print(table)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "Include" / "arm_math.h").is_file():
        raise SystemExit(f"usage: {Path(sys.argv[0]).name} CMSISDSP_ROOT (holds Include/arm_math.h and Source/)")
    main(Path(sys.argv[1]).resolve())
