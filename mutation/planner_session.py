"""A plugin for pytest that runs the planner's tests once for each mutant, in a process forked from one that is warm.

The parent imports and collects, but runs no test: nothing that a planner without a fault has computed is kept. A child
puts the mutant's code into the functions that are there, runs the tests, quick ones first, and stops at the first that
fails. Environment: `TINYSER_MUTANTS`, a pickled list of (key, file, source, seconds, files of
tests); results go to `TINYSER_VERDICTS`, a line each.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import Phase, settings

from mutation.kernel_tree import CHECKOUT
from tests import generated

DURATIONS = "durations.json"
_ABSENT = object()
_MOST_PROCESSOR_SECONDS = 40  # several times what all tests take; the limit in seconds is for what waits


def module_name(file: str) -> str:
    """codegen/passes/x.py -> codegen.passes.x"""
    return file.removesuffix(".py").replace("/", ".")


def put_in(module: ModuleType, source: str, file: str) -> None:
    """Gives a module's functions the code of another source, and its constants their values, wherever known."""
    code = compile(source, str(CHECKOUT / file), "exec")
    changed: dict[str, Any] = {"__name__": module.__name__, "__file__": file, "__package__": module.__package__}
    exec(code, changed)  # a module of this project, with a change of one token
    _replace_members(vars(module), changed, module.__name__)
    for name, value in changed.items():
        old = vars(module).get(name, _ABSENT)
        if isinstance(value, int | float | tuple | dict) and not name.startswith("__") and old != value:
            for other in list(sys.modules.values()):
                if getattr(other, name, _ABSENT) is old and str(getattr(other, "__name__", "")).startswith(
                    ("codegen", "tests")
                ):
                    setattr(other, name, value)


def _replace_members(old: Any, new: Any, owner: str) -> None:
    for name, value in list(new.items()):
        before = old.get(name)
        value, before = (_function(member) for member in (value, before))
        if isinstance(value, FunctionType) and isinstance(before, FunctionType) and before.__module__ == owner:
            before.__code__ = value.__code__
            before.__defaults__ = value.__defaults__
        elif isinstance(value, type) and isinstance(before, type) and before.__module__ == owner:
            _replace_members(vars(before), vars(value), owner)


def _function(member: Any) -> Any:
    """What decorators are wrapped around."""
    if isinstance(member, property):
        return member.fget
    return getattr(member, "__wrapped__", None) or getattr(member, "__func__", member)


def code_differs(file: str, source: str) -> bool:
    """Whether Python makes other byte code of it; positions apart."""
    original = (CHECKOUT / file).read_text("utf-8")
    return _plain(compile(source, file, "exec")) != _plain(compile(original, file, "exec"))


def _plain(code: CodeType) -> tuple[Any, ...]:
    constants = tuple(_plain(c) if isinstance(c, CodeType) else (type(c), c) for c in code.co_consts)
    return code.co_code, constants, code.co_names, code.co_varnames


def pytest_configure() -> None:
    """That a test fails is enough, whatever the smallest example."""
    settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate))
    settings.load_profile("mutants")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """In place of one run of the tests."""
    mutants = pickle.loads(Path(os.environ["TINYSER_MUTANTS"]).read_bytes())
    verdicts = Path(os.environ["TINYSER_VERDICTS"])
    generated._objects_folder()  # one for all children: kernels are compiled once
    items = _by_duration(session.items, verdicts.parent / DURATIONS)
    with verdicts.open("a") as sink:
        for key, file, source, seconds, tests in mutants:
            started = time.monotonic()
            chosen = [item for item in items if item.nodeid.startswith(tuple(tests))]
            by = _in_child(chosen, file, source, seconds)
            line = {"key": key, "by": by, "seconds": round(time.monotonic() - started, 2)}
            sink.write(json.dumps(line) + "\n")
            sink.flush()
    return True


def _by_duration(items: Sequence[pytest.Item], path: Path) -> list[pytest.Item]:
    """Quick ones first, by an earlier run without mutants; none that takes more than `TINYSER_MOST_SECONDS`."""
    known = json.loads(path.read_text()) if path.exists() else {}
    most = float(os.environ.get("TINYSER_MOST_SECONDS", "inf"))
    quick = [item for item in items if known.get(item.nodeid, 0.0) <= most]
    return sorted(quick, key=lambda item: known.get(item.nodeid, 1.0))


def _in_child(items: Sequence[pytest.Item], file: str, source: str, seconds: float) -> str:
    """The test that notices, "hang", "crash", or ""; with no file, what each test takes, as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(items, file, source, writing)
    os.close(writing)
    said, deadline = b"", time.monotonic() + seconds
    try:
        while True:
            ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return "hang"
            part = os.read(reading, 65536)
            if not part:
                break
            said += part
    finally:
        os.close(reading)
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                end(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return said.decode().strip() if said.endswith(b"\n") else "crash"


def _child(items: Sequence[pytest.Item], file: str, source: str, writing: int) -> None:
    """Never comes back."""
    answer = "crash\n"
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (_MOST_PROCESSOR_SECONDS, _MOST_PROCESSOR_SECONDS))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        if file:
            put_in(sys.modules[module_name(file)], source, file)
            answer = _first_failure(items)
        else:
            answer = json.dumps({item.nodeid: seconds for item, seconds in _durations(items)}) + "\n"
    except BaseException as error:
        answer = f"{type(error).__name__} on import\n"
    finally:
        os.write(writing, answer.encode())
        os._exit(0)


def _durations(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, float]]:
    for item, following in zip(items, [*items[1:], None], strict=True):
        started = _processor_seconds()
        if not _passes(item, following):
            raise RuntimeError(item.nodeid)
        yield item, _processor_seconds() - started


def _processor_seconds() -> float:
    """Of this process and of those that it has waited for, such as compilers."""
    return sum(os.times()[:4])


def _first_failure(items: Sequence[pytest.Item]) -> str:
    for item, following in zip(items, [*items[1:], None], strict=True):
        if not _passes(item, following):
            return f"{item.nodeid}\n"
    return "\n"


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    from _pytest.runner import runtestprotocol

    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))
