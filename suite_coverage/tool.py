"""Stands before a compiler or QEMU on PATH, in a run of the suite that is measured, and becomes that program.

    python -IS tool.py STORE REAL_PROGRAM [ARGUMENT ...]

gcc compiles for gcov, with notes and counts in a folder of their own in STORE, beside a list of the sources' contents:
most tests remove theirs. A cross compiler adds line numbers; QEMU keeps its image and logs what it translates, which is
what runs. A compilation that is not from C to an object, library or program is left as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

# Without optimization a branch in C is one in the object; UndefinedBehaviorSanitizer would add its own.
COUNTED = ("-O0", "--coverage")
SOURCES = (".c", ".cc", ".ino", ".S")
COMPILES = ("gcc", "g++", "cc", "c++")


def new_folder(store: Path, kind: str) -> Path:
    """A folder that no other process has."""
    (store / kind).mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=store / kind))


def keep_sources(store: Path, folder: Path, arguments: list[str]) -> None:
    """Writes `sources.json`, a digest by file name, and each content once in `STORE/contents/`."""
    sources = [Path(argument) for argument in arguments if argument.endswith(SOURCES) and Path(argument).is_file()]
    includes = [Path(argument[2:]) for argument in arguments if argument.startswith("-I") and len(argument) > 2]
    parents = {*includes, *(file.parent for file in sources)}
    included = {file for parent in parents for file in parent.glob("*.[ch]")}
    contents = store / "contents"
    contents.mkdir(exist_ok=True)
    digests = {}
    for file in {*included, *sources}:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        digests[os.path.realpath(file)] = digest
        if not (contents / digest).exists():
            (folder / digest).write_bytes(content)
            (folder / digest).replace(contents / digest)
    (folder / "sources.json").write_text(json.dumps({"cwd": str(Path.cwd()), "digests": digests}), encoding="utf-8")


def without_undefined(argument: str) -> list[str]:
    """A compiler's argument without the sanitizer that branches."""
    name, _, kinds = argument.partition("=")
    if name != "-fsanitize":
        return [argument]
    left = [kind for kind in kinds.split(",") if kind != "undefined"]
    return [f"-fsanitize={','.join(left)}"] if left else []


def for_compiler(store: Path, arguments: list[str], cross: bool) -> list[str]:
    """The arguments of a compiler that counts; of a cross compiler, one that says which line an address is of."""
    compiles = any(argument.endswith(SOURCES) for argument in arguments)
    if "-o" not in arguments or {"-E", "-S"} & {*arguments}:
        return arguments
    if cross:
        if compiles:
            keep_sources(store, new_folder(store, "cross"), arguments)
        return [*arguments, "-g"] if compiles else arguments
    folder = new_folder(store, "host")
    if compiles:
        keep_sources(store, folder, arguments)
    left = [part for argument in arguments for part in without_undefined(argument)]
    return [*left, *COUNTED, "-dumpdir", f"{folder}/"]


def for_qemu(store: Path, arguments: list[str]) -> list[str]:
    """QEMU's arguments, with a log of the instructions that it translates."""
    if "-kernel" not in arguments:
        return arguments
    folder = new_folder(store, "images")
    shutil.copy(arguments[arguments.index("-kernel") + 1], folder / "image.elf")
    return [*arguments, "-d", "in_asm", "-D", str(folder / "executed.log")]


def main(store: Path, program: str, arguments: list[str]) -> None:
    name = Path(program).name
    if name.startswith("qemu"):
        arguments = for_qemu(store, arguments)
    else:
        arguments = for_compiler(store, arguments, cross=name not in COMPILES)
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
