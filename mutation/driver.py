"""Draws mutants, tries each, and goes on where an earlier run stopped."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from codegen.errors import ToolError
from mutation.kernel_tree import CHECKOUT, KERNELS, digest, included
from mutation.kernel_trial import Battery, try_kernel_mutant
from mutation.mutant import Mutant, Result, Verdict
from mutation.mutate_c import c_mutants
from mutation.mutate_python import python_mutants
from mutation.planner_session import DURATIONS, code_differs
from mutation.results import Journal, first_counted

# What plans (which operators run row by row, in which order, what lives how long, and where), and the tests of it.
PLANNER: Mapping[str, tuple[str, ...]] = {
    "plan_memory": ("planner_choices", "plan_memory"),
    "lifetimes": ("lifetimes", "plan_memory", "state", "choose_regions", "regions"),
    "schedule": ("planner_choices", "schedule", "against_all_ways", "choose_regions", "plan_memory", "input_ring"),
    "spans": (
        "region_rules",
        "against_all_ways",
        "schedule",
        "choose_regions",
        "plan_memory",
        "row_access",
        "sum_by_rows",
        "regions",
    ),
    "regions": ("region_rules", "schedule", "plan_memory", "row_access", "regions"),
    "rows": ("region_rules", "plan_memory", "row_access", "regions"),
    "uses": (
        "lifetimes",
        "region_rules",
        "against_all_ways",
        "schedule",
        "plan_memory",
        "choose_regions",
        "input_ring",
    ),
    "block_operator": ("plan_memory", "row_access", "sum_by_rows", "regions"),
    "input_ring": ("input_ring", "choose_regions"),
    "passes/order_operators": ("planner_choices", "choose_regions", "plan_memory"),
    "passes/sum_by_rows": ("sum_by_rows", "choose_regions", "plan_memory"),
}
# They start processes of their own, in which there is no mutant.
_NO_PLANNER_TESTS = ("the_same_model_gives_the_same_bytes_in_any_process",)
RECORDED_TESTS = ("tests/ops", "tests/codegen", "tests/test_bench_models.py", "tests/test_inner_tensors.py")
_NOT_RECORDED = " and ".join(
    f"not {name}" for name in ("broken", "refused", "clang", "public_networks", "combined_in_float64", "row_regions")
)
PLANNER_SECONDS = 900.0
_MOST_TEST_SECONDS = float(os.environ.get("TINYSER_MOST_SECONDS", "3"))  # longer ones would cost more than all others

Show = Callable[[Result], None]
TestsOf = Callable[[str], Sequence[str]]


def kernel_files() -> list[Path]:
    """Those that mutants are made of."""
    return sorted(path for path in KERNELS.iterdir() if path.suffix in (".c", ".h"))


def all_kernel_mutants() -> list[Mutant]:
    """Of every kernel and header."""
    return [mutant for path in kernel_files() for mutant in c_mutants(path.name, path.read_bytes())]


def all_planner_mutants() -> list[Mutant]:
    """Of every module that plans."""
    files = [f"codegen/{name}.py" for name in PLANNER]
    return [mutant for file in files for mutant in python_mutants(file, (CHECKOUT / file).read_bytes())]


def planner_tests(file: str) -> tuple[str, ...]:
    """Files of tests that a module's mutants are tried on."""
    return tuple(f"tests/codegen/test_{name}.py" for name in PLANNER[file[len("codegen/") : -len(".py")]])


def record(folder: Path, jobs: int) -> None:
    """Runs the suite's tests of generated C with the recorder. Raises ToolError where they fail without a mutant."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mutation.recorder", "-n", str(jobs), "--dist", "loadfile"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TINYSER_RECORD": str(folder)}
    done = subprocess.run([*command, *RECORDED_TESTS, "-k", _NOT_RECORDED], cwd=CHECKOUT, env=environment, check=False)
    if done.returncode != 0:
        raise ToolError("the tests that are recorded: some fail without any mutant; see above, and mend them first")


def try_kernels(
    battery: Battery, mutants: Sequence[Mutant], sample: int, journal: Journal, jobs: int, show: Show
) -> list[Result]:
    """The first of the mutants, until `sample` of them count."""

    def state(mutant: Mutant) -> str:
        return digest(*((KERNELS / f).read_bytes() for f in sorted(included(mutant.file)) if (KERNELS / f).is_file()))

    def one(mutant: Mutant) -> Result:
        known = journal.known(mutant, state(mutant))
        return known or try_kernel_mutant(battery, mutant)

    results: list[Result] = []
    with ThreadPoolExecutor(jobs) as pool:
        for result in _in_order(pool, one, mutants, jobs):
            results.append(result)
            if journal.known(result.mutant, state(result.mutant)) is None:
                journal.add(result, state(result.mutant))
            show(result)
            if sum(r.verdict in (Verdict.KILLED, Verdict.SURVIVED) for r in results) >= sample:
                break
    return first_counted(results, sample)


def _in_order(
    pool: ThreadPoolExecutor, one: Callable[[Mutant], Result], mutants: Sequence[Mutant], jobs: int
) -> Iterator[Result]:
    """Results in the order of the mutants, a few ahead of who asks."""
    waiting: list[Future[Result]] = []
    try:
        for mutant in mutants:
            waiting.append(pool.submit(one, mutant))
            if len(waiting) > 4 * jobs:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()


def planner_battery() -> str:
    """Names what the planner's mutants are tried on."""
    return digest(*(path.read_bytes() for path in sorted((CHECKOUT / "tests" / "codegen").glob("*.py"))))


