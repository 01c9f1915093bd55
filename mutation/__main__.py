"""`./run mutants kernels` and `./run mutants planner`."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from codegen.errors import ToolError
from mutation.kernel_tree import CHECKOUT
from mutation.mutant import Mutant, Result, Verdict, chosen
from mutation.results import Count, Journal, save_table

_SAMPLES = {"kernels": 400, "planner": 200}
_TABLES = CHECKOUT / "mutation" / "results"


@click.command("mutants")
@click.argument("what", type=click.Choice(tuple(_SAMPLES)))
@click.argument("files", nargs=-1)
@click.option(
    "--sample", type=click.IntRange(min=1), help="Mutants that count; default: 400 of kernels, 200 of the planner."
)
@click.option("--seed", type=int, help="Of the draw; default: another one each time.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--record", "again", is_flag=True, help="Record what the suite checks of kernels once more.")
@click.option("--save", is_flag=True, help="Write the results into the tree, for docs/mutation.md.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=CHECKOUT / "runs" / "mutation"
)
def mutants_command(
    what: str,
    files: tuple[str, ...],
    sample: int | None,
    seed: int | None,
    jobs: int,
    again: bool,
    save: bool,
    output: Path,
) -> None:
    """Puts small faults into WHAT, in FILES whose names match (`ts_svdf*`), and tells which ones no test notices.

    With the seed of an earlier run it goes on where that stopped. Exit status 1 where a mutant survived.
    """
    if importlib.util.find_spec("tree_sitter_c") is None:
        raise ToolError("tree-sitter-c: not installed, which reads C; run: pip install 'tinyser[dev]'")
    seed = random.randrange(1, 2**31) if seed is None else seed
    console = Console(soft_wrap=True)
    run = _kernels if what == "kernels" else _planner
    results = run(files, sample or _SAMPLES[what], seed, jobs, again, output, console)
    for result in results:
        if result.verdict is Verdict.SURVIVED:
            console.print(f"survived: {result.mutant}", markup=False, highlight=False)
    console.print(_table(results))
    if save:
        save_table(results, _TABLES / f"{what}.csv")
        drawn = {"seed": seed, "sample": sample or _SAMPLES[what], "mutants": len(results)}
        (_TABLES / f"{what}.json").write_text(json.dumps(drawn, indent=1) + "\n")
    sys.exit(1 if any(result.verdict is Verdict.SURVIVED for result in results) else 0)


def _kernels(
    files: Sequence[str], sample: int, seed: int, jobs: int, again: bool, output: Path, console: Console
) -> list[Result]:
    from mutation.driver import all_kernel_mutants, record, try_kernels
    from mutation.kernel_trial import Battery
    from mutation.recorder import tests_of

    folder = output / "cases"
    if again or not any(folder.glob("*.pickle")):
        console.print("recording what the suite checks of generated C")
        for path in folder.glob("*.pickle"):
            path.unlink()
        record(folder, jobs)
    battery = Battery(list(tests_of(folder).values()), output / "cache")
    mutants = _drawn(all_kernel_mutants(), files, seed)
    console.print(
        f"seed {seed}: {sample} of {len(mutants)} mutants, on {len(battery.cases)} cases, in {output}", markup=False
    )
    journal = Journal(output / "kernels.jsonl", battery.digest)
    with _Progress(console, sample) as show:
        return try_kernels(battery, mutants, sample, journal, jobs, show)


def _planner(
    files: Sequence[str], sample: int, seed: int, jobs: int, again: bool, output: Path, console: Console
) -> list[Result]:
    from mutation.driver import all_planner_mutants, planner_battery, try_planner

    mutants = _drawn(all_planner_mutants(), files, seed)
    console.print(f"seed {seed}: {sample} of {len(mutants)} mutants, in {output}", markup=False)
    journal = Journal(output / "planner.jsonl", planner_battery())
    with _Progress(console, sample) as show:
        return try_planner(mutants, sample, journal, output / "planner", jobs, show)


def _drawn(mutants: Sequence[Mutant], files: Sequence[str], seed: int) -> list[Mutant]:
    return chosen([m for m in mutants if not files or any(fnmatch(m.file, pattern) for pattern in files)], seed)


class _Progress:
    """A bar that a result moves on."""

    def __init__(self, console: Console, sample: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=console)
        self._sample = sample
        self._seen: list[Verdict] = []

    def __enter__(self) -> Callable[[Result], None]:
        self._bars.start()
        self._task = self._bars.add_task("", total=self._sample)
        return self._show

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def _show(self, result: Result) -> None:
        self._seen.append(result.verdict)
        count = Count.of(self._seen)
        self._bars.update(
            self._task, completed=count.counted, description=f"{count.killed} killed, {count.survived} survived"
        )


def _table(results: Sequence[Result]) -> Table:
    table = Table("fault")
    for name in ("killed", "survived", "equivalent", "invalid", "killed of those that count"):
        table.add_column(name, justify="right")
    by_operator: dict[str, list[Verdict]] = defaultdict(list)
    for result in results:
        by_operator[result.mutant.operator].append(result.verdict)
    for name, verdicts in [*sorted(by_operator.items()), ("all", [result.verdict for result in results])]:
        count = Count.of(verdicts)
        share = f"{count.killed / count.counted:.1%}" if count.counted else ""
        table.add_row(name, *map(str, (count.killed, count.survived, count.equivalent, count.invalid)), share)
    return table


def main() -> None:
    try:
        mutants_command.main(prog_name="./run mutants")
    except ToolError as error:
        click.echo(f"mutants: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
