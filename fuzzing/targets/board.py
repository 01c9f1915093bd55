"""A board's TOML file, and a project for every flavour that it names."""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Sequence
from importlib import resources

from codegen.boards import parse_board
from codegen.errors import BoardError
from codegen.project import ProjectOptions, write_project
from fuzzing.mutate_bytes import mutate_bytes
from fuzzing.mutate_tree import mutate_tree
from fuzzing.scratch import output_folder
from fuzzing.target import Target
from tests.projects import sums_model, sums_runtime

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_VALUE = re.compile(r"^(\s*\w+ = ).+$", re.MULTILINE)


def run(content: bytes) -> None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BoardError(f"not UTF-8 ({error}); a board file is text") from error
    board = parse_board(text, "board.toml")
    model = sums_model()
    for project in board.projects:
        with output_folder() as out:
            write_project(model, sums_runtime(model), ProjectOptions(board=board, project=project), out)


def seeds() -> Sequence[bytes]:
    folder = resources.files("codegen.boards")
    return [entry.read_bytes() for entry in folder.iterdir() if entry.name.endswith(".toml")]


def mutate(content: bytes, random_: random.Random) -> bytes:
    """A line gets another value, of whatever type; or two lines change places; or bytes change."""
    lines = content.decode("utf-8").splitlines(keepends=True)
    kind = random_.random()
    if kind < 0.7:
        at = random_.choice([n for n, line in enumerate(lines) if _VALUE.match(line)])
        key, _, old = lines[at].partition(" = ")
        new = (mutate_tree([tomllib.loads(f"v = {old}")["v"]], random_) or [""])[0]
        lines[at] = f"{key} = {_toml(new)}\n"
    elif kind < 0.85:
        lines.insert(random_.randrange(len(lines)), lines.pop(random_.randrange(len(lines))))
    else:
        return mutate_bytes(content, random_)
    return "".join(lines).encode("utf-8", "surrogatepass")


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {_toml(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


TARGET = Target(
    about="a board's TOML file to projects of all its flavours", run=run, seeds=seeds, mutate=mutate, seconds=10.0
)
