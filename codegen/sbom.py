"""A project's bill of materials in CycloneDX 1.6: which files it has, from which model, and what it needs.

No clock time and no machine is in it, so that the same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from codegen.banner import tool_version
from codegen.ir import Model

if TYPE_CHECKING:
    from codegen.project import ProjectOptions

FILE_NAME = "sbom.cdx.json"
LICENCE = "Apache-2.0"  # of what this tool writes; the weights have that of the model and of the corpus it learnt

# What a project is linked with and does not bring: by setting and value, name and licence.
_BROUGHT = {
    ("runtime", "tflm"): ("TensorFlow Lite Micro", "Apache-2.0"),
    ("fft", "cmsis-dsp"): ("CMSIS-DSP", "Apache-2.0"),
    ("project", "arduino"): ("Arduino core", None),
    ("project", "zephyr"): ("Zephyr", "Apache-2.0"),
    ("project", "platformio"): ("PlatformIO framework", None),
    ("project", "pico-sdk"): ("Raspberry Pi Pico SDK", "BSD-3-Clause"),
}


def render_sbom(model: Model, files: Mapping[str, str | bytes], options: ProjectOptions, target: str) -> str:
    """The bill as JSON: the firmware, the model by its sha256, all `files` by theirs, and libraries that the user
    brings (those have no version here: whoever builds knows it)."""
    components = [_model(model), *(_file(name, content) for name, content in sorted(files.items()))]
    components += _libraries(options)
    firmware = {"type": "firmware", "bom-ref": "firmware", "name": target, "licenses": _licences(LICENCE)}
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"tools": {"components": [_tool()]}, "component": firmware},
        "components": components,
        "dependencies": [
            {"ref": "firmware", "dependsOn": sorted(component["bom-ref"] for component in components)},
        ],
    }
    content = json.dumps(bill, sort_keys=True).encode()
    serial = uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(content).hexdigest())
    return json.dumps({**bill, "serialNumber": f"urn:uuid:{serial}"}, indent=1) + "\n"


def _tool() -> dict[str, Any]:
    return {"type": "application", "name": "tinyser", "version": tool_version(), "licenses": _licences(LICENCE)}


def _model(model: Model) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": model.name,
        "hashes": [{"alg": "SHA-256", "content": model.sha256}],
    }


def _file(name: str, content: str | bytes) -> dict[str, Any]:
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    return {
        "type": "file",
        "bom-ref": f"file:{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}],
    }


def _libraries(options: ProjectOptions) -> list[dict[str, Any]]:
    chosen = {"runtime": options.runtime, "project": options.project}
    if options.features is not None:
        chosen["fft"] = options.fft
    brought = [_BROUGHT[entry] for entry in chosen.items() if entry in _BROUGHT]
    return [
        {
            "type": "library",
            "bom-ref": f"library:{name}",
            "name": name,
            "scope": "required",
            "description": "not in this project: whoever builds it brings it",
            **({"licenses": _licences(licence)} if licence else {}),
        }
        for name, licence in brought
    ]


def _licences(name: str) -> list[dict[str, Any]]:
    return [{"license": {"id": name}}]
