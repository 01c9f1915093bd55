"""What would help: against rounding done here by hand, and on files spoiled on purpose."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from codegen.errors import QuantizationError
from tests.converted import Converted
from tinyser.check.float_twin import float_twin, write_float_twin
from tinyser.check.other_activation import OTHER_ACTIVATIONS
from tinyser.check.remedies import Remedies, find_remedies
from tinyser.check.rounding import Simulation, run_plain, write_simulation
from tinyser.check.rounding_child import best_range
from tinyser.convert.graph_in_torch import TorchGraph
from tinyser.convert.tflite_file import load, operator_name, read_tflite_file, write_model
from tinyser.runtimes.tflite_reference import run_reference


@pytest.fixture(scope="module")
def simulation(model_files: Converted, tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return write_simulation(model_files.tflite, tmp_path_factory.mktemp("simulation") / "simulation.tflite")


@pytest.fixture(scope="module")
def windows(model_files: Converted) -> np.ndarray:
    return np.load(model_files.calibration)[:8]


@pytest.fixture(scope="module")
def found(model_files: Converted, windows: np.ndarray) -> Remedies:
    return find_remedies(model_files.tflite, model_files.float_tflite, windows)


def test_without_roundings_it_is_the_twin_and_with_all_it_is_near_the_int8_file(
    model_files: Converted, simulation: Simulation, windows: np.ndarray, tmp_path: Path
) -> None:
    quantized = simulation.as_quantized()
    last = np.zeros_like(quantized)
    last[-1] = quantized[-1]
    free, all_rounded, output_rounded = simulation.run([np.zeros_like(quantized), quantized, last], windows)
    write_float_twin(model_files.tflite, tmp_path / "twin.tflite")
    rows = windows.reshape(len(windows), -1)
    np.testing.assert_allclose(free, run_plain(tmp_path / "twin.tflite", rows), atol=1e-5)
    model = read_tflite_file(model_files.tflite)
    real = model.output.dequantize(run_reference(model_files.tflite, model.input.quantize(rows)))
    assert np.abs(free - real).max() > 0 and np.abs(all_rounded - real).max() < 0.05
    # The last rounding is that of the output: done here by hand, to a step where two float kernels differ.
    assert simulation.roundings[-1].tensor == "posteriors"
    by_hand = model.output.dequantize(model.output.quantize(free))
    assert np.abs(output_rounded - by_hand).max() <= model.output.scale * 1.001


def test_int16_everywhere_leaves_what_the_weights_cost(found: Remedies) -> None:
    trials = {trial.what: trial for trial in found.trials}
    int16 = trials["int16 activations everywhere"]
    assert found.windows == 4 and found.reference == "model_float32.tflite"
    assert abs(int16.posterior_mse - found.no_rounding.posterior_mse) < found.simulated.posterior_mse / 20
    assert int16.posterior_mse < found.simulated.posterior_mse
    assert found.best is not None and found.best.posterior_mse <= int16.posterior_mse
    assert sum(cost.share for cost in found.costs) <= 1 + 1e-9
    assert [cost.posterior_mse for cost in found.costs] == sorted((c.posterior_mse for c in found.costs), reverse=True)


def test_a_coarse_scale_costs_most_and_its_remedy_helps(
    model_files: Converted, windows: np.ndarray, tmp_path: Path
) -> None:
    model = load(model_files.tflite)
    graph = model.subgraphs[0]
    coarse = [i for i, o in enumerate(graph.operators) if operator_name(model, o) == "FULLY_CONNECTED"][-1]
    quantization = graph.tensors[graph.operators[coarse].outputs[0]].quantization
    quantization.scale, quantization.zeroPoint = [float(quantization.scale[0]) * 32], [0]
    write_model(model, tmp_path / "coarse.tflite")
    found = find_remedies(tmp_path / "coarse.tflite", None, windows)
    name = f"FULLY_CONNECTED {coarse}"
    assert (found.costs[0].index, found.costs[0].share > 0.9) == (coarse, True)
    trials = {trial.what: trial.posterior_mse for trial in found.trials}
    for what in (f"{name} alone in int16", f"{name} alone in float", f"the head in float, from {name} on"):
        assert trials[what] < found.simulated.posterior_mse / 2, (what, trials)


def test_the_best_range_leaves_out_what_is_seldom() -> None:
    values = np.random.default_rng(0).normal(0, 1, 1_000_000).astype(np.float32)
    assert best_range(np.float32([-1, 0, 0.5, 1])) == (-1, 1)
    values[0] = 60
    least, largest = best_range(values)
    assert 6 < largest < 50 and least < 0


def test_other_activations_are_tried(found: Remedies) -> None:
    others = {trial.what.split(",")[0]: trial for trial in found.trials if "in place of" in trial.what}
    # The model has ReLU alone.
    assert set(others) == {"ReLU6 in place of ReLU"}
    assert 0 < others["ReLU6 in place of ReLU"].posterior_mse < 0.1


def test_an_activation_is_exchanged_and_nothing_else() -> None:
    conformer = Path(__file__).parents[2] / "examples" / "emodb-conformer" / "model.tflite"
    window = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 300, 40)).astype(np.float32))
    plain = TorchGraph(float_twin(conformer))(window)
    # Three blocks have a SiLU in both FFNs and in the convolution module.
    for name, exchanged in (("ReLU6 in place of ReLU", 0), ("hard swish in place of SiLU", 9)):
        twin = float_twin(conformer)
        before = _operators(twin)
        assert OTHER_ACTIVATIONS[name](twin)
        assert before - _operators(twin) == Counter(LOGISTIC=exchanged, MUL=exchanged) - Counter()
        assert _operators(twin) - before == Counter(HARD_SWISH=exchanged) - Counter()
        difference = float((TorchGraph(twin)(window) - plain).abs().max())
        assert 0 < difference < 0.3, (name, difference)
    assert not OTHER_ACTIVATIONS["hard swish in place of GELU"](float_twin(conformer))


def _operators(model: Any) -> Counter[str]:
    return Counter(operator_name(model, operator) for operator in model.subgraphs[0].operators)


def test_refuses_too_few_windows(model_files: Converted, windows: np.ndarray) -> None:
    with pytest.raises(QuantizationError, match="3 windows to try remedies on, needed are 4"):
        find_remedies(model_files.tflite, None, windows[:3])
