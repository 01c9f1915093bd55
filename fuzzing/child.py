"""One target in a process of its own, led by what code an input reaches: `python -m fuzzing.child TARGET FOLDER ...`.

atheris is libFuzzer on Python's byte code: it keeps the inputs that reach something new and goes on from them. A fault
does not end the run: its input is put aside and the run goes on, so that one fault does not hide others. What kills the
process (a crash, a hang in C) libFuzzer itself writes down.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import atheris

from fuzzing.faults import Fault, TooSlowError, find_fault, limit_memory, time_limit
from fuzzing.mutate_bytes import mutate_bytes
from fuzzing.target import Target

_STRUCTURED = 0.75
_SLOWEST_CHANGE_SECONDS = 1.0


def main() -> None:
    name, folder, seconds, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    # Only what is imported from here on is seen.
    with atheris.instrument_imports(include=["codegen", "tinyser"], enable_loader_override=False):
        from fuzzing.target import load_target

        target = load_target(name)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(target.seeds()):
        (corpus / f"seed{number}").write_bytes(content)
    judge = Judge(target, folder / "faults")
    limits = (f"-timeout={int(6 * target.seconds)}", "-rss_limit_mb=0", "-malloc_limit_mb=0", "-max_len=65536")
    run = (f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={folder}/faults/", "-print_final_stats=1")
    atheris.Setup([sys.argv[0], *limits, *run, str(corpus)], judge, custom_mutator=Mutator(target))
    if target.megabytes is not None:
        limit_memory(target.megabytes)
    atheris.Fuzz()


class Judge:
    """Takes each input; writes down the first one of each fault."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target, self._folder = target, folder
        self._folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, content: bytes) -> None:
        fault = find_fault(self._target, content)
        if fault is not None:
            self._write(fault, content)

    def _write(self, fault: Fault, content: bytes) -> None:
        path = self._folder / f"{fault.key}.input"
        if not path.exists() or len(content) < path.stat().st_size:
            path.write_bytes(content)
            about = {"kind": fault.kind, "where": fault.where, "report": fault.report}
            path.with_suffix(".json").write_text(json.dumps(about, indent=1))


class Mutator:
    """By what the file means; where it means nothing any more, a seed in its place; and now and then its bytes."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._seeds = tuple(target.seeds())

    def __call__(self, content: bytes, largest: int, seed: int) -> bytes:
        random_ = random.Random(seed)
        if random_.random() < _STRUCTURED:
            for source in (content, random_.choice(self._seeds)):
                changed = self._structured(source, random_)
                if changed is not None and 0 < len(changed) <= largest:
                    return changed
        if random_.random() < 0.5:
            return mutate_bytes(content, random_)[:largest]
        return bytes(atheris.Mutate(content, largest))

    def _structured(self, content: bytes, random_: random.Random) -> bytes | None:
        try:
            with time_limit(_SLOWEST_CHANGE_SECONDS):
                return self._target.mutate(content, random_)
        except (Exception, TooSlowError):
            return None


if __name__ == "__main__":
    main()
