"""What a project calls things after its model, whose name may hold anything."""

from __future__ import annotations

import re

from codegen.ir import Model


def target_name(model: Model) -> str:
    """A name for build targets: letters, digits, underscore."""
    return "ser_" + (re.sub(r"[^0-9a-z]+", "_", model.name.lower()).strip("_")[:40] or "model")


def printable(text: str) -> str:
    """The text where no markup, no quotes and no line ends may be."""
    return re.sub(r"[^\w .-]", "?", text)
