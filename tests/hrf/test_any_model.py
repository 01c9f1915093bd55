"""HRF on models that know nothing of it: chosen by patterns of names, merged back to the same class and keys."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from codegen.errors import TinySerError
from tests.hrf.test_merge import shaken
from tinyser.hrf import HighRank, expand, merge, prove_equal


class Recogniser(nn.Module):
    """A user's own model: a convolution, PyTorch's encoder, and an FFN in a Sequential."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(8, 16, 5, padding=2)
        layer = nn.TransformerEncoderLayer(16, 2, 24, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.ffn = nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.ffn(self.encoder(self.stem(x.transpose(1, 2)).transpose(1, 2)).mean(dim=1))


def recogniser() -> Recogniser:
    torch.manual_seed(0)
    return Recogniser()


def factored(model: nn.Module) -> list[str]:
    return [name for name, module in model.named_modules() if isinstance(module, HighRank)]


@pytest.mark.parametrize(
    ("modules", "names"),
    [
        ("ffn", ["ffn.0", "ffn.2"]),
        ("ffn.0", ["ffn.0"]),
        ("linear1", ["encoder.layers.0.linear1", "encoder.layers.1.linear1"]),
        ("encoder.layers.1.linear*", ["encoder.layers.1.linear1", "encoder.layers.1.linear2"]),
        (["stem", "layers.0"], ["stem", "encoder.layers.0.linear1", "encoder.layers.0.linear2"]),
    ],
)
@pytest.mark.parametrize("factors", [2, 3])
def test_chosen_by_pattern(modules: str | list[str], names: list[str], factors: int) -> None:
    model, x = recogniser(), torch.randn(6, 20, 8)
    expanded = expand(model, 2, modules, factors)
    assert sorted(factored(expanded)) == sorted(names)
    prove_equal(model, expanded, x)
    trained = shaken(expanded, by=0.1)
    merged = merge(trained)
    assert type(merged) is Recogniser
    recogniser().load_state_dict(merged.state_dict())
    prove_equal(trained, merged, x)


def test_a_layer_alone() -> None:
    layer = nn.Linear(4, 3)
    expanded = expand(layer, 2, "*")
    assert isinstance(expanded, HighRank)
    assert type(merge(expanded)) is nn.Linear


def test_a_part_of_a_name_is_no_match() -> None:
    with pytest.raises(TinySerError, match="'fn' matches no linear layer"):
        expand(recogniser(), 2, "fn")


def test_weight_is_the_merged_one_and_has_gradients() -> None:
    """A model may read a layer's weight instead of calling it; training must then still reach the factors."""
    torch.manual_seed(0)
    layer = shaken(HighRank.factor(nn.Linear(5, 4), 2, 3), by=0.1)
    x = torch.randn(7, 5)
    torch.testing.assert_close(nn.functional.linear(x, layer.weight, layer.bias), layer(x), atol=1e-5, rtol=1e-5)
    (layer.weight.sum() + layer.bias.sum()).backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())
