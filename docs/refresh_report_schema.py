"""Writes docs/report.schema.json from the report's classes: `./run python docs/refresh_report_schema.py`.

A test compares.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from tinyser.check.report import VERSION, Report

PAGE = Path(__file__).with_name("report.schema.json")


class _EveryField(GenerateJsonSchema):
    """Reports hold every field, those with defaults too, and no other."""

    def field_is_required(self, *_: Any, **__: Any) -> bool:
        return True

    def field_title_should_be_set(self, *_: Any) -> bool:
        return False

    def dataclass_schema(self, schema: Any) -> dict[str, Any]:
        return {**super().dataclass_schema(schema), "additionalProperties": False}


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `report.json`."""
    made = TypeAdapter(Report).json_schema(mode="serialization", schema_generator=_EveryField)
    made["properties"] = {"version": {"const": VERSION}, **made["properties"]}
    made["required"] = ["version", *made["required"]]
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}


def page() -> str:
    """The whole file."""
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
