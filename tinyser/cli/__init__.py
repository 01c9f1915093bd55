"""The `tinyser` command: one module per subcommand, imported only when that subcommand runs."""

from __future__ import annotations

import importlib
import sys

import click

from codegen.errors import TinySerError

# name -> (module, one-line help): the help of the group must not import the commands.
COMMANDS = {
    "demo": ("tinyser.cli.demo", "Run the whole pipeline once on a spoken corpus made on the spot."),
    "train": ("tinyser.cli.train", "Train a speech-emotion Transformer with HRF on a corpus."),
    "merge": ("tinyser.cli.merge", "Merge the HRF layers away (deHRF) and prove the result equal."),
    "export": ("tinyser.cli.export", "Export a merged model to ONNX."),
    "quantize": ("tinyser.cli.quantize", "Convert ONNX to an int8 TFLite model."),
    "generate": ("tinyser.cli.generate", "Generate a C firmware project from an int8 TFLite model."),
    "emulate": ("tinyser.cli.emulate", "Run a generated project on the desktop, in QEMU or in TFLM."),
    "check": ("tinyser.cli.check", "Compare the stages of a model on a corpus or on recorded inputs."),
    "boards": ("tinyser.cli.boards", "List the boards firmware can be generated for."),
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


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tinyser", prog_name="tinyser")
def cli() -> None:
    """Turn speech-emotion Transformers into int8 C firmware for Cortex-M, and check it on the desktop."""


def main() -> None:
    """Entry point: a user's error is one line on stderr and exit status 2."""
    try:
        cli()
    except TinySerError as error:
        click.echo(f"tinyser: {' '.join(str(error).split())}", err=True)
        sys.exit(2)
