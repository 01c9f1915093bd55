"""`FeatureSpec`: the one definition of the log-mel features, for the NumPy reference and the generated C."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from codegen.atomic import new_file
from codegen.errors import FeatureSpecError

VERSION = 1


def _integer(low: int, high: int) -> tuple[Callable[[Any], bool], str]:
    return (
        lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high,
        f"a whole number {low}..{high}",
    )


def _number(test: Callable[[float], bool], allowed: str) -> tuple[Callable[[Any], bool], str]:
    def check(value: Any) -> bool:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and math.isfinite(value) and test(float(value))

    return check, allowed


def _choice(*values: Any) -> tuple[Callable[[Any], bool], str]:
    return lambda v: any(type(v) is type(a) and v == a for a in values), " or ".join(map(repr, values))


_FFT_SIZES = tuple(2**k for k in range(6, 13))

# What each field may hold by itself; rules between fields are in FeatureSpec._check_relations.
_FIELD_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "version": _choice(VERSION),
    "sample_rate_hz": _choice(16000),
    "window": _choice("hann", "hamming"),
    "window_length": _integer(16, _FFT_SIZES[-1]),
    "hop_length": _integer(1, _FFT_SIZES[-1]),
    "fft_size": _choice(*_FFT_SIZES),
    "mel_scale": _choice("htk", "slaney"),
    "mel_bins": _integer(1, 256),
    "low_hz": _number(lambda v: v >= 0, "a number of at least 0"),
    "high_hz": _number(lambda v: v > 0, "a number above 0"),
    "log_floor": _number(lambda v: 1e-20 <= v <= 1, "a number 1e-20..1"),
    "context_frames": _integer(1, 10000),
    "stride_frames": _integer(1, 10000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """Log-mel features: framing in samples, mel filterbank, normalisation, and the model's context in frames.

    Frame `i` covers samples `i*hop_length .. i*hop_length + window_length` (not centred). A normalised
    feature is `(ln(mel power + log_floor) - mean) / std` per mel bin, of samples scaled to -1..1. Raises
    FeatureSpecError, naming the field, what it holds and what is allowed.
    """

    version: int = VERSION
    sample_rate_hz: int = 16000
    window: str = "hann"
    window_length: int = 400
    hop_length: int = 160
    fft_size: int = 512
    mel_scale: str = "htk"
    mel_bins: int = 40
    low_hz: float = 20.0
    high_hz: float = 8000.0
    log_floor: float = 1e-6
    mean: tuple[float, ...]
    std: tuple[float, ...]
    context_frames: int
    stride_frames: int

    def __post_init__(self) -> None:
        for name, (test, allowed) in _FIELD_RULES.items():
            value = getattr(self, name)
            if not test(value):
                raise _error(name, value, allowed)
        for name in ("low_hz", "high_hz", "log_floor"):
            object.__setattr__(self, name, float(getattr(self, name)))
        self._check_statistics()
        self._check_relations()

    def _check_statistics(self) -> None:
        for name, test, allowed in (
            ("mean", lambda v: True, "finite numbers"),
            ("std", lambda v: v > 0, "finite numbers above 0"),
        ):
            values = getattr(self, name)
            valid, _ = _number(test, allowed)
            if not isinstance(values, tuple | list) or len(values) != self.mel_bins:
                got = f"{len(values)} values" if isinstance(values, tuple | list) else values
                raise _error(name, got, f"{self.mel_bins} numbers, one per mel bin")
            for bin_index, value in enumerate(values):
                if not valid(value):
                    raise _error(f"{name}[{bin_index}]", value, allowed)
            object.__setattr__(self, name, tuple(float(v) for v in values))

    def _check_relations(self) -> None:
        nyquist = self.sample_rate_hz / 2
        if self.window_length > self.fft_size:
            raise _error("window_length", self.window_length, f"at most fft_size, {self.fft_size}")
        if self.hop_length > self.window_length:
            raise _error("hop_length", self.hop_length, f"at most window_length, {self.window_length}")
        if self.high_hz > nyquist:
            raise _error("high_hz", self.high_hz, f"at most half the sample rate, {nyquist:g}")
        if self.low_hz >= self.high_hz:
            raise _error("low_hz", self.low_hz, f"below high_hz, {self.high_hz:g}")
        if self.stride_frames > self.context_frames:
            allowed = f"at most context_frames, {self.context_frames}"
            raise _error("stride_frames", self.stride_frames, allowed)

    @classmethod
    def unnormalised(cls, *, mel_bins: int = 40, **settings: Any) -> FeatureSpec:
        """A spec with mean 0 and std 1: what is measured before the corpus statistics are known."""
        return cls(mel_bins=mel_bins, mean=(0.0,) * mel_bins, std=(1.0,) * mel_bins, **settings)

    def frame_count(self, samples: int) -> int:
        """Frames of a clip of `samples` samples; 0 when it is shorter than one window."""
        return 0 if samples < self.window_length else 1 + (samples - self.window_length) // self.hop_length

    def to_json(self) -> dict[str, Any]:
        """A JSON object with one entry per field."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_json(cls, data: object) -> FeatureSpec:
        """The inverse of `to_json`. Raises FeatureSpecError for missing, unknown or invalid fields."""
        if not isinstance(data, Mapping):
            raise FeatureSpecError(f"feature spec: got {type(data).__name__}, allowed is a JSON object")
        names = [field.name for field in fields(cls)]
        for name in names:
            if name not in data:
                raise _error(name, "nothing", _FIELD_RULES.get(name, (None, "a list of numbers"))[1])
        unknown = sorted(str(key) for key in data if key not in names)
        if unknown:
            allowed = ", ".join(names)
            raise FeatureSpecError(f"feature spec: unknown field {unknown[0]!r}; allowed are {allowed}")
        return cls(**data)

    def dumps(self) -> str:
        """Canonical JSON text: sorted keys, no spaces; equal specs give equal text."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON text."""
        return hashlib.sha256(self.dumps().encode()).hexdigest()

    def save(self, path: str | Path) -> None:
        """Writes `features.json`, whole or not at all."""
        with new_file(path) as partial:
            partial.write_text(json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> FeatureSpec:
        """Reads `features.json`. Raises FeatureSpecError when it is unreadable, not JSON or invalid."""
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            message = f"{path}: cannot read it ({error.strerror}); give a features.json"
            raise FeatureSpecError(message) from error
        except ValueError as error:
            message = f"{path}: not JSON ({error}); give a features.json as quantize writes it"
            raise FeatureSpecError(message) from error
        try:
            return cls.from_json(data)
        except FeatureSpecError as error:
            raise FeatureSpecError(f"{path}: {error}") from error


def _error(name: str, got: object, allowed: str) -> FeatureSpecError:
    shown = got if isinstance(got, str) and " " in got else repr(got)
    if got == "nothing":
        shown = "nothing"
    return FeatureSpecError(f"feature spec: {name}: got {shown}, allowed is {allowed}; mend that field")
