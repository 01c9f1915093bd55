"""`FeatureSpec`: the one definition of the audio features, for training, the NumPy reference and the generated C."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from codegen.atomic import new_file
from codegen.errors import FeatureSpecError
from codegen.untrusted import is_number, parse_json

VERSION = 2
LARGEST_STATISTIC = 1e6  # of a feature: float32 squares it, and no sound has one near


def _integer(low: int, high: int) -> tuple[Callable[[Any], bool], str]:
    return (
        lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high,
        f"a whole number {low}..{high}",
    )


def _number(test: Callable[[float], bool], allowed: str) -> tuple[Callable[[Any], bool], str]:
    def check(value: Any) -> bool:
        return is_number(value) and test(float(value))

    return check, allowed


def _choice(*values: Any) -> tuple[Callable[[Any], bool], str]:
    return lambda v: any(type(v) is type(a) and v == a for a in values), " or ".join(map(repr, values))


def _between(low: float, high: float) -> tuple[Callable[[Any], bool], str]:
    return _number(lambda v: low <= v <= high, f"a number {low:g}..{high:g}")


_FFT_SIZES = tuple(2**k for k in range(6, 13))

# What each field may hold by itself; rules between fields are in FeatureSpec._check_relations.
_FIELD_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "version": _choice(VERSION),
    "sample_rate_hz": _integer(8000, 48000),
    "dc_removal": _choice(False, True),
    "pre_emphasis": _between(0, 1),
    "window": _choice("hann", "hamming"),
    "window_length": _integer(16, _FFT_SIZES[-1]),
    "hop_length": _integer(1, _FFT_SIZES[-1]),
    "fft_size": _choice(*_FFT_SIZES),
    "mel_scale": _choice("htk", "slaney"),
    "mel_norm": _choice("none", "slaney"),
    "mel_bins": _integer(1, 256),
    "low_hz": _number(lambda v: v >= 0, "a number of at least 0"),
    "high_hz": _number(lambda v: v > 0, "a number above 0"),
    "compression": _choice("log", "pcen"),
    "log_floor": _between(1e-20, 1),
    "pcen_gain": _between(0, 1),
    "pcen_bias": _between(0.01, 100),
    "pcen_power": _between(0.05, 1),
    "pcen_seconds": _between(0.01, 10),
    "pcen_floor": _between(1e-12, 1),
    "mfcc": _integer(0, 256),
    "lifter": _integer(0, 1000),
    "deltas": _integer(0, 2),
    "normalisation": _choice("corpus", "running", "utterance"),
    "running_seconds": _between(0.1, 1000),
    "context_frames": _integer(1, 10000),
    "stride_frames": _integer(1, 10000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """Log-mel features or MFCCs: framing in samples, filterbank, compression, normalisation, the model's context.

    Frame `i` covers samples `i*hop_length .. i*hop_length + window_length` (not centred), scaled to -1..1. The
    formulas are in docs/features.md, in the order of the fields. `mean` and `std` are the corpus' statistics,
    one per feature. Raises FeatureSpecError, naming the field, what it holds and what is allowed.
    """

    version: int = VERSION
    sample_rate_hz: int = 16000
    dc_removal: bool = False
    pre_emphasis: float = 0.0
    window: str = "hann"
    window_length: int = 400
    hop_length: int = 160
    fft_size: int = 512
    mel_scale: str = "htk"
    mel_norm: str = "none"
    mel_bins: int = 40
    low_hz: float = 20.0
    high_hz: float = 8000.0
    compression: str = "log"
    log_floor: float = 1e-6
    pcen_gain: float = 0.98
    pcen_bias: float = 2.0
    pcen_power: float = 0.5
    pcen_seconds: float = 0.4
    pcen_floor: float = 1e-6
    mfcc: int = 0
    lifter: int = 0
    deltas: int = 0
    normalisation: str = "corpus"
    running_seconds: float = 3.0
    mean: tuple[float, ...]
    std: tuple[float, ...]
    context_frames: int
    stride_frames: int

    def __post_init__(self) -> None:
        for name in _FIELD_RULES:
            _check_field(name, getattr(self, name))
        for field in fields(self):
            if field.type == "float":
                object.__setattr__(self, field.name, _plain(getattr(self, field.name)))
        self._check_relations()
        self._check_statistics()

    def _check_statistics(self) -> None:
        for name, test, allowed in (
            ("mean", lambda v: abs(v) <= LARGEST_STATISTIC, f"finite numbers of at most {LARGEST_STATISTIC:g}"),
            (
                "std",
                lambda v: 1 / LARGEST_STATISTIC <= v <= LARGEST_STATISTIC,
                f"finite numbers above 0, {1 / LARGEST_STATISTIC:g}..{LARGEST_STATISTIC:g}",
            ),
        ):
            values = getattr(self, name)
            valid, _ = _number(test, allowed)
            if not isinstance(values, tuple | list) or len(values) != self.features:
                got = f"{len(values)} values" if isinstance(values, tuple | list) else values
                raise _error(name, got, f"{self.features} numbers, one per feature")
            for index, value in enumerate(values):
                if not valid(value):
                    raise _error(f"{name}[{index}]", value, allowed)
            object.__setattr__(self, name, tuple(_plain(v) for v in values))

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
        if self.compression == "pcen" and self.log_floor > self.pcen_floor:
            # Features are kept as log-mel: a larger log_floor would hide what PCEN tells apart.
            raise _error("log_floor", self.log_floor, f"at most pcen_floor, {self.pcen_floor:g}")
        if self.mfcc > self.mel_bins:
            raise _error("mfcc", self.mfcc, f"at most mel_bins, {self.mel_bins}")
        if self.lifter and not self.mfcc:
            raise _error("lifter", self.lifter, "0 where mfcc is 0")
        if self.stride_frames > self.context_frames:
            allowed = f"at most context_frames, {self.context_frames}"
            raise _error("stride_frames", self.stride_frames, allowed)

    @classmethod
    def unnormalised(cls, **settings: Any) -> FeatureSpec:
        """A spec with mean 0 and std 1: what is measured before the corpus statistics are known.

        `settings` are fields but `mean` and `std`; what is missing has its default.
        """
        known = {field.name: field.default for field in fields(cls)}
        for name in settings:
            if name in ("mean", "std"):
                raise _error(name, "a value", "none before training, which measures it", "remove it")
            if name not in known:
                allowed = ", ".join(settable for settable in known if settable not in ("mean", "std"))
                raise _error(name, "an unknown field", allowed, "remove it")
        given = {**known, **settings}
        for name in _FIELD_RULES:
            _check_field(name, "nothing" if given[name] is MISSING else given[name])
        features = (given["mfcc"] or given["mel_bins"]) * (1 + given["deltas"])
        return cls(mean=(0.0,) * features, std=(1.0,) * features, **settings)

    @property
    def features(self) -> int:
        """Values per frame, the last axis of the model's input."""
        return (self.mfcc or self.mel_bins) * (1 + self.deltas)

    def frame_count(self, samples: int) -> int:
        """Frames of a clip of `samples` samples; 0 when it is shorter than one window."""
        return 0 if samples < self.window_length else 1 + (samples - self.window_length) // self.hop_length

    def settings(self) -> dict[str, Any]:
        """All fields but `mean` and `std`: what `unnormalised` takes."""
        return {name: value for name, value in asdict(self).items() if name not in ("mean", "std")}

    def to_json(self) -> dict[str, Any]:
        """A JSON object with one entry per field."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_json(cls, data: object) -> FeatureSpec:
        """The inverse of `to_json`. Raises FeatureSpecError for missing, unknown or invalid fields."""
        if not isinstance(data, Mapping):
            raise FeatureSpecError(f"feature spec: got {type(data).__name__}, allowed is a JSON object")
        _check_field("version", data.get("version", "nothing"))
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

    def digest_words(self) -> tuple[int, ...]:
        """The digest as eight 32-bit numbers, which a C preprocessor can compare."""
        digest = self.digest()
        return tuple(int(digest[i : i + 8], 16) for i in range(0, len(digest), 8))

    def save(self, path: str | Path) -> None:
        """Writes `features.json`, whole or not at all."""
        with new_file(path) as partial:
            partial.write_text(json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> FeatureSpec:
        """Reads `features.json`. Raises FeatureSpecError when it is unreadable, not JSON or invalid."""
        data = _read_json(path)
        try:
            return cls.from_json(data)
        except FeatureSpecError as error:
            raise FeatureSpecError(f"{path}: {error}") from error


def read_settings(path: str | Path) -> dict[str, Any]:
    """A JSON file with some fields of a spec, for training. Raises FeatureSpecError for no JSON object."""
    data = _read_json(path)
    if not isinstance(data, dict):
        raise FeatureSpecError(f"{path}: feature spec: got {type(data).__name__}, allowed is a JSON object; mend it")
    return data


def _read_json(path: str | Path) -> object:
    try:
        return parse_json(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise FeatureSpecError(f"{path}: cannot read it ({error.strerror}); give a features.json") from error
    except ValueError as error:
        message = f"{path}: not JSON ({error}); give a features.json as quantize writes it"
        raise FeatureSpecError(message) from error


def _plain(value: Any) -> float:
    """The number, and 0.0 for -0.0: equal specs have equal text."""
    return float(value) + 0.0


def _check_field(name: str, value: Any) -> None:
    test, allowed = _FIELD_RULES[name]
    if not test(value):
        raise _error(name, value, allowed)


def _error(name: str, got: object, allowed: str, advice: str = "mend that field") -> FeatureSpecError:
    shown = got if isinstance(got, str) and (" " in got or got == "nothing") else repr(got)
    if name == "version":
        advice = "train or quantize the model again"
    return FeatureSpecError(f"feature spec: {name}: got {shown}, allowed is {allowed}; {advice}")
