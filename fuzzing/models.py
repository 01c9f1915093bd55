"""Good models to start from: one for each operator and type, and one that takes sound."""

from __future__ import annotations

from functools import cache
from importlib import import_module

import numpy as np

from codegen.model_card import ModelCard
from codegen.ops import OPERATORS
from tests.codegen.models import dense_model, padded_convolution
from tests.ops.int16 import in_int16
from tests.projects import LABELS, SPEC
from tests.tflite_builder import ModelBuilder

LARGEST_SEED = 20_000


@cache
def seed_models() -> tuple[bytes, ...]:
    """The smallest models that the operators' tests are sure of."""
    models = [dense_model(), padded_convolution(2), hearing_model()]
    for name, operator in sorted(OPERATORS.items()):
        module = import_module(f"tests.ops.test_{name.lower()}")
        models.append(module.fixed_case().model)
        if "int16" in operator.INPUT_TYPES:
            own = getattr(module, "fixed_case_of_int16", None)
            models.append((own() if own else in_int16(module.fixed_case())).model)
    return tuple(model for model in models if len(model) <= LARGEST_SEED)


def hearing_model(card: ModelCard | None = None, weight_scale: float = 0.02) -> bytes:
    """(1, 30, 16) of features -> RESHAPE -> FULLY_CONNECTED -> SOFTMAX of three labels."""
    builder = ModelBuilder()
    given = builder.tensor("features", (1, 30, 16), scale=1 / 32, zero_point=-5)
    flat = builder.tensor("flat", (1, 480), scale=1 / 32, zero_point=-5)
    weights = builder.tensor("weights", (3, 480), scale=weight_scale, data=np.arange(1440).reshape(3, 480) % 200 - 100)
    logits = builder.tensor("logits", (1, 3), scale=0.4, zero_point=-5)
    output = builder.tensor("posteriors", (1, 3), scale=1 / 256, zero_point=-128)
    builder.op("RESHAPE", [given, builder.constant("shape", [1, 480])], [flat], new_shape=[1, 480])
    builder.op("FULLY_CONNECTED", [flat, weights, None], [logits])
    builder.op("SOFTMAX", [logits], [output], beta=1.0)
    card = card or ModelCard(name="hearing", labels=LABELS, features=SPEC)
    return builder.build([given], [output], {"TINYSER": card.dumps().encode()})
