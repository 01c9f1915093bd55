"""A project's README.md: every file, build and run commands, memory, and what its numbers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from codegen.boards import Board
from codegen.ir import Model
from codegen.project_names import printable, target_name
from codegen.render import render

# What a file is, by the first pattern that matches the end of its path.
_PURPOSES = (
    (r"README\.md", "this page"),
    (r"fuzz/CMakeLists\.txt", "the build of the programs that libFuzzer drives"),
    (r"fuzz/fuzz_check\.h", "what they check with, and guards around memory"),
    (r"fuzz/fuzz_model\.c", "the model on bytes that libFuzzer finds"),
    (r"fuzz/fuzz_features\.c", "the features on its sound, in chunks of any size"),
    (r"fuzz/fuzz_classifier\.c", "the classifier's functions in any order"),
    (r"CMakeLists\.txt", "the build"),
    (r"cmake/toolchain\.cmake", "compiler and flags of the board"),
    (r"Doxyfile", "the headers' documentation: `doxygen`, or the CMake target `docs`"),
    (r"library\.properties", "what the Arduino tools know of the library"),
    (r"keywords\.txt", "names that the Arduino editor colours"),
    (r"\w+\.ino", "the example: self-test and, with features, the microphone"),
    (r"library\.json", "what PlatformIO knows of the library"),
    (r"link\.py", "flags of the link"),
    (r"platformio\.ini", "the example's board, framework and flags"),
    (r"module\.yml", "what Zephyr knows of the module"),
    (r"Kconfig", "settings"),
    (r"prj\.conf", "the application's settings"),
    (r"sample\.yaml", "the application as a test, for Zephyr's test runner"),
    (r"\w+\.overlay", "what Zephyr's description of the board lacks"),
    (r"app/src/main\.c", "the application: self-test and, with features, the microphone"),
    (r"manifest\.json", "sizes, operators, quantization, labels and sources, for programs"),
    (r"sbom\.cdx\.json", "bill of materials (CycloneDX): model, files and libraries, with hashes and licences"),
    (r"model\.tflite", "the model this was generated from; not compiled in"),
    (r"ser_model\.h", "the model's interface: init, reset, input, invoke, output"),
    (r"ser_status\.h", "what fallible functions return"),
    (r"ser_weights\..*", "constants, in flash"),
    (r"ser_model\.c", "the model: its layers in order, on one static arena"),
    (r"ser_model_tflm\.c\w+", "the model on TensorFlow Lite Micro: operators, arena, interpreter"),
    (r"model_data\..*", "the model file as an aligned array"),
    (r"memory_plan\..*", "what lies where in the arena, and when"),
    (r"ts_\w+_needs\.h", "what the model needs of a kernel"),
    (r"ts_\w+\..*", "kernel"),
    (r"ser_features_tables\..*", "window, FFT and mel tables, normalisation"),
    (r"ser_mel\..*", "samples of a frame to compressed mel values"),
    (r"ser_rows\..*", "compressed mel values to a row of the model's input"),
    (
        r"ser_(?:features\w*|spectrum|scaled|window|elementary)\..*",
        "audio to int8 feature frames, streaming",
    ),
    (r"main\.c", "start: self-test (in the emulator: the job)"),
    (r"ser_classifier\..*", "audio to posteriors and decision, of a clip or a stream"),
    (r"ser_classifier_settings\.h", "stride, smoothing, hysteresis and gate of a stream; its latency"),
    (r"ser_decision\..*", "posteriors over time to a decision"),
    (r"ser_gate\..*", "the gate for silence"),
    (r"ser_labels\.c", "names of the labels"),
    (r"ser_selftest\..*", "self-test of the model: recorded input and expected output, byte for byte"),
    (r"ser_selftest_sound\..*", "self-test from sound to decision"),
    (r"ser_print\..*", "numbers and texts on the console"),
    (r"ser_application\..*", "the application: sound, sleep, decisions on the console"),
    (r"ser_console\..*", "lines typed on the console"),
    (r"ser_sound\..*", "samples on their way from the interrupt to the application"),
    (r"ser_source\.h", "where sound comes from"),
    (r"ser_source_clip\.c", "sound of the recording, in real time"),
    (r"ser_source_microphone\.c", "sound of the board's microphone"),
    (r"ser_leds\..*", "which LEDs are lit for which decision, and when"),
    (r"ser_clip\..*", "the recording in flash"),
    (r"board/board\.c", "start of the board: clock, pins, console"),
    (r"board/board_config\.h", "addresses and clocks of the board"),
    (r"board/board_parts\.h", "what the files of this folder call of each other"),
    (r"board/board_job\.h", "what the emulator's jobs need of a board"),
    (r"board/tick\.c", "a millisecond's interrupt, the time, and sleep"),
    (r"board/systick\..*", "the SysTick timer"),
    (r"board/(?:cmsdk_uart|nrf_uart|pl011|stm32_usart_v\d)\.c", "the console's UART, at register level"),
    (r"board/stm32(?:f4|l4|u5)\.c", "the clock, at register level"),
    (r"board/leds\.c", "the board's LEDs"),
    (r"board/(?:mps_fpgaio|nrf_gpio|pl061|stm32_gpio|stm32f1_gpio)\.c", "pins of LEDs, at register level"),
    (r"board/board_microphone\.h", "what the application needs of a microphone"),
    (r"board/board_halves\..*", "halves of a double buffer that the hardware fills, and those that were missed"),
    (r"board/board_offset\..*", "samples without the microphone's offset"),
    (r"board/board_dma_stream\..*", "a DMA stream that fills a double buffer"),
    (r"board/board_tim3\..*", "the timer that starts conversions"),
    (r"board/board_decimator\..*", "the filter from 64 kHz to 16 kHz"),
    (r"board/board_pdm\..*", "bits of a digital microphone to samples"),
    (r"board/(?:nrf52|stm32\w\w)_\w+\.c", "the microphone, at register level"),
    (r"board/memory\.S", "memcpy, memmove and memset"),
    (r"board/halt\.c", "the end of the program"),
    (r"board/stack_gauge\.c", "how much of the stack was ever used"),
    (r"board/(?:systick_counter|cmsdk_timer\w*)\..", "the instruction counter"),
    (r"board/board_host\.c", "the desktop as a board"),
    (r"ser_audio\.h", "what the application needs of a microphone"),
    (r"ser_audio_adc\.c", "an analog microphone, by ADC and DMA"),
    (r"ser_job\..*", "jobs of the emulator"),
    (r"board/board\.h", "what the application needs of a board"),
    (r"board/startup\.c", "vector table, reset, faults"),
    (r"board/memory\.S", "memcpy and its like, in few bytes"),
    (r"board/linker\.ld", "memories of the board"),
    (r"board/semihosting\.c", "job files and exit through the debugger or emulator"),
    (r"src/ser_\w+\.h", "the library's one public header"),
)


def _purpose(name: str) -> str:
    return next(text for pattern, text in _PURPOSES if re.search(f"(?:^|/){pattern}$", name))


def _memory(manifest: Mapping[str, Any], board: Board) -> list[tuple[str, int, int]]:
    """Memories of a board: name, bytes that are known to be needed before the compiler has run, bytes of the board."""
    if board.flash is None or board.ram is None or board.stack_bytes is None:
        return []
    rows = [
        ("flash", manifest["known_bytes"]["flash"], board.flash.bytes),
        ("RAM, with the stack that is reserved", manifest["known_bytes"]["ram"], board.ram.bytes),
    ]
    if manifest["stack_bytes"] is not None:
        rows.append(("stack", manifest["stack_bytes"], board.stack_bytes))
    return rows


def render_readme(model: Model, manifest: Mapping[str, Any], files: Sequence[str], board: Board) -> str:
    """The project's README.md: every file, build and run commands for the board, memory."""
    return render(
        "project/README.md.j2",
        board=board,
        manifest=manifest,
        files=[(name, _purpose(name)) for name in files],
        target=target_name(model),
        model_name=printable(model.name),
        runtime=manifest["runtime"],
        leds=[(printable(row["label"]), row["shown"]) for row in manifest["leds"] or ()],
        memories=_memory(manifest, board),
        microphone=board.microphone if manifest["microphone"] else None,
        memory_plan=next((name for name in files if name.endswith("/memory_plan.svg")), None),
        has_state=bool(model.graph.variables),
        fuzz_programs=[found[1] for name in files if (found := re.fullmatch(r"fuzz/(fuzz_\w+)\.c", name))],
    )
