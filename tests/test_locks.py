"""The locks hold what `pyproject.toml` asks for, every file by its hash, and are what this environment has."""

from __future__ import annotations

import importlib.metadata
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = ("packages", "torch")


def entries(name: str) -> Iterator[tuple[str, str, str, str]]:
    """Package, version, marker and hashes of each entry of a lock file."""
    text = (ROOT / "locks" / f"{name}.txt").read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9-]+)==(\S+)(?: ; (.*?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", text, re.MULTILINE)
    assert len(found) == len(re.findall(r"^\w", text, re.MULTILINE)), "an entry without hashes"
    yield from found


def here(name: str) -> dict[str, str]:
    """Versions for this Python and system."""
    return {
        package: version for package, version, marker, _ in entries(name) if not marker or Marker(marker).evaluate()
    }


def requirements() -> list[Requirement]:
    """Of the distribution, extras included."""
    stated = map(Requirement, importlib.metadata.requires("tinyser") or [])
    return [found for found in stated if canonicalize_name(found.name) != "tinyser"]


@pytest.mark.parametrize("name", [*INSTALLED, "cuda"])
def test_every_file_has_a_hash(name: str) -> None:
    for package, _, _, hashes in entries(name):
        assert re.fullmatch(r"(?:\s*--hash=sha256:[0-9a-f]{64}(?: \\)?)+\s*", hashes), package


def test_the_locks_have_what_the_project_asks_for() -> None:
    locked = {**here("packages"), **here("torch")}
    for wanted in requirements():
        marker = wanted.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", "all", "dev")):
            version = locked[canonicalize_name(wanted.name)]
            assert wanted.specifier.contains(version, prereleases=True), f"{wanted}: {version}; run locks/refresh.py"


def test_this_environment_is_what_the_locks_say() -> None:
    """Of its own folder: once Ray is imported, packages that it brings along are found before these."""
    folder = [sysconfig.get_path("purelib")]
    for package, version in {**here("packages"), **here("torch")}.items():
        (found,) = importlib.metadata.distributions(name=package, path=folder)
        installed = found.version.partition("+")[0]
        assert installed == version, f"{package}: {installed} is installed, {version} locked; run: ./run setup"
