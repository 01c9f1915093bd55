"""A TOML table read key by key: what is missing, not allowed or never asked for is a BoardError that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from codegen.errors import BoardError

_SIGNS = ". _ : / @ + = , -"
_WORD = re.compile(r"[A-Za-z0-9._:/@+=,-]+")
_MARKS = re.compile(r"/\*|\*/|\?\?")
LARGEST = 2**32 - 1  # addresses, sizes, frequencies and registers have 32 bits


class Table:
    """One table of the file `where`; what was never asked for is unknown."""

    def __init__(self, where: str, data: Mapping[str, Any], optional: tuple[str, ...] = ()) -> None:
        self._where = where
        self._data = data
        self._asked = set(optional)

    def _get(self, key: str, allowed: str) -> Any:
        self._asked.add(key)
        if key not in self._data:
            raise BoardError(f"{self._where}: {key}: missing, allowed is {allowed}; add it with its source")
        return self._data[key]

    def _refuse(self, key: str, got: object, allowed: str) -> BoardError:
        return BoardError(f"{self._where}: {key}: got {got!r}, allowed is {allowed}")

    def text(self, key: str) -> str:
        """For people; it goes into comments."""
        value = self._get(key, "a text")
        if not isinstance(value, str) or not value.strip():
            raise self._refuse(key, value, "a text that is not empty")
        if not value.isprintable() or _MARKS.search(value):
            raise self._refuse(key, value, "one line without comment marks (/*, */) and trigraphs (??)")
        return value

    def word(self, key: str, may_be_empty: bool = False) -> str:
        """For programs; it goes into commands and their settings."""
        value = self._get(key, "a text")
        if not isinstance(value, str) or not (_WORD.fullmatch(value) or (may_be_empty and value == "")):
            raise self._refuse(key, value, "a word of letters, digits and any of " + _SIGNS)
        return value

    def words(self, key: str) -> tuple[str, ...]:
        values = self.texts(key, None)
        bad = [value for value in values if not _WORD.fullmatch(value)]
        if bad:
            raise self._refuse(key, bad[0], "words of letters, digits and any of " + _SIGNS)
        return values

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self._get(key, " or ".join(allowed))
        if value not in allowed:
            raise self._refuse(key, value, " or ".join(allowed))
        return str(value)

    def texts(self, key: str, allowed: tuple[str, ...] | None) -> tuple[str, ...]:
        known = f"a list of {' or '.join(allowed)}" if allowed else "a list of texts"
        value = self._get(key, known)
        good = isinstance(value, list) and value and all(isinstance(entry, str) for entry in value)
        if not good or (allowed and not set(value) <= set(allowed)):
            raise self._refuse(key, value, known)
        return tuple(value)

    def integer(self, key: str, low: int) -> int:
        value = self._get(key, f"a whole number of at least {low}")
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= LARGEST:
            raise self._refuse(key, value, f"a whole number of at least {low}, at most {LARGEST}")
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        value = self._get(key, "a table")
        if not isinstance(value, dict):
            raise self._refuse(key, value, "a table")
        return value

    def rows(self, key: str) -> list[Table]:
        """An array of tables, which may be missing."""
        self._asked.add(key)
        value = self._data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self._refuse(key, value, "an array of tables")
        return [Table(f"{self._where} {key}[{index}]", row) for index, row in enumerate(value)]

    def reject_unknown(self) -> None:
        unknown = sorted(set(self._data) - self._asked)
        if unknown:
            known = ", ".join(sorted(self._asked))
            raise BoardError(f"{self._where}: {unknown[0]}: unknown key; known are {known}")
