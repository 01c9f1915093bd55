"""HRF and its merge: exact on every layer kind, names kept, and deliberately broken merges noticed."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from codegen.errors import TinySerError
from tests.converted import settle
from tinyser.hrf import HighRank, expand, merge, prove_equal
from tinyser.models import build_model, preset_config

LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(12, 8), (5, 12)),
    "linear without bias": (lambda: nn.Linear(12, 8, bias=False), (5, 12)),
    "conv2d padded": (lambda: nn.Conv2d(3, 6, 3, stride=2, padding=1), (2, 3, 9, 8)),
    "conv2d reflected": (lambda: nn.Conv2d(3, 6, (5, 3), padding=(2, 1), padding_mode="reflect"), (2, 3, 9, 8)),
    "conv2d dilated": (lambda: nn.Conv2d(3, 6, 3, dilation=2, bias=False), (2, 3, 9, 8)),
    "conv1d grouped": (lambda: nn.Conv1d(4, 8, 5, padding=2, groups=2), (2, 4, 16)),
    "conv1d depthwise": (lambda: nn.Conv1d(6, 6, 7, padding="same", groups=6), (2, 6, 16)),
    "pointwise": (lambda: nn.Conv1d(6, 10, 1), (2, 6, 16)),
}


def shaken(module: nn.Module, seed: int = 0, by: float = 0.3) -> nn.Module:
    """A copy with every parameter moved at random, as training would."""
    torch.manual_seed(seed)
    module = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(by * torch.randn_like(parameter))
    return module


def small_model() -> nn.Module:
    torch.manual_seed(0)
    config = preset_config("convtransformer", "small", context_frames=32, features=20, classes=4)
    return build_model("convtransformer", config)


def trained_model(model: nn.Module) -> nn.Module:
    """A shaken copy with the statistics that its BatchNorms would then have: logits stay of the size of real ones."""
    model = shaken(model)
    settle(model, torch.randn(64, 32, 20))
    return model


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("ratio", [2, 4, 8])
@pytest.mark.parametrize("factors", [2, 3])
def test_factoring_changes_nothing_and_merging_is_exact(name: str, ratio: int, factors: int) -> None:
    make, shape = LAYERS[name]
    torch.manual_seed(1)
    layer, x = make(), torch.randn(shape)
    factored = HighRank.factor(layer, ratio, factors).eval()
    assert len(list(factored.children())) == factors
    torch.testing.assert_close(factored(x), layer(x), atol=1e-5, rtol=0)
    trained = shaken(factored, by=0.3 if factors == 2 else 0.1)
    merged = trained.merge()
    assert type(merged) is type(layer)
    assert {k: v.shape for k, v in merged.state_dict().items()} == {k: v.shape for k, v in layer.state_dict().items()}
    expected = trained.double()(x.double())
    torch.testing.assert_close(merged(x).double(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("factors", [2, 3])
def test_merging_in_double_precision_is_exact(name: str, factors: int) -> None:
    make, shape = LAYERS[name]
    torch.manual_seed(1)
    trained, x = shaken(HighRank.factor(make().double(), 4, factors)).eval(), torch.randn(shape, dtype=torch.float64)
    torch.testing.assert_close(trained.merge()(x), trained(x), atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("factors", [2, 3])
def test_training_has_the_values_and_gradients_of_the_factors(name: str, factors: int) -> None:
    make, shape = LAYERS[name]
    torch.manual_seed(1)
    layer, x = shaken(HighRank.factor(make().double(), 4, factors)), torch.randn(shape, dtype=torch.float64)
    values, gradients = [], []
    for mode in (True, False):
        layer.train(mode).zero_grad()
        values.append(layer(x))
        values[-1].square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in layer.parameters()])
    torch.testing.assert_close(*values, atol=1e-12, rtol=1e-12)
    torch.testing.assert_close(*gradients, atol=1e-9, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 5)),
    biases=st.tuples(st.booleans(), st.booleans()),
    seed=st.integers(0, 1000),
)
def test_any_pair_of_linear_layers(sizes: tuple[int, int, int], biases: tuple[bool, bool], seed: int) -> None:
    inputs, outputs, ratio = sizes
    torch.manual_seed(seed)
    inner = nn.Linear(inputs, ratio * outputs, bias=biases[0])
    outer = nn.Linear(ratio * outputs, outputs, bias=biases[1])
    pair, x = HighRank(inner, outer).eval(), torch.randn(4, inputs)
    merged = pair.merge()
    assert (merged.bias is not None) == any(biases), "W2 b1 counts even where b2 does not exist"
    torch.testing.assert_close(merged(x), pair(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("biases", [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)])
def test_three_factors_with_and_without_biases(biases: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    inner, middle, outer = nn.Linear(5, 8, biases[0]), nn.Linear(8, 6, biases[1]), nn.Linear(6, 3, biases[2])
    three, x = HighRank(inner, outer, middle).eval(), torch.randn(4, 5)
    merged = three.merge()
    assert (merged.bias is not None) == any(biases)
    torch.testing.assert_close(merged(x), three(x), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("modules", ["ffn", "ffn,ffn-out", "attention", "conv", ["head", "blocks.0.ffn.*"]])
def test_model_keeps_its_class_and_keys(modules: str | list[str]) -> None:
    model = small_model()
    expanded = trained_model(expand(model, 4, modules))
    merged = merge(expanded)
    assert type(merged) is type(model)
    assert list(merged.state_dict()) == list(model.state_dict())
    small_model().load_state_dict(merged.state_dict())
    equality = prove_equal(expanded, merged, torch.randn(70, 32, 20))
    assert equality.inputs == 70 and equality.largest_difference < 1e-4


def test_training_starts_at_the_baseline() -> None:
    model = small_model()
    x = torch.randn(8, 32, 20)
    for ratio, factors in ((2, 2), (8, 2), (2, 3), (4, 3)):
        prove_equal(model, expand(model, ratio, "ffn,ffn-out,attention,conv", factors), x)


def test_only_the_named_layers_are_factored() -> None:
    model = expand(small_model(), 4, "ffn")
    factored = [name for name, module in model.named_modules() if isinstance(module, HighRank)]
    assert factored == ["blocks.0.ffn.fc1", "blocks.1.ffn.fc1"]
    assert model.get_submodule("blocks.0.ffn.fc1.inner").out_features == 4 * 96


def test_widths_of_three_factors() -> None:
    layer = expand(small_model(), 4, "ffn", factors=3).get_submodule("blocks.0.ffn.fc1")
    assert [tuple(part.weight.shape) for part in layer.children()] == [(384, 48), (384, 384), (96, 384)]


def test_expand_and_merge_leave_their_argument_alone() -> None:
    model = small_model()
    before = copy.deepcopy(model.state_dict())
    expanded = expand(model, 2, "ffn")
    merge(expanded)
    assert any(isinstance(module, HighRank) for module in expanded.modules())
    torch.testing.assert_close(dict(model.state_dict()), dict(before), atol=0, rtol=0)


def test_shared_layer_stays_shared() -> None:
    layer = nn.Linear(4, 4)
    expanded = expand(nn.Sequential(layer, nn.ReLU(), layer), 2, "*")
    assert expanded[0] is expanded[2]
    merged = merge(expanded)
    assert merged[0] is merged[2]


def test_mode_is_kept() -> None:
    expanded = expand(small_model(), 2, "ffn").eval()
    assert not any(module.training for module in merge(expanded).modules())


def drop_inner_bias(pair: HighRank, merged: nn.Linear) -> None:
    merged.bias.copy_(pair.outer.bias)


def add_inner_bias_unweighted(pair: HighRank, merged: nn.Linear) -> None:
    merged.bias.copy_(pair.outer.bias + pair.inner.bias[: len(pair.outer.bias)])


def wrong_order(pair: HighRank, merged: nn.Linear) -> None:
    merged.weight.copy_((pair.inner.weight.T @ pair.outer.weight.T).reshape(merged.weight.shape))


def half_precision(pair: HighRank, merged: nn.Linear) -> None:
    merged.weight.copy_(merged.weight.half().float())


@pytest.mark.parametrize("damage", [drop_inner_bias, add_inner_bias_unweighted, wrong_order, half_precision])
def test_broken_merge_is_noticed(damage: Callable[[HighRank, nn.Linear], None]) -> None:
    expanded = trained_model(expand(small_model(), 4, "ffn"))
    merged = merge(expanded)
    with torch.no_grad():
        for block in range(2):
            name = f"blocks.{block}.ffn.fc1"
            damage(expanded.get_submodule(name), merged.get_submodule(name))
    with pytest.raises(TinySerError, match="logits moved by"):
        prove_equal(expanded, merged, torch.randn(16, 32, 20))


def test_changed_decision_is_noticed_even_within_tolerance() -> None:
    a, b = nn.Linear(1, 2), nn.Linear(1, 2)
    for layer, bias in ((a, [0.0, 1e-6]), (b, [1e-6, 0.0])):
        nn.init.zeros_(layer.weight)
        layer.bias.data = torch.tensor(bias)
    with pytest.raises(TinySerError, match="3 of 3 decisions changed"):
        prove_equal(a, b, torch.zeros(3, 1))


def test_logits_that_are_not_finite_prove_nothing() -> None:
    layer = nn.Linear(1, 2)
    layer.bias.data.fill_(float("nan"))
    with pytest.raises(TinySerError, match="not finite"):
        prove_equal(layer, layer, torch.zeros(1, 1))


def test_other_shape_is_noticed() -> None:
    with pytest.raises(TinySerError, match="logits have shape"):
        prove_equal(nn.Linear(1, 2), nn.Linear(1, 3), torch.zeros(1, 1))


@pytest.mark.parametrize("ratio", [0, 1, 65, 2.0, True])
def test_bad_ratio(ratio: float) -> None:
    with pytest.raises(TinySerError, match=r"ratio: got .* allowed is a whole number 2\.\.64"):
        expand(small_model(), ratio, "ffn")


@pytest.mark.parametrize(("modules", "message"), [("decoder", "'decoder' matches no"), (" ,", "modules: got none")])
def test_bad_modules(modules: str, message: str) -> None:
    with pytest.raises(TinySerError, match=message):
        expand(small_model(), 4, modules)


@pytest.mark.parametrize("factors", [1, 4, 2.5, True])
def test_bad_factors(factors: float) -> None:
    with pytest.raises(TinySerError, match="factors: got .* allowed are 2 and 3"):
        expand(small_model(), 4, "ffn", factors)


def test_layers_in_the_message_are_few() -> None:
    with pytest.raises(TinySerError, match=r"or a pattern over .*blocks\.\*\.ffn\.fc1") as caught:
        expand(small_model(), 4, "decoder")
    assert str(caught.value).count("fc1") == 1


def test_expanding_twice() -> None:
    with pytest.raises(TinySerError, match="expanded already"):
        expand(expand(small_model(), 2, "ffn"), 2, "attention")


def test_attention_of_torch_is_left_alone() -> None:
    """nn.MultiheadAttention reads its projection's weight directly: factoring it would crash."""
    with pytest.raises(TinySerError, match="matches no linear layer"):
        expand(nn.MultiheadAttention(8, 2), 2, "out_proj")
