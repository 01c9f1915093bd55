"""Pages made from the code are up to date."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_operator_table_is_current(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.syspath_prepend(str(DOCS))
    import refresh_operators

    try:
        assert (DOCS / "operators.md").read_text(
            encoding="utf-8"
        ) == refresh_operators.page(), "run docs/refresh_operators.py"
    finally:
        sys.modules.pop("refresh_operators")
