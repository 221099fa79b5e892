"""The typing rules of records, of values that stand together, and of what reads them as bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from numba.core import types

from syrupc.frontend.map_rules import require_index
from syrupc.frontend.operands import TypeFailure, describe, operand, require_storable
from syrupc.frontend.types import (
    Constants,
    Group,
    Int,
    Lit,
    Record,
    StructRef,
    Vector,
    View,
    Word,
    loaded,
)
from syrupc.spec import U32, ArrayType

Rule = Callable[..., types.Type]

TRACED: Final = 3
"""How many values one line of a trace can show: what the kernel's helper takes."""


def _new(struct: StructRef, names: Word, *values: types.Type) -> types.Type:
    """`names` are the fields that are given, in the order of the call."""
    for position, (name, value) in enumerate(zip(names.text.split(), values, strict=True)):
        field = struct.spec.field(name)
        assert field is not None
        require_storable(value, field.type, position, len(values))
    return Record(struct.spec)


def _read(view: types.Type, struct: StructRef, offset: types.Type) -> types.Type:
    if not isinstance(view, View):
        message, help_line = f"{describe(view)} has no attribute `read`", "read from the data: `pkt.payload.read(…)`"
        raise TypeFailure("SYR204", message, operands=(describe(view),), help=(help_line,))
    number = operand(offset, 2, 3)
    last = view.longest - struct.spec.size
    if last < 0 or (isinstance(number, Lit) and not 0 <= number.value <= last):
        what = view.header.title if view.header else "datagram"
        place = f" at {number.value}" if isinstance(number, Lit) else ""
        note = f"offsets count from 0, and these bytes are never more than {view.longest}"
        help_lines = (f"the last one can be at {last}",) if last >= 0 else ("read a smaller struct",)
        raise TypeFailure("SYR202", f"no {what} has a {struct.spec.name}{place}", notes=(note,), help=help_lines)
    return Record(struct.spec)


def _element(vector: types.Type, index: types.Type) -> types.Type:
    if not isinstance(vector, Vector):
        by_size = "bytes of a packet are read by size: `{0}.u8({1})`"
        help_lines = (by_size if isinstance(vector, View) else "index an array of a record, or a tuple of constants",)
        what = describe(vector)
        raise TypeFailure("SYR203", f"{what} is not indexed", operands=(what, ""), help=help_lines)
    kind: ArrayType = vector.spec
    require_index(index, kind.count, 1, 2)
    return loaded(kind.element)


def _constant_at(index: types.Type, *values: types.Type) -> types.Type:
    number = operand(index, 0, 1)
    if isinstance(number, Lit) and not -len(values) <= number.value < len(values):
        message = f"{number.value} is no index of a tuple of {len(values)}"
        last = (f"the last element is at {len(values) - 1}",)
        raise TypeFailure("SYR202", message, operands=("", "no index of it"), help=last)
    elements = Constants(tuple(int(v.value) if isinstance(v, Lit) else 0 for v in values)).yield_type
    if elements is None:
        raise TypeFailure(
            "SYR206",
            "no 64-bit type holds all these constants",
            notes=("some are negative, and some are 2**63 or more",),
            help=("leave out one sort",),
        )
    return elements


def _group(*values: types.Type) -> types.Type:
    return Group(tuple(general(v) for v in values))


def _group_item(group: types.Type, index: Lit, count: Lit) -> types.Type:
    if not isinstance(group, Group):
        raise TypeFailure("SYR203", f"{describe(group)} cannot be unpacked", help=("give the values one by one",))
    if len(group.parts) != count.value:
        names = ", ".join("abcdefgh"[: len(group.parts)])
        help_lines = (f"give each its variable: `{names} = …`",)
        raise TypeFailure("SYR205", f"{describe(group)} for {count.value} variables", help=help_lines)
    return group.parts[index.value]


def general(kind: types.Type) -> types.Type:
    """The type of a variable that holds such a value: of a constant, all values of its width."""
    return Int(kind.values) if isinstance(kind, Lit) else kind


def _result(value: types.Type, _line: types.Type) -> types.Type:
    return general(value)


def _result_record(struct: StructRef, value: types.Type) -> types.Type:
    require_storable(value, struct.spec, 0, 1)
    return value


def _nothing(_line: types.Type) -> types.Type:
    return types.none


def _hash(value: types.Type) -> types.Type:
    if not isinstance(value, Record):
        operand(value, 0, 1)
    return Int(U32)


def _trace(_form: Word, *values: types.Type) -> types.Type:
    for position, value in enumerate(values):
        operand(value, position + 1, len(values) + 1)
    return types.none


RULES: Final[Mapping[str, Rule]] = {
    "record.new": _new,
    "view.read": _read,
    "vector.element": _element,
    "constants.element": _constant_at,
    "group.of": _group,
    "group.item": _group_item,
    "result.of": _result,
    "result.record": _result_record,
    "result.nothing": _nothing,
    "syrup.hash": _hash,
    "trace.print": _trace,
}
"""Operation -> its rule."""
