"""Refreshes the command output shown in README.md and in docs/: `./run python docs/refresh_output.py`.

A block that follows a line `<!-- output of: COMMAND -->` is replaced by what COMMAND prints when run in the project's
environment, in an empty folder that holds copies of the files in `examples/`. `tests/test_readme.py` runs them, too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "models.md", ROOT / "docs" / "streaming.md")
BLOCK = re.compile(r"(<!-- output of: (?P<command>.+?) -->\n```text\n)(?P<output>.*?)(```)", re.DOTALL)
WIDTH = "110"


def run(command: str, folder: Path) -> str:
    """What a command prints; it sees the example files in its working folder. Fails loudly."""
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "COLUMNS": WIDTH, "HOME": str(Path.home())}
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{command}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


def working_folder(parent: Path) -> Path:
    """A folder with copies of the example files, where the README's commands run."""
    folder = parent / "readme"
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def main() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as scratch:
            folder = working_folder(Path(scratch))
            text = BLOCK.sub(lambda match, folder=folder: match[1] + run(match["command"], folder) + match[4], text)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
