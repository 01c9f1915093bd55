"""HRF over whole models: `expand` before training, `merge` (deHRF) after it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import cast

from torch import nn

from codegen.errors import TinySerError
from tinyser.hrf.high_rank import FACTORABLE, HighRank

# With ratio 1 the inverse that `HighRank.factor` takes is of a random square matrix: useless in float32.
MIN_RATIO, MAX_RATIO = 2, 64
FACTORS = (2, 3)


def expand(model: nn.Module, ratio: int = 4, modules: str | Sequence[str] = "ffn", factors: int = 2) -> nn.Module:
    """A copy of `model` with the chosen linear layers and convolutions factored; it computes the same.

    `modules` names groups that the model declares in `HRF_GROUPS` (group -> patterns), or patterns of names
    such as `blocks.*.fc1`; several in a list or separated by commas. A pattern is held against a layer's
    name and the names of the modules it is in, whole or from any dot on: `ffn` is every layer of every
    module of that name. `ratio` is inner width over output width, `factors` how many layers become of one.
    Raises TinySerError for a bad ratio or number of factors, a name that matches no layer, or a model
    expanded already.
    """
    if isinstance(ratio, bool) or not isinstance(ratio, int) or not MIN_RATIO <= ratio <= MAX_RATIO:
        allowed = f"a whole number {MIN_RATIO}..{MAX_RATIO}"
        raise TinySerError(f"HRF: ratio: got {ratio!r}, allowed is {allowed}; 2, 4 or 8 are usual")
    if isinstance(factors, bool) or factors not in FACTORS:
        raise TinySerError(f"HRF: factors: got {factors!r}, allowed are {' and '.join(map(str, FACTORS))}; change it")
    if is_expanded(model):
        raise TinySerError("HRF: the model is expanded already; merge it before expanding it again")
    chosen = _choose(model, split_modules(modules))
    return _replace(copy.deepcopy(model), chosen, lambda layer: HighRank.factor(layer, ratio, factors))


def merge(model: nn.Module) -> nn.Module:
    """deHRF: a copy of `model` with every factored layer merged into the one layer that it came from.

    Class, layer names and state-dict keys are those of the model before `expand`. Without factored layers
    it is a plain copy.
    """
    names = [name for name, module in _named_modules(model) if isinstance(module, HighRank)]
    return _replace(copy.deepcopy(model), names, lambda layer: cast(HighRank, layer).merge())


def is_expanded(model: nn.Module) -> bool:
    """Whether any layer is factored."""
    return any(isinstance(module, HighRank) for module in model.modules())


def split_modules(modules: str | Sequence[str]) -> tuple[str, ...]:
    """`"ffn,attention"` or a list of names, as a tuple. Raises TinySerError for none."""
    parts = modules.split(",") if isinstance(modules, str) else modules
    names = tuple(part.strip() for part in parts if part.strip())
    if not names:
        raise TinySerError("HRF: modules: got none, allowed are group names or patterns such as ffn; name one")
    return names


def _named_modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    # A layer used under two names is listed under both, so that it stays shared.
    return list(model.named_modules(remove_duplicate=False))


def _choose(model: nn.Module, wanted: Sequence[str]) -> list[str]:
    groups: Mapping[str, Sequence[str]] = getattr(model, "HRF_GROUPS", {})
    layers = [name for name, module in _named_modules(model) if type(module) in FACTORABLE]
    chosen: list[str] = []
    for entry in wanted:
        patterns = groups.get(entry, (entry,))
        matched = [name for name in layers if any(_matches(name, pattern) for pattern in patterns)]
        if not matched:
            raise TinySerError(
                f"HRF: modules: {entry!r} matches no linear layer or convolution; allowed are "
                f"{', '.join(groups) or 'no groups'}, or a pattern over {_shown(layers)}"
            )
        chosen += [name for name in matched if name not in chosen]
    return chosen


def _matches(layer: str, pattern: str) -> bool:
    """Whether the layer's name, or that of a module it is in, is the pattern, whole or from a dot on."""
    parts = layer.split(".")
    holders = [".".join(parts[: end + 1]) for end in range(len(parts))]
    return any(fnmatchcase(name, pattern) or fnmatchcase(name, f"*.{pattern}") for name in holders)


def _shown(layers: Sequence[str]) -> str:
    """The layers, repeated blocks as one: `blocks.*.ffn.fc1`."""
    patterns = (".".join("*" if part.isdigit() else part for part in name.split(".")) for name in layers)
    return ", ".join(dict.fromkeys(patterns)) or "no layers"


def _replace(model: nn.Module, names: Sequence[str], new_layer: Callable[[nn.Module], nn.Module]) -> nn.Module:
    """Puts `new_layer(old)` in place of each named layer of `model`; the root itself may be named."""
    made: dict[int, nn.Module] = {}
    for name in names:
        old = model.get_submodule(name)
        if id(old) not in made:
            made[id(old)] = new_layer(old)
        if not name:
            return made[id(old)]
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, made[id(old)])
    return model
