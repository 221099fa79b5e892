"""Values of stored types: as the registers they are computed with, and as the bytes they lie in memory with.

A record is an LLVM aggregate of its fields as they are stored, in host order; LLVM takes it apart again. In memory
every byte is written, padding too: keys are compared as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.frontend.record_rules import TRACED
from syrupc.frontend.types import BOOLEAN, Lit, Record, as_int
from syrupc.lower.code import I32, I64, Code, Lowering, const
from syrupc.spec import BOOL, U64, ArrayType, FaultKind, IntType, StoredType, StructType


def aggregate(kind: StoredType) -> ir.Type:
    """How a value of this type is held: integers by their width, records and arrays by their parts."""
    match kind:
        case IntType():
            return ir.IntType(kind.size * 8)
        case ArrayType():
            return ir.ArrayType(aggregate(kind.element), kind.count)
        case StructType():
            return ir.LiteralStructType([aggregate(f.type) for f in kind.fields])


def value_type(kind: StoredType) -> ir.Type:
    """How the language's value of this type is held: an integer as a register."""
    if isinstance(kind, IntType):
        return ir.IntType(1) if kind is BOOL else I64
    return aggregate(kind)


def stored(code: Code, value: ir.Value, kind: types.Type, target: StoredType) -> ir.Value:
    """A value as it is held inside an aggregate, or on its way to memory: an integer is wrapped."""
    return code.to_storage(value, kind, target) if isinstance(target, IntType) else value


def unstored(code: Code, value: ir.Value, source: StoredType) -> ir.Value:
    return code.from_storage(value, source) if isinstance(source, IntType) else value


# -- memory ------------------------------------------------------------------------------------------------------------


def write(code: Code, value: ir.Value, kind: StoredType, place: ir.Value, *, alignment: int = 8) -> None:
    """Write a held value to memory of our own, padding as zeros. `place` is a multiple of `alignment`."""
    if has_padding(kind):
        for offset in range(0, kind.size, alignment):  # memory of our own comes in whole words
            _store(code, ir.IntType(alignment * 8)(0), place, offset, alignment)
    for offset, part in _memory_leaves(code, value, kind):
        _store(code, part, place, offset, alignment)


def write_shared(code: Code, value: ir.Value, kind: StoredType, place: ir.Value) -> None:
    """Write a held value to memory that others see: each part once, and padding not at all."""
    for offset, part in _memory_leaves(code, value, kind):
        code.store_volatile(part, code.builder.gep(place, [const(offset)]))


