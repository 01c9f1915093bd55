"""Boards as data: one validated TOML file each, every size with the document it comes from.

A new board is a new file here. Its drivers are C files in `firmware_templates/board/`: `console/`, `clock/`,
`emulated/`.
"""

from __future__ import annotations

from importlib import resources

from codegen.boards.board import Board, Leds, Microphone, Region
from codegen.boards.parse import parse_board
from codegen.errors import BoardError

__all__ = ["Board", "Leds", "Microphone", "Region", "list_boards", "load_board", "parse_board"]


def list_boards() -> tuple[Board, ...]:
    """All boards, by id."""
    return tuple(load_board(name) for name in _known())


def load_board(board_id: str) -> Board:
    """One board by id. Raises BoardError for an unknown id (listing the known ones) or an invalid description."""
    if board_id not in _known():
        raise BoardError(f"board {board_id!r}: unknown; known are {', '.join(_known())}")
    path = resources.files(__name__).joinpath(f"{board_id}.toml")
    board = parse_board(path.read_text(encoding="utf-8"), where=f"{board_id}.toml")
    if board.id != board_id:
        raise BoardError(f"{board_id}.toml: id: got {board.id!r}, allowed is the file's name, {board_id!r}")
    return board


def _known() -> tuple[str, ...]:
    names = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(name[: -len(".toml")] for name in names if name.endswith(".toml")))
