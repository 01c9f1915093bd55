"""A firmware image of our own for a board, or a program for the desktop: main, and the board's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.application import tensors
from codegen.boards import Board, Microphone
from codegen.boards.board import MICROPHONE_PARTS
from codegen.flavours.parts import Parts
from codegen.leds import leds_files
from codegen.render import c_array, render, template_names, template_text
from codegen.sound_ring import BUFFER_MS


@dataclass(frozen=True, slots=True)
class BareMetal:
    """Files by path below `app/` and `board/`, and those of them to compile."""

    files: Mapping[str, str]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(name for name in self.files if name.endswith((".c", ".S")))


def bare_metal(parts: Parts) -> BareMetal:
    """main, on emulated boards the emulator's jobs, and startup, linker script, clock, console of the board."""
    model, board = parts.model, parts.board
    has_job = board.qemu is not None
    # Without sound to hear, the image of an emulated board is the emulator's, whose size is measured.
    tests_sound = parts.has_classifier and (parts.hears or not has_job)
    # An emulator waits for the program's end.
    answers = not has_job and not board.is_host
    flags = {"job": has_job, "hears": parts.hears, "clip": parts.clip, "tests_sound": tests_sound, "answers": answers}
    main = {**flags, "greeting": parts.greeting}
    files = {"app/main.c": render("app/main.c.j2", banner=parts.banner, **main)}
    files |= {f"app/{name}": template_text(f"app/{name}") for name in ("ser_print.h", "ser_print.c")}
    if parts.hears:
        files |= _application(parts)
    if has_job:
        inputs, outputs = tensors(model)
        files["app/ser_job.h"] = template_text("app/ser_job.h")
        files["app/ser_job.c"] = render(
            "app/ser_job.c.j2",
            banner=parts.banner,
            classifier=parts.has_classifier,
            input_bytes=[tensor.bytes for tensor in inputs],
            output_bytes=[tensor.bytes for tensor in outputs],
        )
    files |= {f"board/{name}": text for name, text in board_files(board, parts.hears, parts.microphone).items()}
    return BareMetal(files)


def _application(parts: Parts) -> dict[str, str]:
    """What hears a recording in flash or a microphone as a stream, prints, and shows decisions on LEDs."""
    source = "clip" if parts.clip is not None else "microphone"
    names = ("ser_application.h", "ser_application.c", "ser_console.h", "ser_console.c", "ser_sound.c", "ser_source.h")
    content = {"banner": parts.banner, "clip": parts.clip, "buffer_ms": BUFFER_MS}
    rendered = ["ser_sound.h"]
    if parts.clip is not None:
        content["values"] = c_array(parts.clip.samples)
        rendered += ["ser_clip.h", "ser_clip.c"]
    return {
        **{f"app/{name}": template_text(f"app/{name}") for name in (*names, f"ser_source_{source}.c")},
        **{f"app/{name}": render(f"app/{name}.j2", **content) for name in rendered},
        **{f"app/{name}": text for name, text in leds_files(parts.board.leds, parts.labels, parts.banner).items()},
    }


def board_files(board: Board, hears: bool, microphone: Microphone | None) -> dict[str, str]:
    """Startup, linker script, clock and console of a board, LEDs and microphone where the application hears, and on
    emulated boards what jobs need; by name."""
    return {
        path.rpartition("/")[2].removesuffix(".j2"): render(path, board=board, microphone=microphone)
        if path.endswith(".j2")
        else template_text(path)
        for path in _board_templates(board, hears, microphone)
    }


def _board_templates(board: Board, hears: bool, microphone: Microphone | None) -> list[str]:
    if board.clock is None or board.console is None:
        return ["board/board.h", "board/host/board_host.c"]
    paths = ["board/board.h", "board/board_parts.h", f"board/console/{board.console.driver}.c"]
    paths += [f"board/cortex_m/{name}" for name in template_names("board/cortex_m")]
    if board.clock.driver != "reset":
        paths.append(f"board/clock/{board.clock.driver}.c")
    if hears:
        paths += ["board/leds.c.j2", *([f"board/pins/{board.leds.driver}.c"] if board.leds else [])]
    if microphone is not None:
        paths += _microphone_templates(microphone)
    if board.qemu is None:
        return [*paths, "board/silicon/halt.c"]
    wanted = ("semihosting", "stack_gauge", board.qemu.counter)
    emulated = [name for name in template_names("board/emulated") if name.startswith(wanted)]
    return [*paths, "board/board_job.h", *(f"board/emulated/{name}" for name in emulated)]


def _microphone_templates(microphone: Microphone) -> list[str]:
    """The driver, its interface, and what it shares with others."""
    shared = [f"board_{part}{ending}" for part in MICROPHONE_PARTS[microphone.driver] for ending in (".h", ".c")]
    return [f"board/microphone/{name}" for name in ("board_microphone.h", f"{microphone.driver}.c", *shared)]
