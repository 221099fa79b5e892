"""The integer types of the language. For a type checker they are all `int`; at run time each is an `IntType`.

`u8 u16 u32 i8 i16 i32` are storage types: reading one gives an `int` that holds it exactly, storing wraps to its width.
`u64` is the one type that the language's signed 64-bit `int` cannot hold.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, TypeAlias

from syrupc import spec

if TYPE_CHECKING:
    u8: TypeAlias = int
    u16: TypeAlias = int
    u32: TypeAlias = int
    u64: TypeAlias = int
    i8: TypeAlias = int
    i16: TypeAlias = int
    i32: TypeAlias = int
else:
    u8, u16, u32, u64 = spec.U8, spec.U16, spec.U32, spec.U64
    i8, i16, i32 = spec.I8, spec.I16, spec.I32


def int_type(annotation: Any) -> spec.IntType:
    """The integer type that `u32`, `int` or `bool` stands for; `TypeError` for anything else."""
    if isinstance(annotation, spec.IntType):
        return annotation
    if annotation is builtins.int:
        return spec.INT
    if annotation is builtins.bool:
        return spec.BOOL
    raise TypeError(f"{annotation!r} is not an integer type of the policy language")
