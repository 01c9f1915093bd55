"""ModelCard: JSON keeps it whole, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from codegen.errors import ModelFormatError
from codegen.feature_spec import FeatureSpec
from codegen.model_card import ModelCard, SelfTest

CARD = ModelCard(
    name="ser",
    labels=("angry", "sad"),
    features=FeatureSpec.unnormalised(mel_bins=2, context_frames=10, stride_frames=5),
    selftest=SelfTest(input=bytes(range(20)), output=b"\x80\x7f"),
)


@pytest.mark.parametrize("card", [CARD, ModelCard(name="bare")])
def test_json_keeps_it(card: ModelCard) -> None:
    assert ModelCard.loads(card.dumps()) == card
    assert list(card.to_json()) == ["version", "name", "labels", "features", "features_sha256", "selftest"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("version", 1, "version: got 1, allowed is 2; train the model again"),
        ("name", " ", "name: got ' ', allowed is a text"),
        ("labels", [], r"labels: got \[\], allowed is a list of texts"),
        ("labels", "abc", "labels: got 'abc'"),
        ("labels", ["a", "a"], "allowed is a list without repetition"),
        ("features", {}, "features: feature spec: version: got nothing"),
        ("features", None, "features_sha256: got .*, allowed is None"),
        ("features_sha256", "00", "features_sha256: got '00', allowed is .*, the digest of its features"),
        ("selftest", {"input": "AA=="}, "selftest: got"),
        ("selftest", {"input": "AA==", "output": 3}, "selftest.output: got 3, allowed is bytes in base64"),
        ("selftest", {"input": "?" * 99, "output": "AA=="}, r"selftest.input: got '\?{76}\.\.\., allowed is bytes"),
        ("selftest", {"input": "AA==", "output": "?"}, "selftest.output: got '[?]', allowed is bytes in base64"),
    ],
)
def test_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(ModelFormatError, match=message):
        ModelCard.from_json({**CARD.to_json(), field: value})


def test_missing_entry_and_wrong_text() -> None:
    with pytest.raises(ModelFormatError, match="labels: got nothing"):
        ModelCard.from_json({"version": 1, "name": "x"})
    with pytest.raises(ModelFormatError, match="not JSON"):
        ModelCard.loads("{")
    with pytest.raises(ModelFormatError, match="got 'list', allowed is a JSON object"):
        ModelCard.loads("[]")
