"""Flavour `zephyr`: a Zephyr module with the library, and an application that runs it."""

from __future__ import annotations

from dataclasses import replace

from codegen.boards import Leds
from codegen.errors import DataError
from codegen.flavours.parts import Layout, Parts
from codegen.leds import leds_files
from codegen.render import render, template_names, template_text

# Of the application's thread: the high-water mark of every benchmark model is below 2 kB with the runtime `direct`, and
# Zephyr's console takes some hundred bytes.
STACK_BYTES = {"direct": 4096, "tflm": 8192}
_TEMPLATES = {
    "zephyr/module.yml": "module.yml.j2",
    "zephyr/CMakeLists.txt": "module.cmake.j2",
    "zephyr/Kconfig": "Kconfig.j2",
    "app/CMakeLists.txt": "app.cmake.j2",
    "app/Kconfig": "app.Kconfig.j2",
    "app/prj.conf": "prj.conf.j2",
    "app/sample.yaml": "sample.yaml.j2",
    "app/src/main.c": "main.c.j2",
}


def zephyr(parts: Parts) -> Layout:
    """Sources below their own folders, the module's files in `zephyr/`, the application's in `app/`.

    Raises DataError for an FFT of somebody else's.
    """
    if parts.fft != "own":
        raise DataError(f"--fft: got {parts.fft}, allowed with --project zephyr is own; leave it out")
    name = parts.board.ecosystems["zephyr"]["board"]
    shown_on = _aliased(parts.board.leds) if parts.has_classifier else None
    leds = _leds(shown_on, parts)
    layout = Layout(
        files={},
        portable_sources=(*parts.sources, *(path for path in leds if path.endswith(".c"))),
        board_sources=("app/src/main.c",),
        include_dirs=parts.include_dirs,
        shown_on=shown_on,
    )
    context = {
        "banner": parts.banner,
        "build": layout,
        "target": parts.target,
        "runtime": parts.runtime,
        "has_classifier": parts.has_classifier,
        "leds": len(shown_on.leds) if shown_on else 0,
        "zephyr_board": name,
        "stack_bytes": STACK_BYTES[parts.runtime],
        "greeting": parts.greeting,
    }
    own = {path: render(f"project/zephyr/{template}", **context) for path, template in _TEMPLATES.items()}
    return replace(layout, files={**parts.files, **leds, **own, **_overlay(name)})


def _aliased(leds: Leds | None) -> Leds | None:
    """Those that Zephyr's description of the board has names for; none others could be lit."""
    if leds is None or leds.zephyr_aliases == 0:
        return None
    return replace(leds, leds=leds.leds[: leds.zephyr_aliases])


def _leds(shown_on: Leds | None, parts: Parts) -> dict[str, str]:
    """Which LEDs show what, in the order of the aliases."""
    if shown_on is None:
        return {}
    return {f"app/{name}": text for name, text in leds_files(shown_on, parts.labels, parts.banner).items()}


def _overlay(board: str) -> dict[str, str]:
    """What Zephyr's description of the board lacks, under the name by which Zephyr finds it."""
    overlay = f"{board.replace('/', '_')}.overlay"
    if overlay not in template_names("project/zephyr/boards"):
        return {}
    return {f"app/boards/{overlay}": template_text(f"project/zephyr/boards/{overlay}")}
