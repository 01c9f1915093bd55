"""Which lines ran on emulated boards: those of the instructions that QEMU translated, which it does where one runs."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from suite_coverage.counts import LineCount
from suite_coverage.host_c import Lines, merge
from suite_coverage.templates import Place, find_places

_TRANSLATED = re.compile(r"^0x([0-9a-f]{8}):  ", re.MULTILINE)
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t", re.MULTILINE)
_LINE = re.compile(r"^(?: \(inlined by\) )?(?:\S+ at )?(/\S+):(\d+)(?: \(discriminator \d+\))?$", re.MULTILINE)


def read_images(store: Path, jobs: int = 2) -> Lines:
    """Of all images of a store, merged: every line that the compiler made an instruction of, and whether one ran."""
    digests: dict[str, str] = {}
    for sources in (store / "cross").glob("*/sources.json"):
        digests.update(json.loads(sources.read_text(encoding="utf-8"))["digests"])
    runs: dict[str, list[Path]] = defaultdict(list)  # of one image
    for image in sorted((store / "images").glob("*/image.elf")):
        runs[hashlib.sha256(image.read_bytes()).hexdigest()].append(image)
    merged: Lines = {}
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(_read_image, [store] * len(runs), [digests] * len(runs), runs.values()):
            merge(merged, part)
    return merged


def _read_image(store: Path, digests: dict[str, str], runs: list[Path]) -> Lines:
    listed = subprocess.run(
        ["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", str(runs[0])], capture_output=True, text=True, check=True
    ).stdout
    instructions = {int(address, 16) for address in _INSTRUCTION.findall(listed)}
    executed = set()
    for run in runs:
        log = run.with_name("executed.log")
        if log.exists():
            executed |= {int(address, 16) for address in _TRANSLATED.findall(log.read_text(errors="replace"))}
    lines: Lines = {}
    for addresses, ran in ((instructions, False), (executed & instructions, True)):
        for place in _places_of(store, digests, runs[0], sorted(addresses)):
            lines.setdefault(place, LineCount()).add(ran, ())
    return lines


def _places_of(store: Path, digests: dict[str, str], image: Path, addresses: list[int]) -> set[Place]:
    command = ["arm-none-eabi-addr2line", "-e", str(image), "-i"]
    asked = "\n".join(f"{address:x}" for address in addresses)
    answered = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout
    found = set()
    for path, number in set(_LINE.findall(answered)):
        resolved = str(Path(path).resolve())
        digest = digests.get(resolved)
        places = _places(store, Path(path).name, digest) if digest else None
        if places and int(number) in places:
            found.add(places[int(number)])
    return found


@cache
def _places(store: Path, name: str, digest: str) -> dict[int, Place] | None:
    return find_places(name, (store / "contents" / digest).read_bytes())
