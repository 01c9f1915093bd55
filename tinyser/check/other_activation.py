"""Other activations that quantize well, put into a float graph in place of its own, without training.

ReLU6 keeps a range short that rare large values would stretch; HARD_SWISH stands for SiLU and GELU (Howard et al.,
2019, arXiv 1905.02244), whose tables and products then need no rounding of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tinyser.convert.tflite_file import operator_name


def _bound_relu(model: Any) -> bool:
    from ai_edge_litert import schema_py_generated as schema

    kind, changed = schema.ActivationFunctionType, False
    for operator in model.subgraphs[0].operators:
        if operator_name(model, operator) == "RELU":
            _becomes(model, operator, "RELU6")
            changed = True
        elif getattr(operator.builtinOptions, "fusedActivationFunction", kind.NONE) == kind.RELU:
            operator.builtinOptions.fusedActivationFunction = kind.RELU6
            changed = True
    return changed


def _harden_gelu(model: Any) -> bool:
    found = [operator for operator in model.subgraphs[0].operators if operator_name(model, operator) == "GELU"]
    for operator in found:
        _becomes(model, operator, "HARD_SWISH")
    return bool(found)


def _harden_silu(model: Any) -> bool:
    """What multiplies a tensor with its own logistic."""
    graph = model.subgraphs[0]
    read = [int(tensor) for operator in graph.operators for tensor in operator.inputs]
    gates = {
        int(operator.outputs[0]): operator
        for operator in graph.operators
        if operator_name(model, operator) == "LOGISTIC" and read.count(int(operator.outputs[0])) == 1
    }
    dropped = []
    for operator in graph.operators:
        sides = list(map(int, operator.inputs))
        if operator_name(model, operator) != "MUL":
            continue
        for gate, values in (sides, sides[::-1]):
            if gate in gates and int(gates[gate].inputs[0]) == values:
                dropped.append(gates[gate])
                _becomes(model, operator, "HARD_SWISH")
                operator.inputs = [values]
                break
    graph.operators = [operator for operator in graph.operators if not any(operator is gate for gate in dropped)]
    return bool(dropped)


# What is tried, and how: says whether there was anything to change.
OTHER_ACTIVATIONS: Mapping[str, Callable[[Any], bool]] = {
    "ReLU6 in place of ReLU": _bound_relu,
    "hard swish in place of SiLU": _harden_silu,
    "hard swish in place of GELU": _harden_gelu,
}


def _becomes(model: Any, operator: Any, name: str) -> None:
    """Another operator, which has no options."""
    from ai_edge_litert import schema_py_generated as schema

    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
    code.version = 1
    operator.opcodeIndex, operator.builtinOptions = len(model.operatorCodes), None
    operator.builtinOptionsType = schema.BuiltinOptions.NONE
    model.operatorCodes.append(code)
