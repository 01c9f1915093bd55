"""Values of inner tensors, by TFLite's fast kernels in a child process, because a bad model aborts the interpreter.

`python -m tinyser.convert.inner_values MODEL IN.npy PLAN.json OUT MOST` is the child. The fast kernels may round a tie
otherwise than the reference does: these values are for statistics, never for comparing bytes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.linear_layers import Patches
from tinyser.emulator.child import run_child


def inner_values(
    model: Path, rows: npt.NDArray[Any], patches: Iterable[Patches], most: int = 32
) -> dict[Patches, npt.NDArray[Any]]:
    """Of each, at most `most` evenly spaced patches a window: (windows * patches, kernel, channels).

    `rows` is (windows, *input shape without batch) in the model's type. Raises ToolError when TFLite refuses or
    aborts.
    """
    wanted = tuple(dict.fromkeys(patches))
    with tempfile.TemporaryDirectory(prefix="tinyser-") as scratch:
        folder = Path(scratch)
        np.save(folder / "rows.npy", rows)
        (folder / "plan.json").write_text(json.dumps([asdict(entry) for entry in wanted]))
        paths = (model.resolve(), folder / "rows.npy", folder / "plan.json", folder, most)
        run_child([sys.executable, "-m", __name__, *map(str, paths)], f"{model}: TFLite, inner tensors")
        return {entry: np.load(folder / f"{index}.npy", allow_pickle=False) for index, entry in enumerate(wanted)}


def _child(model: str, source: str, plan: str, folder: str, most: str) -> None:
    """Runs in the child process only."""
    interpreter = fast_interpreter(model, experimental_preserve_all_tensors=True)
    (entry,) = interpreter.get_input_details()
    patches = [_patches(fields) for fields in json.loads(Path(plan).read_text(encoding="utf-8"))]
    chosen = [places(wanted, int(most)) for wanted in patches]
    found: list[list[npt.NDArray[Any]]] = [[] for _ in patches]
    for row in np.load(source, allow_pickle=False):
        interpreter.set_tensor(entry["index"], row.reshape(entry["shape"]))
        interpreter.invoke()
        for parts, wanted, place in zip(found, patches, chosen, strict=True):
            parts.append(interpreter.get_tensor(wanted.tensor).reshape(-1, wanted.channels)[place])
    for index, parts in enumerate(found):
        np.save(Path(folder) / f"{index}.npy", np.concatenate(parts))


def fast_interpreter(model: str, **options: Any) -> Any:
    """With memory for its tensors, and no delegate: one would keep inner tensors to itself."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_path=model, experimental_op_resolver_type=kernels, **options)
    interpreter.allocate_tensors()
    return interpreter


def _patches(fields: dict[str, Any]) -> Patches:
    """Out of JSON, which makes lists of tuples."""
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    return Patches(**plain)


def places(wanted: Patches, most: int) -> npt.NDArray[np.int64]:
    """Which of the height * width places each of at most `most` patches reads, (patches, kernel)."""
    down, across = wanted.count
    chosen = np.linspace(0, down * across - 1, min(down * across, most)).astype(int)
    rows = wanted.first[0] + chosen // across * wanted.stride[0]
    columns = wanted.first[1] + chosen % across * wanted.stride[1]
    inner = np.add.outer(np.arange(wanted.kernel[0]) * wanted.width, np.arange(wanted.kernel[1])).ravel()
    return np.asarray(np.add.outer(rows * wanted.width + columns, inner))


if __name__ == "__main__":
    _child(*sys.argv[1:])
