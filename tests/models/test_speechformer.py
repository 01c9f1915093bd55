"""SpeechFormer: what its windows and merges let through, and its positions."""

from __future__ import annotations

import math

import pytest
import torch

from codegen.errors import ModelFormatError
from tinyser.models.attention import SelfAttention
from tinyser.models.speechformer import MergeBlock, SpeechFormer, SpeechFormerConfig, longest_window, sinusoids


def small_speechformer(frames: int = 200) -> SpeechFormer:
    torch.manual_seed(0)
    config = SpeechFormerConfig(context_frames=frames, features=16, classes=3, width=16, heads=2, ffn_width=8)
    return SpeechFormer(config).eval()


def test_windowed_attention_is_attention_of_each_window() -> None:
    torch.manual_seed(0)
    windowed, whole = SelfAttention(8, 2, 20, window=5), SelfAttention(8, 2, 5)
    whole.load_state_dict(windowed.state_dict())
    x = torch.randn(3, 20, 8)
    parts = [whole(part.flatten(0, 1)).reshape(3, 5, 8) for part in x.split(5, dim=1)]
    torch.testing.assert_close(windowed(x.flatten(0, 1)), torch.cat(parts, dim=1).flatten(0, 1))


@pytest.mark.parametrize(("stage", "window"), [("frame", 5), ("phoneme", 8), ("word", 8), ("utterance", 2)])
def test_a_frame_reaches_its_own_window_alone(stage: str, window: int) -> None:
    module = small_speechformer().get_submodule(stage)
    frames = {"frame": 200, "phoneme": 40, "word": 8, "utterance": 2}[stage]
    x = torch.randn(frames, 16)
    moved = x.clone()
    moved[1] += 1
    changed = (module(moved) - module(x)).abs().amax(dim=1) > 1e-7
    assert changed.nonzero().flatten().tolist() == list(range(window))


@pytest.mark.parametrize(
    ("frames", "allowed", "window"), [(40, 9, 8), (60, 9, 6), (8, 9, 8), (12, 9, 6), (2, 9, 2), (7, 5, 1)]
)
def test_longest_window(frames: int, allowed: int, window: int) -> None:
    assert longest_window(frames, allowed) == window


def test_merge_joins_neighbours() -> None:
    block, x = MergeBlock(4, 5), torch.randn(2, 15, 4)
    means = torch.stack([part.mean(dim=1) for part in x.split(5, dim=1)], dim=1)
    torch.testing.assert_close(block(x.flatten(0, 1)), block.norm(block.linear(means)).flatten(0, 1))


def test_sinusoids() -> None:
    table = sinusoids(30, 6)
    assert table.shape == (1, 30, 6)
    assert float(table[0, 7, 2]) == pytest.approx(math.sin(7 / 10000 ** (2 / 6)), abs=1e-5)
    assert float(table[0, 7, 3]) == pytest.approx(math.cos(7 / 10000 ** (2 / 6)), abs=1e-5)


def test_positions_count_in_the_first_stage_and_are_no_state() -> None:
    model = small_speechformer()
    assert not [key for key in model.state_dict() if "positions" in key]
    x = torch.randn(1, 200, 16)
    before = model(x)
    model.frame.positions.zero_()
    assert (model(x) - before).abs().max() > 1e-4


@pytest.mark.parametrize("frames", [50, 150, 250])
def test_frames_that_do_not_divide(frames: int) -> None:
    with pytest.raises(ModelFormatError, match=f"context_frames: got {frames}, allowed is a multiple of 100"):
        small_speechformer(frames)


def test_width_too_small_for_its_head() -> None:
    with pytest.raises(ModelFormatError, match="width: got 2, allowed is 4 or more"):
        SpeechFormerConfig(context_frames=100, features=16, classes=3, width=2, heads=2, ffn_width=8)
