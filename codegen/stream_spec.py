"""`StreamSpec`: how a stream of posteriors becomes decisions; and what that costs in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.untrusted import is_number, parse_json

FULL_SCALE = 32768  # of a 16-bit sample
WEIGHT_ONE = 1 << 15  # the weight 1 in the firmware


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# What each field may hold; a stride longer than the context is refused where the features are known.
_FIELD_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "stride_frames": (
        lambda v: v is None or (_whole(v) and 1 <= v <= 10000),
        "a whole number 1..10000, or null for the features' stride_frames",
    ),
    "smoothing_seconds": (lambda v: is_number(v) and 0 <= v <= 60, "a number 0..60"),
    "margin": (lambda v: is_number(v) and 0 <= v <= 0.9, "a number 0..0.9"),
    "hold_inferences": (lambda v: _whole(v) and 1 <= v <= 1000, "a whole number 1..1000"),
    "gate_dbfs": (
        lambda v: v is None or (is_number(v) and -90 <= v <= 0),
        "a number -90..0, or null for no gate",
    ),
    "gate_seconds": (lambda v: is_number(v) and 0 < v <= 60, "a number above 0, at most 60"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpec:
    """How a stream is decided. Raises DataError, naming the field, what it holds and what is allowed.

    `stride_frames`: frames from one inference to the next; None: as the features say. `smoothing_seconds`: time
    constant of the exponential mean of the posteriors; 0: none. `margin`: the lead in smoothed posterior that a new
    label needs over the one in force, in `hold_inferences` inferences in a row. `gate_dbfs`: a frame whose root mean
    square is below is quiet (0 is a full-scale square wave); after `gate_seconds` of quiet frames the decision is
    silence and no inference runs; None: no gate.
    """

    stride_frames: int | None = None
    smoothing_seconds: float = 0.5
    margin: float = 0.1
    hold_inferences: int = 2
    gate_dbfs: float | None = -60.0
    gate_seconds: float = 0.5

    def __post_init__(self) -> None:
        for name, (test, allowed) in _FIELD_RULES.items():
            value = getattr(self, name)
            if not test(value):
                raise DataError(f"stream spec: {name}: got {value!r}, allowed is {allowed}; mend that field")

    def to_json(self) -> dict[str, Any]:
        """A JSON object with one entry per field."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> StreamSpec:
        """The inverse of `to_json`; a missing field has its default. Raises DataError for unknown or invalid ones."""
        if not isinstance(data, Mapping):
            raise DataError(
                f"stream spec: got {type(data).__name__}, allowed is a JSON object; write one, such as {{}}"
            )
        names = [field.name for field in fields(cls)]
        unknown = sorted(str(key) for key in data if key not in names)
        if unknown:
            raise DataError(f"stream spec: unknown field {unknown[0]!r}; allowed are {', '.join(names)}")
        return cls(**data)

    @classmethod
    def load(cls, path: str | Path) -> StreamSpec:
        """Reads a JSON file. Raises DataError when it is unreadable, not JSON or invalid."""
        try:
            data = parse_json(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise DataError(
                f"{path}: cannot be read ({error.strerror}); give a JSON file of stream settings"
            ) from error
        except ValueError as error:
            raise DataError(f"{path}: not JSON ({error}); give a JSON object of stream settings") from error
        try:
            return cls.from_json(data)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error

    def for_features(self, features: FeatureSpec) -> StreamSpec:
        """With the stride that the features give where there is none. Raises DataError for one above the context."""
        stride = self.stride_frames or features.stride_frames
        if stride > features.context_frames:
            raise DataError(
                f"stream spec: stride_frames: got {stride}, allowed is at most the features' context_frames, "
                f"{features.context_frames}, so that no sound goes unheard; mend that field"
            )
        return replace(self, stride_frames=stride)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamNumbers:
    """The integers that the firmware computes with, and the latency that follows from them, in ms of sound.

    `weight_q15` is the newest posterior's share of the smoothed one, `gate_power` a mean square, 0 for no gate. The
    latency is from one inference to the next (period), from the start to the first decision, from one emotion to
    another, at most and for a model that is sure of both (change), and from the last sound to silence, at most. The
    time that an inference takes comes on top.
    """

    stride_frames: int
    weight_q15: int
    hold_inferences: int
    gate_power: int
    gate_frames: int
    period_ms: int
    first_ms: int
    change_ms: int
    silence_ms: int | None


def stream_numbers(stream: StreamSpec, features: FeatureSpec) -> StreamNumbers:
    """What a StreamSpec means for these features. Raises DataError as `StreamSpec.for_features`."""
    stride = stream.for_features(features).stride_frames
    assert stride is not None
    hop, hold, rate = features.hop_length, stream.hold_inferences, features.sample_rate_hz
    weight = _weight(stride * hop / rate, stream.smoothing_seconds)
    gate_frames = math.ceil(stream.gate_seconds * rate / hop)

    def milliseconds(frames: int, samples: int = 0) -> int:
        return -(-1000 * (frames * hop + samples) // rate)

    # The first inference on nothing but the new comes at most a context and a stride after a change; it counts.
    change_frames = features.context_frames + stride * (_inferences_to_lead(weight, stream.margin) + hold - 1)
    return StreamNumbers(
        stride_frames=stride,
        weight_q15=weight,
        hold_inferences=hold,
        gate_power=0 if stream.gate_dbfs is None else round(FULL_SCALE**2 * 10 ** (stream.gate_dbfs / 10)),
        gate_frames=gate_frames,
        period_ms=milliseconds(stride),
        first_ms=milliseconds(stride * hold - 1, features.window_length),
        change_ms=milliseconds(change_frames - 1, features.window_length),
        silence_ms=None if stream.gate_dbfs is None else milliseconds(gate_frames + 1),
    )


def _weight(period_seconds: float, time_constant_seconds: float) -> int:
    """The share of the newest value in an exponential mean, 1..WEIGHT_ONE."""
    if time_constant_seconds == 0:
        return WEIGHT_ONE
    return max(1, round(-math.expm1(-period_seconds / time_constant_seconds) * WEIGHT_ONE))


def _inferences_to_lead(weight: int, margin: float) -> int:
    """How many posteriors of 1 lift a label from 0 to `margin` above one that falls from 1 to 0.

    After n of them the share of the old is (1 - weight)^n, and the lead 1 - 2 (1 - weight)^n.
    """
    if weight == WEIGHT_ONE:
        return 1
    return max(1, math.ceil(math.log((1 - margin) / 2) / math.log1p(-weight / WEIGHT_ONE)))
