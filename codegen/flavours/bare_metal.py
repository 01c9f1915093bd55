"""A firmware image of our own for a board, or a program for the desktop: main, and the board's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.application import tensors
from codegen.boards import Board
from codegen.clip import Clip
from codegen.flavours.parts import Parts
from codegen.render import c_array, render, template_names, template_text


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
    # Without a recording, the image of an emulated board is the emulator's, whose size is measured.
    tests_sound = parts.has_classifier and (parts.clip is not None or not has_job)
    # An emulator waits for the program's end.
    answers = not has_job and not board.is_host
    flags = {"job": has_job, "clip": parts.clip, "tests_sound": tests_sound, "answers": answers}
    main = {**flags, "greeting": parts.greeting}
    files = {"app/main.c": render("app/main.c.j2", banner=parts.banner, **main)}
    files |= {f"app/{name}": template_text(f"app/{name}") for name in ("ser_print.h", "ser_print.c")}
    if parts.clip is not None:
        files |= _application(parts.clip, parts.banner)
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
    files |= {f"board/{name}": text for name, text in board_files(board).items()}
    return BareMetal(files)


def _application(clip: Clip, banner: str) -> dict[str, str]:
    """What plays a recording from flash, hears it as a stream, and prints."""
    names = ("ser_application.h", "ser_application.c", "ser_console.h", "ser_console.c", "ser_sound.c")
    content = {"banner": banner, "clip": clip, "values": c_array(clip.samples)}
    return {
        **{f"app/{name}": template_text(f"app/{name}") for name in names},
        **{f"app/{name}": render(f"app/{name}.j2", **content) for name in ("ser_clip.h", "ser_clip.c", "ser_sound.h")},
    }


def board_files(board: Board) -> dict[str, str]:
    """Startup, linker script, clock and console of a board, and on emulated ones what jobs need, by name."""
    return {
        path.rpartition("/")[2].removesuffix(".j2"): render(path, board=board)
        if path.endswith(".j2")
        else template_text(path)
        for path in _board_templates(board)
    }


def _board_templates(board: Board) -> list[str]:
    if board.clock is None or board.console is None:
        return ["board/board.h", "board/host/board_host.c"]
    paths = ["board/board.h", "board/board_parts.h", f"board/console/{board.console.driver}.c"]
    paths += [f"board/cortex_m/{name}" for name in template_names("board/cortex_m")]
    if board.clock.driver != "reset":
        paths.append(f"board/clock/{board.clock.driver}.c")
    if board.qemu is None:
        return [*paths, "board/silicon/halt.c"]
    wanted = ("semihosting", "stack_gauge", board.qemu.counter)
    emulated = [name for name in template_names("board/emulated") if name.startswith(wanted)]
    return [*paths, "board/board_job.h", *(f"board/emulated/{name}" for name in emulated)]
