"""Flavour `arduino`: a library to the Arduino library specification, with a sketch for the board's PDM microphone.

Source: Arduino library specification 1.5 rev. 2.2 and Arduino sketch build process (arduino-cli documentation); PDM
library of the Arduino Mbed OS core; tflite-micro-arduino-examples, library `Arduino_TensorFlowLite` 2.4.0-ALPHA.
"""

from __future__ import annotations

from codegen.banner import tool_version
from codegen.errors import UnsupportedOperatorError
from codegen.flavours.library import Library, library, lit_by_sketch
from codegen.flavours.parts import Layout, Parts
from codegen.project_names import printable
from codegen.render import render

# What TensorFlow Lite Micro runs, but not its library for Arduino.
LACKING_IN_TFLM = ("BATCH_MATMUL",)
KEYWORDS = {
    "KEYWORD1": ("ser_status_t", "ser_classifier_mode_t", "ser_selftest_result_t", "ser_selftest_sound_t"),
    "KEYWORD2": (
        "ser_model_init", "ser_model_reset", "ser_model_input", "ser_model_invoke", "ser_model_output",
        "ser_model_arena_used", "ser_selftest_run", "ser_selftest_sound_run", "ser_classifier_reset",
        "ser_classifier_push", "ser_classifier_finish", "ser_classifier_decision", "ser_classifier_posteriors",
        "ser_classifier_label",
    ),
    "LITERAL1": ("SER_OK", "SER_CLIP", "SER_STREAM", "SER_CLASSIFIER_SILENCE", "SER_CLASSIFIER_LABEL_COUNT"),
}  # fmt: skip


def arduino(parts: Parts) -> Layout:
    """`library.properties`, `keywords.txt`, `src/`, and an example: the microphone, or without features the self-test.

    Raises DataError for an FFT of somebody else's, and UnsupportedOperatorError for an operator that TensorFlow Lite
    Micro has, but not as a library for Arduino.
    """
    lacking = [name for name in LACKING_IN_TFLM if name in parts.model.operators]
    if parts.runtime == "tflm" and lacking:
        raise UnsupportedOperatorError(
            f"model {parts.model.name}: operator {lacking[0]} is not in Arduino_TensorFlowLite, the library that "
            "runtime tflm is for; use --runtime direct"
        )
    made = library(parts)
    example = "Microphone" if parts.has_classifier else "SelfTest"
    context = {
        "target": parts.target,
        "header": made.header,
        "runtime": parts.runtime,
        "version": tool_version(),
        "model": printable(parts.model.name),
        "keywords": KEYWORDS,
        "classifier": parts.has_classifier,
    }
    metadata = {
        "library.properties": render("project/arduino/library.properties.j2", **context),
        "keywords.txt": render("project/arduino/keywords.txt.j2", **context),
        f"examples/{example}/{example}.ino": render_sketch(parts, made),
    }
    return Layout(
        files={**made.files, **metadata},
        portable_sources=made.sources,
        include_dirs=made.include_dirs,
        shown_on=lit_by_sketch(parts),
    )


def render_sketch(parts: Parts, made: Library) -> str:
    """The example: C++ for the Arduino core."""
    return render(
        "project/arduino/example.ino.j2",
        banner=parts.banner,
        header=made.header,
        runtime=parts.runtime,
        classifier=parts.has_classifier,
        leds=lit_by_sketch(parts),
    )
