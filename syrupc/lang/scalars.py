"""The integer types of the language. For a type checker they are all `int`; at run time each is an `IntType`.

`u8 u16 u32 i8 i16 i32` are storage types: reading one gives an `int` that holds it exactly, storing wraps to its width.
`u64` is the one type that the language's signed 64-bit `int` cannot hold. `be16 be32 be64` are for fields, keys and
values in network byte order; what is read from them is an integer like any other, and they cast nothing.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, TypeAlias

from syrupc import spec

if TYPE_CHECKING:
    u8: TypeAlias = int
    """8 bits, 0 to 255. Read from storage it is an `int`; `u8(x)` and storing wrap."""
    u16: TypeAlias = int
    """16 bits, 0 to 65 535. Read from storage it is an `int`; `u16(x)` and storing wrap."""
    u32: TypeAlias = int
    """32 bits, 0 to 2**32 - 1. Read from storage it is an `int`; `u32(x)` and storing wrap."""
    u64: TypeAlias = int
    """64 bits, 0 to 2**64 - 1: `int` cannot hold it, and it mixes only with what cannot be negative. `u64(x)` wraps."""
    i8: TypeAlias = int
    """8 bits, -128 to 127. Read from storage it is an `int`; `i8(x)` and storing wrap."""
    i16: TypeAlias = int
    """16 bits, -32 768 to 32 767. Read from storage it is an `int`; `i16(x)` and storing wrap."""
    i32: TypeAlias = int
    """32 bits, -2**31 to 2**31 - 1. Read from storage it is an `int`; `i32(x)` and storing wrap."""
    be16: TypeAlias = int
    """16 bits in network byte order, for fields, keys and values. What is read is an `int`; it casts nothing."""
    be32: TypeAlias = int
    """32 bits in network byte order, for fields, keys and values. What is read is an `int`; it casts nothing."""
    be64: TypeAlias = int
    """64 bits in network byte order, for fields, keys and values. What is read is a `u64`; it casts nothing."""
else:
    u8, u16, u32, u64 = spec.U8, spec.U16, spec.U32, spec.U64
    i8, i16, i32 = spec.I8, spec.I16, spec.I32
    be16, be32, be64 = spec.BE16, spec.BE32, spec.BE64


def int_type(annotation: Any) -> spec.IntType:
    """The integer type that `u32`, `int` or `bool` stands for; `TypeError` for anything else."""
    if isinstance(annotation, spec.IntType):
        return annotation
    if annotation is builtins.int:
        return spec.INT
    if annotation is builtins.bool:
        return spec.BOOL
    raise TypeError(f"{annotation!r} is not an integer type of the policy language")
