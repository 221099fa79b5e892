"""What is stored, as plain values and as bytes: integers as they are, records and elements as tuples."""

from __future__ import annotations

from typing import Any

from syrupc.spec import ArrayType, IntType, StoredType, StructType


def pack(kind: StoredType, value: Any) -> bytes:
    """The bytes of a value, with padding of zeros."""
    match kind:
        case IntType(bits=1):
            return bytes((value,))
        case IntType():
            return kind.to_bytes(value)
        case ArrayType():
            return b"".join(pack(kind.element, each) for each in value)
        case StructType():
            memory = bytearray(kind.size)
            for field, each in zip(kind.fields, value, strict=True):
                memory[field.offset : field.offset + field.type.size] = pack(field.type, each)
            return bytes(memory)


def unpack(kind: StoredType, data: bytes) -> Any:
    """The value of bytes, whose padding does not count."""
    match kind:
        case IntType():
            return kind.from_bytes(data)
        case ArrayType():
            size = kind.element.size
            return tuple(unpack(kind.element, data[at : at + size]) for at in range(0, kind.size, size))
        case StructType():
            return tuple(unpack(f.type, data[f.offset : f.offset + f.type.size]) for f in kind.fields)


def zero(kind: StoredType) -> Any:
    return unpack(kind, bytes(kind.size))
