"""A plugin of pytest: a process saves what it counted when its tests end, as pytest-xdist waits 10 s for its exit."""

from __future__ import annotations

import coverage


def pytest_sessionfinish() -> None:
    counting = coverage.Coverage.current()
    if counting is not None:
        counting.save()  # goes on counting
