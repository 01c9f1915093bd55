"""The application half of a project that builds anywhere: features, classifier, self-test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from codegen.errors import ModelFormatError
from codegen.feature_spec import FeatureSpec
from codegen.features_code import feature_sources, render_features
from codegen.ir import Model, Tensor
from codegen.model_card import SelfTest
from codegen.render import c_array, render, template_text
from codegen.selftest_sound import render_selftest_sound, selftest_sound
from codegen.stream_spec import StreamNumbers, StreamSpec, stream_numbers

_CLASSIFIER_FILES = (
    "ser_classifier.h",
    "ser_classifier.c",
    "ser_decision.h",
    "ser_decision.c",
    "ser_gate.h",
    "ser_gate.c",
)


@dataclass(frozen=True, slots=True)
class ApplicationFiles:
    """Files by path, and those of them to compile."""

    files: dict[str, str] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Classifier:
    """Audio in, emotion out: features and their arithmetic, names of the labels, and how a stream is decided."""

    features: FeatureSpec
    labels: Sequence[str] | None
    arithmetic: str
    fft: str
    stream: StreamSpec

    def label_names(self, outputs: int) -> tuple[str, ...]:
        """Of the model's outputs; those without a name are numbered."""
        return tuple(self.labels or (f"class {index}" for index in range(outputs)))

    def numbers(self) -> StreamNumbers:
        """What the stream's settings mean for these features."""
        return stream_numbers(self.stream, self.features)

    def to_json(self) -> dict[str, Any]:
        """The manifest's entry."""
        return {
            "arithmetic": self.arithmetic,
            "fft": self.fft,
            "stream": {**self.stream.to_json(), **asdict(self.numbers())},
        }


def tensors(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    """Inputs and outputs of a model."""
    graph = model.graph
    return [graph.tensors[i] for i in graph.inputs], [graph.tensors[i] for i in graph.outputs]


def render_application(model: Model, classifier: Classifier | None, banner: str) -> ApplicationFiles:
    """app/ and, with a classifier, features/. Raises DataError for a stream that does not suit the features."""
    result = ApplicationFiles()
    if classifier is not None:
        _add_classifier(result, model, classifier, banner)
    _add_selftest(result, model, banner)
    return result


def _add_classifier(result: ApplicationFiles, model: Model, classifier: Classifier, banner: str) -> None:
    (source,), (output,) = tensors(model)
    labels = classifier.label_names(output.size)
    code = {"arithmetic": classifier.arithmetic, "fft": classifier.fft}
    result.files.update(render_features(classifier.features, source.scale, source.zero_point, banner, **code))
    result.sources.extend(feature_sources(**code))
    for name in _CLASSIFIER_FILES:
        result.files[f"app/{name}"] = template_text(f"app/{name}")
    result.files["app/ser_classifier_settings.h"] = render(
        "app/ser_classifier_settings.h.j2",
        banner=banner,
        stream=classifier.numbers(),
        margin=classifier.stream.margin,
        margin_q16=min(round(classifier.stream.margin / output.scale * 2**16), 2**31 - 1),
        step_q32=round(output.scale * 2**32),
    )
    result.files["app/ser_labels.c"] = render("app/ser_labels.c.j2", banner=banner, labels=labels)
    sound = selftest_sound(classifier.features, source.scale, source.zero_point, classifier.arithmetic)
    result.files.update(render_selftest_sound(classifier.features, sound, banner))
    names = (*_CLASSIFIER_FILES, "ser_labels.c", "ser_selftest_sound.c")
    result.sources.extend(f"app/{name}" for name in names if name.endswith(".c"))


def _add_selftest(result: ApplicationFiles, model: Model, banner: str) -> None:
    inputs, outputs = tensors(model)
    sizes = {"input_bytes": [t.bytes for t in inputs], "output_bytes": [t.bytes for t in outputs]}
    selftest = model.card.selftest if model.card else None
    vectors = [] if selftest is None else [_vector(selftest, **sizes)]
    result.files["app/ser_selftest.h"] = template_text("app/ser_selftest.h")
    result.files["app/ser_selftest.c"] = render("app/ser_selftest.c.j2", banner=banner, vectors=vectors, **sizes)
    result.sources.append("app/ser_selftest.c")


def _vector(selftest: SelfTest, input_bytes: list[int], output_bytes: list[int]) -> dict[str, str]:
    for name, content, sizes in (("input", selftest.input, input_bytes), ("output", selftest.output, output_bytes)):
        if len(content) != sum(sizes):
            raise ModelFormatError(
                f"model card: selftest.{name}: got {len(content)} bytes, allowed is {sum(sizes)}, as the model's "
                f"{name}s have; quantize the model again"
            )
    return {
        "input": c_array(np.frombuffer(selftest.input, dtype=np.int8)),
        "output": c_array(np.frombuffer(selftest.output, dtype=np.int8)),
    }
