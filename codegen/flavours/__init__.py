"""Project flavours: the same sources in the layout that an ecosystem's tools expect, with its metadata.

A new flavour is a module here with one function, a folder `firmware_templates/project/<flavour>/` for what it renders
(`build.md.j2` is its part of the README), and the keys of its table in a board's description
(`codegen.boards.board.PROJECTS`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codegen.flavours.arduino import arduino
from codegen.flavours.cmake import cmake
from codegen.flavours.parts import Layout, Parts
from codegen.flavours.pico_sdk import pico_sdk
from codegen.flavours.platformio import platformio
from codegen.flavours.zephyr import zephyr

__all__ = ["FLAVOURS", "Layout", "Parts"]

FLAVOURS: Mapping[str, Callable[[Parts], Layout]] = {
    "cmake": cmake,
    "arduino": arduino,
    "platformio": platformio,
    "zephyr": zephyr,
    "pico-sdk": pico_sdk,
}
