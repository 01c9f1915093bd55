"""Cycles from counts of executed instructions: `cycle_model.toml` says what each costs, and where that is from."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thumb_classes import CLASSES, EVENTS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA = Path(__file__).with_name("cycle_model.toml")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Accesses and misses of a memory through a cache."""

    accesses: int
    misses: int

    def hit_rate(self) -> float:
        return 1 - self.misses / self.accesses if self.accesses else 1.0


@dataclass(frozen=True, slots=True)
class Executed:
    """What one inference executed: by class and event, and lines of code, data in flash and in RAM."""

    counts: Counter[str]
    code: Traffic
    flash: Traffic
    ram: Traffic

    def instructions(self) -> int:
        return sum(self.counts[name] for name in CLASSES)


@dataclass(frozen=True, slots=True)
class CycleModel:
    """A core with the memories of a chip; costs are (low, high) in cycles."""

    title: str
    board: str  # QEMU's, which counts
    chip: str
    clock_hz: int
    costs: Mapping[str, tuple[float, float]]
    sources: tuple[str, ...]
    cache_options: tuple[str, ...]  # for the plugin
    flash_miss_cycles: int
    ram_miss_cycles: int

    def core_cycles(self, executed: Executed) -> tuple[float, float]:
        """(low, high), all accesses to memory without waits."""
        low, high = (sum(executed.counts[name] * cost[end] for name, cost in self.costs.items()) for end in (0, 1))
        return low, high

    def wait_cycles(self, executed: Executed) -> int:
        """What the misses cost."""
        flash = executed.code.misses + executed.flash.misses
        return flash * self.flash_miss_cycles + executed.ram.misses * self.ram_miss_cycles


def load_cycle_models() -> list[CycleModel]:
    """Those of `cycle_model.toml`. Raises ValueError when a class or event has no cost, or there is no such one."""
    return [_parse(core) for core in tomllib.loads(DATA.read_text(encoding="utf-8")).values()]


def _parse(core: dict) -> CycleModel:  # type: ignore[type-arg]
    parts = [core["classes"], core["events"], core["memories"]]
    sources = tuple(" ".join(part.pop("source").split()) for part in parts)
    costs = {name: (low, high) for part in parts[:2] for name, (low, high) in part.items()}
    if set(costs) != {*CLASSES, *EVENTS}:
        raise ValueError(f"{DATA.name}: {core['title']}: costs of {set(costs) ^ {*CLASSES, *EVENTS}}")
    memories = core["memories"]
    options = tuple(
        "{}={line_bytes}:{sets}:{ways}".format(name, **memories[name]) for name in ("code_cache", "data_cache")
    )
    return CycleModel(
        core["title"],
        core["board"],
        core["chip"],
        core["clock_hz"],
        costs,
        sources,
        (*options, f"cached_ram={int(memories['ram_is_cached'])}"),
        memories["flash_miss_cycles"],
        memories["ram_miss_cycles"],
    )
