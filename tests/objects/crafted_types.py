"""Objects whose type and line information is made to cost much or to mislead; see `crafted`."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from tests.objects.crafted import crafted
from tests.objects.mutations import NASTY
from tests.objects.writer import ALLOC, OBJECT, RETURN_ONE, Part, Types, btf_ext, program, symbol

INT, PTR, ARRAY, STRUCT, TYPEDEF, CONST, FUNC, PROTO, VAR = 1, 2, 3, 4, 8, 10, 12, 13, 14
_MANY: Final = 65_000
_U32_MAX: Final = (1 << 32) - 1


def _of(types: Types) -> bytes:
    return program(types.section())


def _int(types: Types) -> int:
    return types.add(INT, 4, b"int", 32)


# -- circles and depths ------------------------------------------------------------------------------------------------


@crafted("SYR402")
def a_typedef_of_itself() -> bytes:
    types = Types()
    types.add(TYPEDEF, 1, b"t")
    return _of(types)


@crafted("SYR402")
def constants_of_each_other() -> bytes:
    types = Types()
    types.add(CONST, 2)
    types.add(CONST, 1)
    return _of(types)


@crafted("SYR402")
def a_struct_that_contains_itself() -> bytes:
    types = Types()
    types.members(STRUCT, 8, b"s", [1])
    return _of(types)


@crafted("SYR402")
def an_array_of_itself() -> bytes:
    types = Types()
    types.add(ARRAY, 0, b"", 1, 1, 2)
    return _of(types)


@crafted("accepted")
def a_struct_that_points_to_itself() -> bytes:
    types = Types()
    types.members(STRUCT, 8, b"s", [2])
    types.add(PTR, 1)
    return _of(types)


@crafted("SYR402")
def a_typedef_of_a_typedef_and_so_on() -> bytes:
    types = Types()
    for number in range(_MANY):
        types.add(TYPEDEF, number, b"t" if not number else b"", at=None if not number else 1)
    return _of(types)


@crafted("SYR402")
def typedefs_that_lead_to_later_ones() -> bytes:
    types = Types()
    for number in range(_MANY):
        types.add(TYPEDEF, number + 2, at=0)
    _int(types)
    return _of(types)


@crafted("SYR402")
def structs_in_structs_and_so_on() -> bytes:
    types = Types()
    _int(types)
    for number in range(_MANY):
        types.members(STRUCT, 4, b"", [number + 1])
    return _of(types)


def _map_value(types: Types, value: int) -> bytes:
    """An object with one hash map of such values, whose sizes are given in words of the format."""
    number = _int(types)
    pointers = [types.add(PTR, types.add(ARRAY, 0, b"", number, number, count)) for count in (1, 8)]
    fields = {b"type": pointers[0], b"max_entries": pointers[1]}
    fields |= {b"key": types.add(PTR, number), b"value": types.add(PTR, value or number)}
    words = (word for at, name in enumerate(fields) for word in (types.text(name), fields[name], 64 * at))
    kind = types.add(STRUCT, 32, b"", *words, vlen=len(fields))
    types.variables(b".maps", [types.add(VAR, kind, b"table", 1)], 32)
    maps = Part(b".maps", bytes(32), flags=ALLOC | 1)
    return program(types.section(), maps, strings=b"table\0", symbols=[symbol(8, 6, 0, 32, OBJECT)])


@crafted("accepted")
def structs_wide_and_deep() -> bytes:
    """A thousand members of a type with a thousand members, twenty times: whoever looks into each does not end."""
    types = Types()
    last = _int(types)
    for _ in range(20):
        last = types.members(STRUCT, 4, b"", [last] * 1000)
    return _map_value(types, last)


@crafted("accepted")
def a_map_of_absurd_values() -> bytes:
    types = Types()
    number = _int(types)
    return _map_value(types, types.add(ARRAY, 0, b"", number, number, (1 << 29) - 1))


@crafted("SYR402")
def a_map_of_values_beyond_four_gigabytes() -> bytes:
    types = Types()
    number = _int(types)
    inner = types.add(ARRAY, 0, b"", number, number, _U32_MAX)
    return _map_value(types, types.add(ARRAY, 0, b"", inner, number, _U32_MAX))


# -- much of everything ------------------------------------------------------------------------------------------------


@crafted("SYR402")
def a_hundred_thousand_types() -> bytes:
    types = Types()
    for _ in range(100_000):
        types.add(PTR, 0)
    return _of(types)


@crafted("unsafe")
def functions_with_the_parameters_of_one() -> bytes:
    types = Types()
    number = _int(types)
    name = types.text(b"p")
    proto = types.add(PROTO, number, b"", *(name, number) * _MANY, vlen=_MANY)
    for _ in range(_MANY - 10):
        types.add(FUNC, proto, at=name)
    types.add(FUNC, proto, b"")
    return _of(types)


@crafted("SYR402")
def types_that_share_a_long_name() -> bytes:
    types = Types()
    start = types.text(b"x" * (1 << 20))
    for number in range(_MANY):
        types.add(STRUCT, 0, at=start + number)
    return _of(types)


@crafted("SYR402")
def a_name_of_a_megabyte() -> bytes:
    types = Types()
    types.add(STRUCT, 0, b"x" * (1 << 20))
    return _of(types)


@crafted("SYR402")
def many_maps_of_many_fields() -> bytes:
    types = Types()
    number = _int(types)
    kind = types.members(STRUCT, 8, b"", [number] * _MANY)
    variables = [types.add(VAR, kind, b"m%d" % n, 1) for n in range(1000)]
    types.variables(b".maps", variables, 8)
    names = b"".join(b"m%d\0" % n for n in range(1000))
    symbols = [symbol(names.index(b"m%d\0" % n) + 8, 6, 8 * n, 8, OBJECT) for n in range(1000)]
    return program(types.section(), Part(b".maps", bytes(8000), flags=ALLOC | 1), strings=names, symbols=symbols)


@crafted("accepted")
def many_programs_and_many_types() -> bytes:
    types = Types()
    for _ in range(_MANY):
        types.add(PTR, 0)
    names = b"".join(b"p%d\0" % n for n in range(1000))
    symbols = [symbol(names.index(b"p%d\0" % n) + 8, 1, 16 * n, 16) for n in range(1, 1000)]
    return program(types.section(), code=RETURN_ONE * 1000, size=16, strings=names, symbols=symbols)


# -- lines and functions -----------------------------------------------------------------------------------------------


def _table(size: int, *sections: tuple[int, Sequence[bytes]]) -> bytes:
    """A table of `.BTF.ext`: the size of a record, and for each section its name and records."""
    found = struct.pack("<I", size)
    return found + b"".join(struct.pack("<II", name, len(rows)) + b"".join(rows) for name, rows in sections)


def _lines(types: Types, rows: Sequence[bytes], code: bytes = RETURN_ONE) -> bytes:
    _int(types)
    section = types.text(b"sk_reuseport")
    return program(types.section(), btf_ext(lines=_table(16, (section, rows))), code=code)


def _straight(slots: int) -> bytes:
    """A program of so many instructions and one more."""
    return RETURN_ONE[:8] * (slots - 1) + RETURN_ONE


@crafted("accepted")
def each_line_of_another_file() -> bytes:
    types = Types()
    text = types.text(b"return 1")
    files = [types.text(b"f%d.py" % n) for n in range(20_000)]
    rows = [struct.pack("<IIII", 8 * slot, file, text, 60_000 << 10) for slot, file in enumerate(files)]
    return _lines(types, rows, _straight(len(files)))


@crafted("SYR402")
def a_million_lines() -> bytes:
    types = Types()
    name = types.text(b"x.py")
    return _lines(types, [struct.pack("<IIII", 0, name, name, 1 << 10)] * 1_000_000)


@crafted("SYR402")
def lines_that_share_a_long_text() -> bytes:
    types = Types()
    start = types.text(b"x" * (1 << 20))
    return _lines(types, [struct.pack("<IIII", 0, start + n, start + n, 1 << 10) for n in range(60_000)])


@crafted("accepted")
def one_long_line_many_times() -> bytes:
    types = Types()
    file, text = types.text(b"x.py"), types.text(b"y" * (1 << 20))
    rows = [struct.pack("<IIII", 8 * n, file, text, n << 10 | 1) for n in range(1, 2000)]
    return _lines(types, rows, _straight(2000))


@crafted("accepted")
def lines_with_nasty_texts() -> bytes:
    types = Types()
    texts = [types.text(name.replace(b"\0", b"")) for name in NASTY]
    rows = [struct.pack("<IIII", 8 * slot, text, text, slot + 1 << 10) for slot, text in enumerate(texts)]
    return _lines(types, rows, _straight(len(texts)))


@crafted("unsafe")
def a_fault_in_a_nasty_line() -> bytes:
    types = Types()
    file, text = types.text(NASTY[0] + NASTY[1]), types.text(NASTY[4] + NASTY[3])
    return _lines(types, [struct.pack("<IIII", 0, file, text, 1 << 10 | 5)], code=RETURN_ONE[8:])


@crafted("SYR402")
def records_that_claim_to_be_more() -> bytes:
    types = Types()
    name = types.text(b"sk_reuseport")
    return program(types.section(), btf_ext(lines=struct.pack("<III", 16, name, _U32_MAX) + bytes(16)))


@crafted("SYR402")
def records_of_no_size() -> bytes:
    types = Types()
    name = types.text(b"sk_reuseport")
    return program(types.section(), btf_ext(lines=struct.pack("<III", 0, name, _U32_MAX)))


@crafted("SYR402")
def a_section_that_is_spoken_of_many_times() -> bytes:
    types = Types()
    name = types.text(b"sk_reuseport")
    row = struct.pack("<IIII", 0, name, name, 1 << 10)
    return program(types.section(), btf_ext(lines=_table(16, *[(name, [row])] * 50_000)))


# -- what can be read, and is refused by kernels -----------------------------------------------------------------------


@crafted("unsafe")
def a_pointer_to_itself() -> bytes:
    types = Types()
    types.add(PTR, 1)
    return _of(types)


@crafted("unsafe")
def an_integer_of_more_bits_than_it_has() -> bytes:
    types = Types()
    types.add(INT, 4, b"int", 64)
    return _of(types)


@crafted("unsafe")
def an_array_indexed_by_a_pointer() -> bytes:
    types = Types()
    number, pointer = _int(types), types.add(PTR, 1)
    types.add(ARRAY, 0, b"", number, pointer, 4)
    return _of(types)


@crafted("unsafe")
def a_struct_with_a_member_behind_its_end() -> bytes:
    types = Types()
    number = _int(types)
    types.add(STRUCT, 4, b"s", types.text(b"m"), number, 8, vlen=1)
    return _of(types)


@crafted("unsafe")
def a_section_with_too_little_room_for_a_variable() -> bytes:
    types = Types()
    types.variables(b".data", [types.add(VAR, _int(types), b"v", 1)], 2)
    return _of(types)
