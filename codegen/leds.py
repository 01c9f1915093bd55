"""How a board's LEDs show a decision: which are lit for each label, or how often one flashes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from codegen.boards.board import Leds
from codegen.render import render, template_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# What an LED of three colours mixes: bit 0 red, bit 1 green, bit 2 blue. In the order in which labels without a colour
# of their own take what is left.
MIXED: Mapping[str, int] = {"red": 1, "yellow": 3, "blue": 4, "white": 7, "green": 2, "magenta": 5, "cyan": 6}


@dataclass(frozen=True, slots=True)
class Shown:
    """A label on the LEDs: `lit` has a bit for each that is, `flashes` is 0 for steady light; `text` is for people."""

    lit: int
    flashes: int
    text: str


def preferred_colours() -> Mapping[str, str]:
    """Colour by label, in lower case."""
    text = resources.files("codegen").joinpath("emotion_colours.toml").read_text(encoding="utf-8")
    return {label: colour for colour, labels in tomllib.loads(text).items() for label in labels}


def show(leds: Leds | None, labels: Sequence[str]) -> tuple[Shown, ...]:
    """What each label looks like; silence, and no decision yet, are dark.

    An LED of three colours has a colour for each of up to seven labels. Of separate LEDs each label has one, in its
    colour where that is free. Where neither goes, the first LED flashes: once for the first label, and so on.
    """
    if leds is None:
        return (Shown(0, 0, "nothing"),) * len(labels)
    if leds.kind == "rgb" and len(labels) <= len(MIXED):
        colours = _assign(labels, tuple(MIXED))
        return tuple(Shown(MIXED[name], 0, name) for name in (tuple(MIXED)[at] for at in colours))
    if leds.kind == "separate" and len(labels) <= len(leds.leds):
        places = _assign(labels, tuple(led.colour for led in leds.leds))
        return tuple(Shown(1 << at, 0, _named(leds, at)) for at in places)
    name = _named(leds, 0)
    return tuple(Shown(1, count, f"{name} flashes {_times(count)}") for count in range(1, len(labels) + 1))


def leds_files(leds: Leds | None, labels: Sequence[str], banner: str) -> dict[str, str]:
    """The application's half, which asks which are lit when; by name."""
    return {
        "ser_leds.h": template_text("app/ser_leds.h"),
        "ser_leds.c": render("app/ser_leds.c.j2", banner=banner, shown=show(leds, labels), labels=labels),
    }


def _assign(labels: Sequence[str], colours: Sequence[str]) -> list[int]:
    """A place among the colours for each label: its own colour if it is free, then what is left, in order."""
    preferred = preferred_colours()
    places: dict[int, int] = {}
    for index, label in enumerate(labels):
        wanted = preferred.get(label.strip().lower())
        free = [at for at, colour in enumerate(colours) if colour == wanted and at not in places.values()]
        if free:
            places[index] = free[0]
    left = iter(at for at in range(len(colours)) if at not in places.values())
    return [places[index] if index in places else next(left) for index in range(len(labels))]


def _named(leds: Leds, at: int) -> str:
    return f"{leds.leds[at].name} ({leds.leds[at].colour})"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