def try_planner(
    mutants: Sequence[Mutant], sample: int, journal: Journal, folder: Path, jobs: int, show: Show,
    tests_of: TestsOf = planner_tests,
) -> list[Result]:  # fmt: skip
    """As `try_kernels`, each in a process forked from one that has the tests loaded."""
    by_key: dict[str, Result] = {}
    waiting: list[Mutant] = []
    lines = {mutant.key: mutant for mutant in mutants}
    budget = sample
    for mutant in mutants:
        if budget == 0:
            break
        source = mutant.apply((CHECKOUT / mutant.file).read_bytes()).decode()
        known = journal.known(mutant, _state(mutant))
        known = known or _without_tests(mutant, source)
        if known is not None:
            by_key[mutant.key] = known
            show(known)
        else:
            waiting.append(mutant)
        budget -= known is None or known.verdict in (Verdict.KILLED, Verdict.SURVIVED)
    for line in _sessions(waiting, folder, jobs, tests_of):
        mutant = lines[line["key"]]
        verdict = Verdict.KILLED if line["by"] else Verdict.SURVIVED
        result = Result(mutant, verdict, line["by"], line["seconds"])
        journal.add(result, _state(mutant))
        by_key[mutant.key] = result
        show(result)
    return [by_key[mutant.key] for mutant in mutants if mutant.key in by_key]


def _state(mutant: Mutant) -> str:
    return digest((CHECKOUT / mutant.file).read_bytes())


def _without_tests(mutant: Mutant, source: str) -> Result | None:
    """What no test is needed for."""
    try:
        if code_differs(mutant.file, source):
            return None
    except SyntaxError as error:
        return Result(mutant, Verdict.INVALID, str(error), 0.0)
    return Result(mutant, Verdict.EQUIVALENT, "", 0.0)


def _sessions(mutants: Sequence[Mutant], folder: Path, jobs: int, tests_of: TestsOf) -> Iterator[dict[str, str]]:
    """Lines of verdicts, as they come, of several sessions of pytest side by side."""
    if not mutants:
        return
    _measure(folder, sorted({test for mutant in mutants for test in tests_of(mutant.file)}))
    processes, files = [], []
    try:
        for job in range(jobs):
            share = mutants[job::jobs]
            if share:
                verdicts = folder / f"verdicts-{os.getpid()}-{job}.jsonl"
                verdicts.unlink(missing_ok=True)
                processes.append(_start(share, folder, verdicts, tests_of))
                files.append(verdicts)
        seen = [0] * len(files)
        while True:
            running = any(process.poll() is None for process in processes)
            for number, path in enumerate(files):
                lines = path.read_text().splitlines(keepends=True) if path.exists() else []
                for line in lines[seen[number] :]:
                    if line.endswith("\n"):
                        seen[number] += 1
                        yield json.loads(line)
            if not running:
                break
            time.sleep(0.5)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    if sum(seen) < len(mutants):
        raise ToolError(
            f"the planner's tests: ended after {sum(seen)} of {len(mutants)} mutants; see {folder}/session.log"
        )


def _start(mutants: Sequence[Mutant], folder: Path, verdicts: Path, tests_of: TestsOf) -> subprocess.Popen[bytes]:
    jobs = []
    for mutant in mutants:
        source = mutant.apply((CHECKOUT / mutant.file).read_bytes()).decode()
        jobs.append((mutant.key, mutant.file, source, PLANNER_SECONDS, tests_of(mutant.file)))
    return _session(jobs, folder, verdicts, sorted({test for job in jobs for test in job[-1]}))


def _session(jobs: object, folder: Path, verdicts: Path, tests: Sequence[str]) -> subprocess.Popen[bytes]:
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".pickle", delete=False) as file:
        file.write(pickle.dumps(jobs))
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join((str(CHECKOUT), os.environ.get("PYTHONPATH", ""))),
        "TINYSER_MUTANTS": file.name, "TINYSER_VERDICTS": str(verdicts), "OMP_NUM_THREADS": "1",
        "TINYSER_MOST_SECONDS": str(_MOST_TEST_SECONDS),
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mutation.planner_session", "-p", "no:xdist", *tests]
    command += ["-k", " and ".join(f"not {name}" for name in _NO_PLANNER_TESTS)]
    with (folder / "session.log").open("ab") as log:
        return subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)


def _measure(folder: Path, tests: Sequence[str]) -> None:
    """What each test takes without a mutant, for those not measured yet. Raises ToolError where one fails."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / DURATIONS
    known = json.loads(target.read_text()) if target.exists() else {}
    missing = [file for file in tests if not any(name.startswith(file) for name in known)]
    if not missing:
        return
    verdicts = folder / f"verdicts-{os.getpid()}-measured.jsonl"
    verdicts.unlink(missing_ok=True)
    _session([("", "", "", 20 * PLANNER_SECONDS, missing)], folder, verdicts, missing).wait()
    said = json.loads(verdicts.read_text())["by"] if verdicts.exists() else ""
    if not said.startswith("{"):
        raise ToolError(f"the planner's tests: {said or 'no answer'} without any mutant; see {folder}/session.log")
    target.write_text(json.dumps({**known, **json.loads(said)}, indent=1) + "\n")