def _store(code: Code, value: ir.Value, place: ir.Value, offset: int, alignment: int) -> None:
    pointer = code.builder.bitcast(code.builder.gep(place, [const(offset)]), value.type.as_pointer())
    code.builder.store(value, pointer, align=min(value.type.width // 8, alignment))


def _memory_leaves(code: Code, value: ir.Value, kind: StoredType) -> Iterator[tuple[int, ir.Value]]:
    """The integers of a held value as they lie in memory, each with its offset."""
    for offset, part, number in _leaves(code, value, kind, 0):
        yield offset, code.builder.bswap(part) if number.big_endian and number.size > 1 else part


def read(code: Code, kind: StoredType, place: ir.Value, *, volatile: bool = False) -> ir.Value:
    """Read a value to hold. `place` points to bytes; `volatile` is for memory that others write."""
    match kind:
        case IntType():
            width = ir.IntType(kind.size * 8)
            if volatile:
                found = code.load_volatile(place, width)
            else:
                found = code.builder.load(code.builder.bitcast(place, width.as_pointer()))
            return code.builder.bswap(found) if kind.big_endian and kind.size > 1 else found
        case ArrayType():
            parts = [(i * kind.element.size, kind.element) for i in range(kind.count)]
        case StructType():
            parts = [(f.offset, f.type) for f in kind.fields]
    whole: ir.Value = ir.Constant(aggregate(kind), ir.Undefined)
    for index, (offset, part) in enumerate(parts):
        pointer = code.builder.gep(place, [const(offset)])
        whole = code.builder.insert_value(whole, read(code, part, pointer, volatile=volatile), index)
    return whole


def _leaves(code: Code, value: ir.Value, kind: StoredType, offset: int) -> Iterator[tuple[int, ir.Value, IntType]]:
    match kind:
        case IntType():
            yield offset, value, kind
        case ArrayType():
            for index in range(kind.count):
                part = code.builder.extract_value(value, index)
                yield from _leaves(code, part, kind.element, offset + index * kind.element.size)
        case StructType():
            for index, field in enumerate(kind.fields):
                part = code.builder.extract_value(value, index)
                yield from _leaves(code, part, field.type, offset + field.offset)


def has_padding(kind: StoredType) -> bool:
    """Whether some bytes of the layout belong to no field."""
    return sum(_sizes(kind)) < kind.size


def _sizes(kind: StoredType) -> Iterator[int]:
    match kind:
        case IntType():
            yield kind.size
        case ArrayType():
            yield kind.count * sum(_sizes(kind.element))
        case StructType():
            for field in kind.fields:
                yield from _sizes(field.type)


# -- operations --------------------------------------------------------------------------------------------------------


def _new(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    struct: StructType = signature.args[0].spec
    given = dict(zip(signature.args[1].text.split(), zip(values[2:], signature.args[2:], strict=True), strict=True))
    record: ir.Value = ir.Constant(aggregate(struct), None)
    for index, field in enumerate(struct.fields):
        if field.name in given:
            value, kind = given[field.name]
            record = code.builder.insert_value(record, stored(code, value, kind, field.type), index)
    return record


def attribute(code: Code, kind: Record, value: ir.Value, name: str) -> ir.Value:
    """A field of a record."""
    index = next(i for i, f in enumerate(kind.spec.fields) if f.name == name)
    return unstored(code, code.builder.extract_value(value, index), kind.spec.fields[index].type)


def bounded_index(code: Code, index: ir.Value, kind: types.Type, count: int) -> ir.Value:
    """An index that is below `count`; another one faults."""
    number = as_int(kind)
    assert number is not None
    if isinstance(number, Lit):
        return const(number.value)
    register = code.opaque(code.register(index, kind))
    code.fault_if(code.builder.icmp_unsigned(">=", register, const(count)), FaultKind.INDEX)
    return register


def _element(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    kind: ArrayType = signature.args[0].spec
    index = bounded_index(code, values[1], signature.args[1], kind.count)
    if isinstance(index, ir.Constant):
        return unstored(code, code.builder.extract_value(values[0], index.constant), kind.element)
    # Registers are not indexed: the array goes through memory.
    place = code.bytes_slot("array", kind.size)
    host = _in_host_order(kind)
    write(code, values[0], host, place)
    offset = code.builder.mul(index, const(kind.element.size))
    return unstored(code, read(code, host.element, code.builder.gep(place, [offset])), kind.element)


def _in_host_order(kind: ArrayType) -> ArrayType:
    """What is held is in host order already, so memory of our own needs no other."""
    element = kind.element
    if isinstance(element, IntType) and element.big_endian:
        return ArrayType(IntType(element.name, element.bits, element.signed), kind.count)
    return kind


def _constant_at(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """An element of a constant tuple, by comparisons; as in Python, negative indexes count from the end."""
    builder = code.builder
    kind, elements = signature.args[0], [k.value for k in signature.args[1:]]
    count = len(elements)
    index = code.register(values[0], kind)
    number = as_int(kind)
    assert number is not None
    if not number.non_negative:
        behind = builder.icmp_signed("<", index, const(0))
        index = code.select(behind, builder.add(index, const(count)), index)
    code.fault_if(builder.icmp_unsigned(">=", index, const(count)), FaultKind.INDEX)
    boolean = signature.return_type == BOOLEAN
    found: ir.Value = ir.IntType(1)(elements[-1]) if boolean else const(elements[-1])
    for position, value in reversed(tuple(enumerate(elements[:-1]))):
        here = builder.icmp_unsigned("==", index, const(position))
        found = code.select(here, ir.IntType(1)(value) if boolean else const(value), found)
    return found


def _group(code: Code, _signature: Any, values: list[ir.Value]) -> ir.Value:
    return grouped(code, values)


def grouped(code: Code, values: list[ir.Value]) -> ir.Value:
    """Several values as one."""
    kind = ir.LiteralStructType([v.type for v in values])
    whole: ir.Value = ir.Constant(kind, ir.Undefined)
    for index, value in enumerate(values):
        whole = code.builder.insert_value(whole, value, index)
    return whole


def _group_item(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return code.builder.extract_value(values[0], signature.args[1].value)


def _first(_code: Code, _signature: Any, values: list[ir.Value]) -> ir.Value:
    return values[0]


def _second(_code: Code, _signature: Any, values: list[ir.Value]) -> ir.Value:
    return values[1]


def _nothing(_code: Code, _signature: Any, _values: list[ir.Value]) -> None:
    return None


# -- the hash ----------------------------------------------------------------------------------------------------------

# The finalizer of MurmurHash3 (public domain, Austin Appleby), over one 64-bit word after the other.
_MULTIPLIERS: Final = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)


def _hash(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    kind = signature.args[0]
    if isinstance(kind, Record):
        words = _words(code, values[0], kind.spec)
    else:
        words = [code.register(values[0], kind)]
    state: ir.Value = const(0)
    for word in words:
        state = _mixed(code, code.builder.xor(state, word))
    return code.builder.lshr(state, const(32))


def _mixed(code: Code, word: ir.Value) -> ir.Value:
    for multiplier in _MULTIPLIERS:
        word = code.builder.xor(word, code.builder.lshr(word, const(33)))
        word = code.builder.mul(word, const(multiplier))
    return code.builder.xor(word, code.builder.lshr(word, const(33)))


def _words(code: Code, record: ir.Value, kind: StructType) -> list[ir.Value]:
    """The record's bytes as little-endian words, zeros behind the last."""
    words: list[ir.Value] = [const(0)] * -(-kind.size // 8)
    for offset, part in _memory_leaves(code, record, kind):
        wide = part if part.type.width == 64 else code.builder.zext(part, I64)
        shifted = code.builder.shl(wide, const(offset % 8 * 8)) if offset % 8 else wide
        words[offset // 8] = code.builder.or_(words[offset // 8], shifted)
    return words


# -- tracing -----------------------------------------------------------------------------------------------------------

_TRACE_PRINTK: Final = 6


def _trace(code: Code, signature: Any, values: list[ir.Value]) -> None:
    """A line in the kernel's trace. The text is built on the stack: there it needs no map of its own."""
    form = signature.args[0].text
    numbers = []
    for value, kind in zip(values[1:], signature.args[1:], strict=True):
        number = as_int(kind)
        assert number is not None
        form = form.replace("{}", "%llu" if number.values is U64 else "%lld", 1)
        numbers.append(code.register(value, kind))
    text = form.encode("ascii") + b"\0"
    text = text.ljust(-(-len(text) // 8) * 8, b"\0")
    place = code.bytes_slot("trace", len(text))
    for offset in range(0, len(text), 8):
        word = int.from_bytes(text[offset : offset + 8], "little")
        _store(code, I64(word), place, offset, 8)
    rest = [const(0)] * (TRACED - len(numbers))  # kernels want every argument set
    code.helper(_TRACE_PRINTK, I64, [place, I32(len(form) + 1), *numbers, *rest])


LOWERINGS: Final[Mapping[str, Lowering]] = {
    "record.new": _new,
    "vector.element": _element,
    "constants.element": _constant_at,
    "group.of": _group,
    "group.item": _group_item,
    "result.of": _first,
    "result.record": _second,
    "result.nothing": _nothing,
    "syrup.hash": _hash,
    "trace.print": _trace,
}
"""Operation -> its lowering."""
