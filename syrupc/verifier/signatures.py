"""What type information says of a program's functions: their result, and how the kernel checks them on their own."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from syrupc.objfile.btf import DECL_TAG, ENUM, ENUM64, FWD, GLOBAL, INT, PTR, STRUCT, Btf, BtfType
from syrupc.objfile.model import Program

_MAX_ARGUMENTS = 5


class Passed(enum.Enum):
    """What the argument of a global function is."""

    NUMBER = enum.auto()
    CONTEXT = enum.auto()
    MEMORY = enum.auto()
    """Memory of a fixed size, or null."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`size` is in bytes, 0 but for memory."""

    passed: Passed
    size: int = 0


@dataclass(frozen=True, slots=True)
class Signature:
    """`parameters` is None where the function takes something that is not modelled, or returns no number."""

    name: str
    returns_int: bool
    is_global: bool
    parameters: tuple[Parameter, ...] | None


def signatures_of(btf: Btf | None, program: Program, context: str) -> Mapping[int, Signature] | None:
    """The signatures of the program's functions by first slot, None where the object has no type information.

    `context` is the C name of the struct that the program type's context is.
    """
    if btf is None or not all(function.type_id for function in program.functions):
        return None
    tagged = {found.type for found in btf.types if found.kind == DECL_TAG}
    return {
        function.slot: _signature(btf, function.type_id, context, function.type_id in tagged)
        for function in program.functions
    }


def _signature(btf: Btf, type_id: int, context: str, tagged: bool) -> Signature:
    function = btf.type(type_id)
    prototype = btf.type(function.type)
    result = btf.resolve(prototype.type) if prototype.type else None
    returns_int = result is not None and result.kind in (INT, ENUM, ENUM64)
    parameters = None if tagged or not returns_int else _parameters(btf, prototype, context)
    return Signature(function.name, returns_int, function.vlen == GLOBAL, parameters)


def _parameters(btf: Btf, prototype: BtfType, context: str) -> tuple[Parameter, ...] | None:
    found = [_parameter(btf, type_id, context) for _, type_id in btf.parameters(prototype)]
    if len(found) > _MAX_ARGUMENTS or None in found:
        return None
    return tuple(parameter for parameter in found if parameter)


def _parameter(btf: Btf, type_id: int, context: str) -> Parameter | None:
    found = btf.resolve(type_id) if type_id else None
    if found is None:
        return None
    if found.kind in (INT, ENUM, ENUM64):
        return Parameter(Passed.NUMBER)
    if found.kind != PTR or not found.type:
        return None
    target = btf.resolve(found.type)
    if target.name == context and target.kind in (STRUCT, FWD):
        return Parameter(Passed.CONTEXT)
    if target.kind not in (INT, ENUM, ENUM64, STRUCT):
        return None
    return Parameter(Passed.MEMORY, btf.size_of(found.type))
