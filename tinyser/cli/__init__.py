"""The `tinyser` command: one module per subcommand, imported only when that subcommand runs."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import click

from codegen.errors import TinySerError
from codegen.untrusted import plain

# name -> (module, one-line help): the help of the group must not import the commands.
COMMANDS = {
    "demo": ("tinyser.cli.demo", "Run the whole pipeline once on a spoken corpus made on the spot."),
    "models": ("tinyser.cli.models", "List the models that train knows, with their sizes."),
    "train": ("tinyser.cli.train", "Train a speech-emotion Transformer with HRF on a corpus."),
    "sweep": ("tinyser.cli.sweep", "Run an experiment over models, HRF settings, folds and seeds."),
    "merge": ("tinyser.cli.merge", "Merge the HRF layers away (deHRF) and prove the result equal."),
    "export": ("tinyser.cli.export", "Export a merged model to ONNX."),
    "quantize": ("tinyser.cli.quantize", "Convert ONNX to an int8 TFLite model."),
    "generate": ("tinyser.cli.generate", "Generate a C firmware project from an int8 TFLite model."),
    "emulate": ("tinyser.cli.emulate", "Run a generated project on the desktop, in QEMU or in TFLM."),
    "features": ("tinyser.cli.features", "Picture a recording's features: reference, float C, fixed-point C."),
    "check": ("tinyser.cli.check", "Compare the stages of a model on a corpus or on recorded inputs."),
    "boards": ("tinyser.cli.boards", "List the boards firmware can be generated for."),
    "fit": ("tinyser.cli.fit", "Show which boards a model fits, with what room and how long an inference takes."),
}


class LazyGroup(click.Group):
    """A group whose subcommands are named in COMMANDS and imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tinyser", prog_name="tinyser")
@click.pass_context
def cli(context: click.Context) -> None:
    """Turn speech-emotion Transformers into int8 C firmware for Cortex-M, and check it on the desktop."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


# What a machine can refuse to any program, whatever it does: no room, no right, no memory.
_REFUSALS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENAMETOOLONG, errno.ELOOP),
}


def main() -> None:
    """The program: `run_command` in a process of its own, whose children and temporary files end with it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)
    try:
        with _own_temporary_files():
            run_command()
    finally:
        # The interpreter would look for garbage among all that torch has made before it ends: 0.8 s for nothing.
        gc.freeze()


def run_command() -> None:
    """The command of `sys.argv`: a user's error is one line on stderr and exit status 2; Ctrl-C is exit status 130."""
    try:
        cli.main(standalone_mode=False)
    except TinySerError as error:
        _refuse(str(error))
    except click.ClickException as error:
        _refuse(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        click.echo("tinyser: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the output has seen enough. What is still buffered goes nowhere, also at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if not _is_the_machines(error):
            raise
        where = error.filename or "temporary files or standard output"
        reason = error.strerror or str(error)
        _refuse(f"{where}: {reason}; make room or make it writable, or name another folder (temporary files: TMPDIR)")


def _is_the_machines(error: OSError) -> bool:
    """Not a defect: also what NumPy says of a short write, and tempfile where it finds no folder."""
    return error.errno in (*_REFUSALS, None) or (error.errno == errno.ENOENT and error.filename is None)


@contextmanager
def _own_temporary_files() -> Iterator[None]:
    """Temporary files in a folder of this process; what killed ones left is removed."""
    import tempfile

    from codegen.held_folder import held_folder

    with ExitStack() as stack:
        before = tempfile.tempdir
        # Where there is no room, those who need some will say so.
        with suppress(OSError):
            parent = Path(tempfile.gettempdir())
            tempfile.tempdir = str(stack.enter_context(held_folder(parent, "tinyser-command-")))
        try:
            yield
        finally:
            tempfile.tempdir = before


def _stop(number: int, frame: object) -> NoReturn:
    # An exception, so that children end and temporary files go.
    os.write(sys.stderr.fileno(), b"tinyser: stopped\n")
    sys.exit(128 + number)


def _refuse(message: str) -> NoReturn:
    click.echo(f"tinyser: {plain(' '.join(message.split()))}", err=True)
    sys.exit(2)
