"""Tries a mutant of a kernel's file on every case that has to do with it, until one gives it away."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codegen.errors import ToolError
from mutation.case import Case
from mutation.kernel_tree import KERNELS, CompilerError, digest, included, needs_of, tree_with
from mutation.lanes import Lane, all_lanes, run_batch
from mutation.mutant import Mutant, Result, Verdict

# Cheap ones first; the last ones start an emulator or a slow program for what is left by then.
ORDER = (
    *("host", "mps2-an386", "mps3-an547", "microbit", "mps2-an385"),
    *("native", "avx2", "vnni", "sanitized", "avx2 sanitized", "vnni sanitized"),
)
_LARGE_BYTES = 100_000  # cases of a size are in a random order: the smallest ones alone tell little
_MOST_GROUPS, _MOST_IMAGES = 32, 10
_OPTIMIZED = Lane("optimized", "gcc", ("-O2", "-std=c99", "-fPIC"))
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that ask the same of the kernels that a file is part of; `needs` by kernel."""

    needs: Mapping[str, Mapping[str, str]] = field(repr=False)
    cases: tuple[Case, ...]


class Battery:
    """All cases, and what was made of them; a folder for that, which outlives the process."""

    def __init__(self, cases: Sequence[Case], cache: Path) -> None:
        self.cases = sorted(cases, key=lambda case: (case.size // _LARGE_BYTES, case.name))
        self.cache = cache
        self.lanes = all_lanes()
        self._groups: dict[tuple[str, str], list[Group]] = {}
        self._lock = threading.Lock()
        self._controlled: set[tuple[str, ...]] = set()
        cache.mkdir(parents=True, exist_ok=True)

    @property
    def digest(self) -> str:
        """Changes with the cases."""
        return digest(*sorted(case.name for case in self.cases))

    def groups(self, lane: Lane, file: str) -> list[Group]:
        """Those that a change of a file has to do with: of each set of kernels the one with most cases, then others.

        A header that most kernels include has more of them than a trial has time for.
        """
        known = self._groups.get((lane.name, file))
        if known is not None:
            return known
        found: dict[str, tuple[Mapping[str, Mapping[str, str]], list[Case]]] = {}
        for case in self.cases:
            affected = [kernel for kernel in case.kernels if file in included(kernel)]
            if case.lane != lane.name or not affected:
                continue
            needs = {kernel: needs_of(kernel, case.needs) for kernel in affected}
            parts = repr(sorted(case.needs.items())) if lane.board is not None else repr(sorted(needs.items()))
            found.setdefault(parts, (needs, []))[1].append(case)
            if lane.board is not None:
                found[parts][0].update(needs)  # type: ignore[attr-defined]
        groups = sorted((Group(needs, tuple(cases)) for needs, cases in found.values()), key=lambda g: -len(g.cases))
        seen: Counter[tuple[str, ...]] = Counter()
        ranked: list[tuple[int, Group]] = []
        for group in groups:
            kernels = tuple(sorted(group.needs))
            ranked.append((seen[kernels], group))
            seen[kernels] += 1
        most = _MOST_GROUPS if lane.board is None else _MOST_IMAGES
        self._groups[lane.name, file] = [group for _, group in sorted(ranked, key=lambda entry: entry[0])][:most]
        return self._groups[lane.name, file]

    def control(self, lane: Lane, group: Group, batch: Sequence[Case]) -> None:
        """Once for each batch, with the kernels as they are. Raises ToolError where something is wrong even so."""
        key = (lane.name, *(case.name for case in batch), *group.needs)
        with self._lock:
            known = key in self._controlled
        if known:
            return
        objects = {kernel: lane.kernel_object(kernel, needs, self.cache) for kernel, needs in group.needs.items()}
        with tempfile.TemporaryDirectory(prefix="tinyser-mutants-", dir=_IN_MEMORY) as folder:
            why = run_batch(lane, batch, objects, self.cache, Path(folder))
        if why:
            raise ToolError(f"{lane.name}: without any mutant: {why}; record again: ./run mutants kernels --record")
        with self._lock:
            self._controlled.add(key)


def try_kernel_mutant(battery: Battery, mutant: Mutant) -> Result:
    """Killed by the first case that gives other bytes, faults or hangs; equivalent where no lane's code differs."""
    started = time.monotonic()
    content = mutant.apply((KERNELS / mutant.file).read_bytes())
    with tree_with(mutant.file, content) as tree:
        trial = _Trial(battery, mutant, tree)
        try:
            by = trial.killer()
            verdict = Verdict.KILLED if by else Verdict.SURVIVED if trial.differs() else Verdict.EQUIVALENT
        except CompilerError as error:
            verdict, by = Verdict.INVALID, str(error).partition("\n")[0]
    return Result(mutant, verdict, by, round(time.monotonic() - started, 2))


class _Trial:
    """One mutant: objects of changed kernels are made when a lane asks for them."""

    def __init__(self, battery: Battery, mutant: Mutant, tree: Path) -> None:
        self._battery, self._file, self._tree = battery, mutant.file, tree
        self._objects: dict[tuple[str, str, str], Path | None] = {}

    def killer(self) -> str:
        """The test that notices, or "". Each lane has a first look: most mutants are of code that only some compile."""
        lanes = [self._battery.lanes[name] for name in ORDER]
        groups = {lane.name: self._battery.groups(lane, self._file) for lane in lanes}
        first = [(lane, group) for lane in lanes for group in groups[lane.name][:1]]
        rest = [(lane, group) for lane in lanes for group in groups[lane.name][1:]]
        for lane, group in first + rest:
            changed = self._changed(lane, group)
            for batch in lane.batches(group.cases) if changed else ():
                self._battery.control(lane, group, batch)
                why = run_batch(lane, batch, changed, self._battery.cache, self._tree)
                if why:
                    return f"{why} on {lane.name}" if why in ("hang", "fault") else why
        return ""

    def differs(self) -> bool:
        """Whether any lane's optimized code is another than before."""
        for (name, _, _), changed in list(self._objects.items()):
            if changed is not None and name != "host" and not self._battery.lanes[name].is_sanitized:
                return True
        host = self._battery.lanes["host"]
        return any(self._changed(_OPTIMIZED, group) for group in self._battery.groups(host, self._file))

    def _changed(self, lane: Lane, group: Group) -> dict[str, Path]:
        """Objects of a group's kernels that are not what they were."""
        found = {kernel: self._object(lane, kernel, needs) for kernel, needs in group.needs.items()}
        return {kernel: path for kernel, path in found.items() if path is not None}

    def _object(self, lane: Lane, kernel: str, needs: Mapping[str, str]) -> Path | None:
        key = (lane.name, kernel, digest(*needs.keys(), *needs.values()))
        if key not in self._objects:
            target = self._tree / f"{kernel[:-2]}-{lane.name.replace(' ', '-')}-{key[2]}.o"
            lane.compile_kernel(self._tree, kernel, needs, self._battery.cache, target)
            before = lane.kernel_object(kernel, needs, self._battery.cache)
            same = not lane.is_sanitized and target.read_bytes() == before.read_bytes()
            self._objects[key] = None if same else target
        return self._objects[key]
