"""Flavour `pico-sdk`: a CMake project for the Raspberry Pi Pico SDK."""

from __future__ import annotations

from dataclasses import replace

from codegen import cmsis_dsp
from codegen.flavours.parts import Layout, Parts
from codegen.leds import leds_files
from codegen.render import render, template_text

_AUDIO_FILES = ("ser_audio.h", "ser_audio_adc.c")


def pico_sdk(parts: Parts) -> Layout:
    """Sources below their own folders, a main, with features an analog microphone, and `CMakeLists.txt`."""
    context = {
        "banner": parts.banner,
        "board": parts.board,
        "pico_board": parts.board.ecosystems["pico-sdk"]["board"],
        "target": parts.target,
        "runtime": parts.runtime,
        "fft": parts.fft,
        "cmsis_dsp": cmsis_dsp,
        "has_classifier": parts.has_classifier,
        "greeting": parts.greeting,
    }
    firmware = {"app/main.c": render("project/pico-sdk/main.c.j2", **context)}
    if parts.has_classifier:
        firmware |= {f"app/{name}": template_text(f"project/pico-sdk/{name}") for name in _AUDIO_FILES}
        leds = leds_files(parts.board.leds, parts.labels, parts.banner)
        firmware |= {f"app/{name}": text for name, text in leds.items()}
    layout = Layout(
        files={**parts.files, **firmware},
        portable_sources=parts.sources,
        board_sources=tuple(name for name in firmware if name.endswith(".c")),
        include_dirs=parts.include_dirs,
        shown_on=parts.board.leds if parts.has_classifier else None,
    )
    cmake = render("project/pico-sdk/CMakeLists.txt.j2", **context, build=layout)
    return replace(layout, files={**layout.files, "CMakeLists.txt": cmake})
