"""`ModelCard`: labels, features and self-test that travel inside .pt, ONNX and TFLite files."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codegen.errors import FeatureSpecError, ModelFormatError
from codegen.feature_spec import FeatureSpec
from codegen.untrusted import LONGEST_NAME, is_name, parse_json

VERSION = 2
_KEYS = ("version", "name", "labels", "features", "features_sha256", "selftest")


@dataclass(frozen=True, slots=True)
class SelfTest:
    """One int8 model input and the output that TFLite's reference kernels give for it, as raw bytes."""

    input: bytes
    output: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What later stages must know of a model besides its graph. Raises ModelFormatError if invalid."""

    name: str
    labels: tuple[str, ...] | None = None
    features: FeatureSpec | None = None
    selftest: SelfTest | None = None

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise _error("name", self.name, f"a text of 1 to {LONGEST_NAME} characters")
        if self.labels is None:
            return
        good = isinstance(self.labels, tuple | list) and len(self.labels) > 0
        if not good or not all(map(is_name, self.labels)):
            raise _error("labels", self.labels, f"a list of texts of 1 to {LONGEST_NAME} characters, or null")
        if len(set(self.labels)) != len(self.labels):
            raise _error("labels", list(self.labels), "a list without repetition")
        object.__setattr__(self, "labels", tuple(self.labels))

    def to_json(self) -> dict[str, Any]:
        """A JSON object; the self-test's bytes become base64."""
        test = self.selftest
        selftest = None if test is None else {"input": _encode(test.input), "output": _encode(test.output)}
        return {
            "version": VERSION,
            "name": self.name,
            "labels": None if self.labels is None else list(self.labels),
            "features": None if self.features is None else self.features.to_json(),
            "features_sha256": None if self.features is None else self.features.digest(),
            "selftest": selftest,
        }

    @classmethod
    def from_json(cls, data: object) -> ModelCard:
        """The inverse of `to_json`. Raises ModelFormatError, naming the field."""
        if not isinstance(data, Mapping):
            raise _error("whole", type(data).__name__, "a JSON object")
        for key in _KEYS:
            if key not in data:
                raise _error(key, None, f"an entry; a card has {', '.join(_KEYS)}")
        if data["version"] != VERSION:
            made = f"got {data['version']!r}, allowed is {VERSION}"
            raise ModelFormatError(f"model card: version: {made}; train the model again, or convert it again")
        try:
            features = None if data["features"] is None else FeatureSpec.from_json(data["features"])
        except FeatureSpecError as error:
            raise ModelFormatError(f"model card: features: {error}") from error
        digest = None if features is None else features.digest()
        if data["features_sha256"] != digest:
            raise _error("features_sha256", data["features_sha256"], f"{digest}, the digest of its features")
        return cls(name=data["name"], labels=data["labels"], features=features, selftest=_selftest(data["selftest"]))

    def dumps(self) -> str:
        """Canonical JSON text: sorted keys, no spaces."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def loads(cls, text: str | bytes) -> ModelCard:
        """Reads JSON text. Raises ModelFormatError when it is not JSON or not a card."""
        try:
            data = parse_json(text)
        except ValueError as error:
            raise ModelFormatError(f"model card: not JSON ({error}); export the model again") from error
        return cls.from_json(data)


def _selftest(data: object) -> SelfTest | None:
    if data is None:
        return None
    if not isinstance(data, Mapping) or set(data) != {"input", "output"}:
        raise _error("selftest", data, 'null or {"input", "output"} in base64')
    return SelfTest(_decode("input", data["input"]), _decode("output", data["output"]))


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _decode(name: str, text: object) -> bytes:
    try:
        if not isinstance(text, str) or not text:
            raise ValueError("no text")
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise _error(f"selftest.{name}", text, "bytes in base64") from error


def _error(field: str, got: object, allowed: str) -> ModelFormatError:
    shown = "nothing" if got is None else repr(got)
    if len(shown) > 80:
        shown = shown[:77] + "..."
    return ModelFormatError(f"model card: {field}: got {shown}, allowed is {allowed}; export the model again")
