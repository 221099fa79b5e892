"""Values of maps as plain data, as a command line takes it and JSON has it: integers, and dicts and lists of them."""

from __future__ import annotations

from typing import Any

from syrupc.lang.records import Elements, Record, kind_from
from syrupc.spec import ArrayType, IntType, StoredType, StructType


def plain(value: Any) -> Any:
    """A record as a dict by field, elements and tuples as lists; what is none of them stays as it is."""
    if isinstance(value, Record):
        return {field.name: plain(getattr(value, field.name)) for field in value.__struct__.fields}
    if isinstance(value, Elements | tuple):
        return [plain(element) for element in value]
    return value


def from_plain(type_: StoredType, data: object) -> Any:
    """The reverse, for a value of a type. Fields that are not named are zero.

    Raises `ValueError` for what the type cannot hold: nothing wraps.
    """
    return kind_from(type_).load(memoryview(_packed(type_, data)))


def _packed(type_: StoredType, data: object) -> bytes:
    match type_:
        case IntType():
            return _integer(type_, data)
        case ArrayType():
            return _elements(type_, data)
        case StructType():
            return _struct(type_, data)


def _integer(type_: IntType, data: object) -> bytes:
    if not isinstance(data, int) or not type_.holds(data):
        raise ValueError(f"value {data} is no {type_}")
    return type_.to_bytes(data)


def _elements(type_: ArrayType, data: object) -> bytes:
    if not isinstance(data, list | tuple) or len(data) != type_.count:
        raise ValueError(f"{data} is no list of {type_.count} elements")
    return b"".join(_packed(type_.element, element) for element in data)


def _struct(type_: StructType, data: object) -> bytes:
    if not isinstance(data, dict):
        raise ValueError(f"{data} does not name fields of {type_}")
    memory = bytearray(type_.size)
    for name, value in data.items():
        field = type_.field(name)
        if field is None:
            raise ValueError(f"{type_} has no field `{name}`")
        memory[field.offset : field.offset + field.type.size] = _packed(field.type, value)
    return bytes(memory)
