"""What a training run depends on; the same settings on the same recordings give the same model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from codegen.errors import TinySerError
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import running_alike_frames

OPTIMIZERS = ("adamw", "sgd")
# Where and how a run happens, not what comes out of it.
PLACES = ("output", "data", "start", "device", "devices", "threads", "tensorboard")

# Settings of their own for what is tried most often, and what neither they nor `features` say.
_SIZES = {"mel_bins": 40, "context_frames": 200, "stride_frames": 50}

_WHOLE = {
    "fold": (0, 10_000),
    "epochs": (1, 100_000),
    "patience": (0, 100_000),
    "batch_size": (1, 4096),
    "seed": (0, 2**32 - 1),
    "hrf_ratio": (0, 64),
    "hrf_factors": (2, 3),
    "calibration_windows": (1, 10_000),
    "devices": (1, 1024),
    "threads": (1, 256),
}
_REAL = {
    "learning_rate": (1e-7, 1.0),
    "weight_decay": (0.0, 10.0),
    "label_smoothing": (0.0, 0.9),
    "gain_db": (0.0, 40.0),
    "tilt_db": (0.0, 40.0),
    "masked": (0.0, 0.9),
    "tempo": (0.0, 0.5),
    "warp": (0.0, 0.5),
    "mixup": (0.0, 10.0),
    "hrf_learning_rate": (1e-7, 1.0),
    "rounding_noise": (0.0, 64.0),
    "unfamiliar": (0.0, 1.0),
}
# Where nothing is given, these follow another setting, or do nothing.
_OPTIONAL = ("hrf_learning_rate", "rounding_noise", "unfamiliar")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """Settings of `train`. Raises TinySerError, naming the setting, what it holds and what is allowed.

    `hrf_ratio` 0 trains without HRF. `patience`: epochs without a better validation result before stopping, 0
    never. `validate` False trains on the validation speakers too, all epochs, and takes the last one's weights.
    `batch_size`: clips a step, of all processes together. `weight_decay`: of matrices and kernels, not of
    biases, norms and positions. `hrf_learning_rate`: peak rate of HRF's factors, None: that of all else.
    `gain_db`, `tilt_db`: spread of the random level and spectral slope; `masked`: largest share
    of frames, and of mel bins, that SpecAugment blanks; `tempo`, `warp`: largest change, as a
    share, of a clip's speed and of its mel axis (vocal tract length perturbation); `mixup`: alpha of the Beta
    distribution of mixup, 0 does not mix; `rounding_noise`: width of noise behind every layer, in int8 steps, None or
    0: none; `unfamiliar`: share of clips that are heard as if their voice were known in part only, None or 0: none.
    `devices`: processes that share every batch, each on its own device.
    `features`: fields of a FeatureSpec but `mean` and `std`; `mel_bins`, `context_frames` and `stride_frames` may
    also be given on their own. `threads`: models this small gain little from a second core, and lose much when
    something else wants it. `start`: checkpoint whose weights training starts from; `start_sha256`, which is not given
    but found, says which it was.
    """

    corpus: str
    output: Path
    data: Path | None = None
    model: str = "convtransformer"
    preset: str = "default"
    hrf_ratio: int = 4
    hrf_modules: tuple[str, ...] = ("ffn",)
    hrf_factors: int = 2
    fold: int = 0
    epochs: int = 60
    patience: int = 0
    validate: bool = True
    seed: int = 0
    batch_size: int = 32
    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    hrf_learning_rate: float | None = None
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    gain_db: float = 3.0
    tilt_db: float = 3.0
    masked: float = 0.2
    tempo: float = 0.15
    warp: float = 0.1
    mixup: float = 0.0
    rounding_noise: float | None = None
    unfamiliar: float | None = None
    features: Mapping[str, Any] = field(default_factory=dict)
    mel_bins: int | None = None
    context_frames: int | None = None
    stride_frames: int | None = None
    calibration_windows: int = 200
    start: Path | None = None
    start_sha256: str | None = field(default=None, init=False)
    device: str = "auto"
    devices: int = 1
    threads: int = 1
    tensorboard: bool = False

    def __post_init__(self) -> None:
        for table, kinds in ((_WHOLE, (int,)), (_REAL, (int, float))):
            for name, (low, high) in table.items():
                value = getattr(self, name)
                if value is None and name in _OPTIONAL:
                    continue
                if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
                    raise TinySerError(f"training: {name}: got {value!r}, allowed is {low}..{high}; change it")
        if self.optimizer not in OPTIMIZERS:
            allowed = ", ".join(OPTIMIZERS)
            raise TinySerError(f"training: optimizer: got {self.optimizer!r}, allowed are {allowed}; change it")
        if not isinstance(self.validate, bool):
            raise TinySerError(f"training: validate: got {self.validate!r}, allowed are true and false; change it")
        if self.patience and not self.validate:
            raise TinySerError(
                f"training: patience: got {self.patience} without validation speakers, allowed is 0; validate, "
                "or train all epochs"
            )
        spec = self.spec()
        if self.unfamiliar and not running_alike_frames(spec):
            raise TinySerError(
                f"training: unfamiliar: got {self.unfamiliar} with features that get used to no voice, allowed is 0; "
                'leave it out, or set normalisation "running" with running_seconds above 10 among the features'
            )
        if self.start is not None:
            object.__setattr__(self, "start_sha256", _sha256(self.start))

    def spec(self) -> FeatureSpec:
        """The features without their statistics. Raises FeatureSpecError, and TinySerError for a contradiction."""
        if not isinstance(self.features, Mapping):
            raise TinySerError(
                f"training: features: got {self.features!r}, allowed are fields of a feature spec; change it"
            )
        own = {name: value for name in _SIZES if (value := getattr(self, name)) is not None}
        for name, value in own.items():
            if self.features.get(name, value) != value:
                raise TinySerError(
                    f"training: {name}: got {value!r}, but the features say {self.features[name]!r}; "
                    "leave one of them out"
                )
        return FeatureSpec.unnormalised(**{**_SIZES, **self.features, **own})

    def identity(self) -> dict[str, Any]:
        """What decides the result, as plain values: all but PLACES; every field of the features is among it."""
        content = {name: getattr(self, name) for name in DECISIVE}
        if self.hrf_ratio == 0:
            content["hrf_learning_rate"] = None  # there are no factors
        for name in ("rounding_noise", "unfamiliar"):
            content[name] = content[name] or None
        return {**content, "features": self.spec().settings(), "hrf_modules": list(self.hrf_modules)}


def _sha256(start: object) -> str:
    if not isinstance(start, Path):
        raise TinySerError(f"training: start: got {start!r}, allowed is the path of a checkpoint; change it")
    try:
        return hashlib.sha256(start.read_bytes()).hexdigest()
    except OSError as error:
        raise TinySerError(
            f"training: start: {start} cannot be read ({error.strerror}); give a .pt that train or merge wrote"
        ) from error


# The keys of `identity`; the sizes are in its features.
DECISIVE = tuple(entry.name for entry in fields(TrainSettings) if entry.name not in (*PLACES, *_SIZES))
