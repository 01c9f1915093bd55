"""The constants of a model in flash: each distinct array or struct is stored once, whoever uses it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

C_TYPES = {
    "int8": "int8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "float32": "float",
}


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """One array in flash."""

    name: str
    data: np.ndarray
    origin: str

    @property
    def c_type(self) -> str:
        return C_TYPES[str(self.data.dtype)]

    @property
    def shape_text(self) -> str:
        return str(self.data.shape)


@dataclass(frozen=True, slots=True)
class Struct:
    """One struct in flash: its initialiser as (field, C expression)."""

    c_type: str
    name: str
    fields: tuple[tuple[str, str], ...]
    bytes: int


@dataclass(slots=True)
class ConstantPool:
    """Collects arrays and structs, named in the order of their first use; equal content is one constant."""

    constants: list[Constant] = field(default_factory=list)
    structs: list[Struct] = field(default_factory=list)
    origin: str = ""  # who adds now, for the comment beside the array
    _names: dict[tuple[str, bytes], str] = field(default_factory=dict)

    def add(self, array: np.ndarray) -> str:
        """Returns the C name of the array, adding it when its content is new."""
        if str(array.dtype) not in C_TYPES:
            raise TypeError(f"constant of {self.origin}: no C type for {array.dtype}")
        key = (str(array.dtype), hashlib.sha256(array.tobytes()).digest())
        if key not in self._names:
            self._names[key] = f"ser_constant_{len(self.constants)}"
            self.constants.append(Constant(self._names[key], array, self.origin))
        return self._names[key]

    def add_struct(self, c_type: str, fields: Sequence[tuple[str, str]], size: int, name: str = "") -> str:
        """Returns the C name of the struct of `size` bytes, adding it, by default as shared_N, when it is new."""
        for struct in self.structs:
            if (struct.c_type, struct.fields) == (c_type, tuple(fields)):
                return struct.name
        self.structs.append(Struct(c_type, name or f"shared_{len(self.structs)}", tuple(fields), size))
        return self.structs[-1].name

    @property
    def total_bytes(self) -> int:
        return sum(constant.data.nbytes for constant in self.constants)
