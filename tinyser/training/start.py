"""Transfer: a run that starts from the weights of a model trained before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from codegen.errors import TinySerError
from codegen.feature_spec import FeatureSpec
from tinyser.hrf import merge
from tinyser.models.checkpoint import Checkpoint, load_checkpoint
from tinyser.training.settings import TrainSettings

_HEAD = "head."


def start_from(path: Path, model: nn.Module, settings: TrainSettings, labels: tuple[str, ...]) -> None:
    """Puts the weights of a checkpoint, merged first if it has HRF, into `model`, which has none.

    Its last layer is kept if it has the same `labels`, and is new otherwise. Raises ModelFormatError for a file that is
    no checkpoint, TinySerError for a model of another kind or size, one that knows other features, or one whose
    training speakers may be among those tested now.
    """
    checkpoint = load_checkpoint(path)
    _need_same_kind(path, checkpoint, settings)
    _need_unseen_test(path, checkpoint, settings)
    taken = dict(merge(checkpoint.build()).state_dict())
    own = model.state_dict()
    if checkpoint.card.labels != labels:
        taken |= {name: weights for name, weights in own.items() if name.startswith(_HEAD)}
    there, here = _shapes(taken), _shapes(own)
    for name in {**here, **there}:
        if there.get(name) != here.get(name):
            raise TinySerError(
                f"{path}: {name}: its shape is {there.get(name, 'none')}, allowed is {here.get(name, 'none')}; give "
                "the preset it has, or start from another model"
            )
    model.load_state_dict(taken)


def _shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weights.shape) for name, weights in state.items()}


def _need_same_kind(path: Path, checkpoint: Checkpoint, settings: TrainSettings) -> None:
    if checkpoint.model_name != settings.model:
        raise TinySerError(
            f"{path}: is a {checkpoint.model_name}, allowed is {settings.model}; give --model "
            f"{checkpoint.model_name}, or start from another model"
        )
    known = checkpoint.card.features
    if known is None:
        raise TinySerError(f"{path}: does not say which features it knows; start from a model that train wrote")
    there, here = _features(known), _features(settings.spec())
    for name, value in here.items():
        if there[name] != value:
            raise TinySerError(
                f"{path}: its features' {name} is {there[name]!r}, here {value!r}; train with the features it knows, "
                "or start from another model"
            )


def _features(spec: FeatureSpec) -> dict[str, object]:
    """What weights were trained for: all but how often is decided; means and deviations are of a corpus."""
    return {name: value for name, value in spec.settings().items() if name != "stride_frames"}


def _need_unseen_test(path: Path, checkpoint: Checkpoint, settings: TrainSettings) -> None:
    """Another fold of the same corpus was trained on this fold's test speakers; of two folders nothing is known."""
    corpus, fold = checkpoint.training.get("corpus"), checkpoint.training.get("fold")
    if corpus == settings.corpus != "folder" and fold != settings.fold:
        raise TinySerError(
            f"{path}: was trained on fold {fold} of {corpus}, and so on speakers that fold {settings.fold} tests; "
            f"start from a model of another corpus, or of fold {settings.fold}"
        )
