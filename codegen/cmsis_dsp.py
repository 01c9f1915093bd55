"""What `--fft cmsis-dsp` takes of CMSIS-DSP, which the user brings: sources, include folders, definitions.

Its real FFT in float32 is `arm_rfft_fast_f32` (CMSIS-DSP 1.10 or newer, which has an initialiser per size).
"""

from __future__ import annotations

import os
from pathlib import Path

from codegen.errors import ToolError

ROOT_VARIABLE = "CMSISDSP_ROOT"
INCLUDE_DIRS = ("Include", "PrivateInclude")
# Builds without CMSIS-Core, whose intrinsics this FFT does not use.
DEFINES = ("__GNUC_PYTHON__",)
SOURCES = (
    "Source/CommonTables/arm_common_tables.c",
    "Source/CommonTables/arm_const_structs.c",
    "Source/TransformFunctions/arm_bitreversal2.c",
    "Source/TransformFunctions/arm_cfft_f32.c",
    "Source/TransformFunctions/arm_cfft_init_f32.c",
    "Source/TransformFunctions/arm_cfft_radix8_f32.c",
    "Source/TransformFunctions/arm_rfft_fast_f32.c",
    "Source/TransformFunctions/arm_rfft_fast_init_f32.c",
)


def find_cmsis_dsp() -> Path:
    """The folder that environment variable CMSISDSP_ROOT names. Raises ToolError where it holds no CMSIS-DSP."""
    named = os.environ.get(ROOT_VARIABLE, "")
    missing = [name for name in SOURCES if not (Path(named) / name).is_file()]
    if not named or missing:
        got = f"{named!r}, which lacks {missing[0]}" if named else "nothing"
        raise ToolError(
            f"{ROOT_VARIABLE}: got {got}; set it to a folder of CMSIS-DSP (holds Include/ and Source/), or generate "
            "with --fft own"
        )
    return Path(named).resolve()


def compiler_flags(root: Path) -> tuple[str, ...]:
    """For CMSIS-DSP's sources and for those that include its headers: warnings in its files are its own."""
    return (*(f"-D{name}" for name in DEFINES), *(f"-isystem{root / name}" for name in INCLUDE_DIRS))
