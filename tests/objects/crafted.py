"""Objects made to cost much, to mislead, or to deceive who reads what is said of them: each with what becomes of it."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import encode
from syrupc.isa.insn import Insn
from tests.objects.layout import NOBITS
from tests.objects.mutations import NASTY
from tests.objects.writer import (
    ALLOC,
    COMPRESSED,
    EXECUTABLE,
    OBJECT,
    RETURN_ONE,
    Part,
    Types,
    program,
    relocation,
    symbol,
)

_MILLION: Final = 1_000_000
_CALL: Final = Insn(op.JMP | op.CALL, 0, op.CALL_LOCAL, 0, -1)

CRAFTED: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {}
"""Name -> what becomes of it (a code, or an outcome of the verdict), and the object."""


def crafted(outcome: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def enter(make: Callable[[], bytes]) -> Callable[[], bytes]:
        CRAFTED[make.__name__] = outcome, make
        return make

    return enter


def _header(offset: int, kind: str, value: int) -> bytes:
    data = bytearray(program())
    struct.pack_into("<" + kind, data, offset, value)
    return bytes(data)


# -- the file ----------------------------------------------------------------------------------------------------------


@crafted("SYR401")
def nothing() -> bytes:
    return b""


@crafted("SYR401")
def zeros_without_end() -> bytes:
    return bytes(17 << 20)


@crafted("SYR402")
def more_sections_than_fit() -> bytes:
    return _header(60, "H", 0xFFFF)


@crafted("SYR402")
def a_section_table_that_wraps_around() -> bytes:
    return _header(40, "Q", (1 << 64) - 64)


@crafted("SYR402")
def thousands_of_sections_over_each_other() -> bytes:
    data = program(*[Part(b".data.%d" % n, flags=ALLOC, size=1 << 20) for n in range(2000)])
    return data + bytes(1 << 20)


@crafted("SYR402")
def thousands_of_zeroed_sections() -> bytes:
    return program(*[Part(b".bss.%d" % n, kind=NOBITS, flags=ALLOC | 1, size=16 << 20) for n in range(2000)])


@crafted("SYR402")
def more_data_sections_than_maps() -> bytes:
    return program(*[Part(b".data.%d" % n, bytes(8), flags=ALLOC | 1) for n in range(2000)])


@crafted("SYR402")
def a_compressed_section_of_a_gigabyte() -> bytes:
    content = struct.pack("<IIQQ", 1, 0, 1 << 30, 1) + zlib.compress(bytes(1 << 24))
    return program(Part(b".BTF", content, flags=COMPRESSED))


# -- symbols and relocations -------------------------------------------------------------------------------------------


@crafted("SYR402")
def a_million_relocations() -> bytes:
    return program(relocations=relocation(0, 1) * _MILLION)


@crafted("SYR402")
def half_a_million_symbols() -> bytes:
    return program(symbols=[symbol(0, 1) * (_MILLION // 2)])


@crafted("SYR402")
def a_relocation_out_of_its_section() -> bytes:
    return program(relocations=relocation(1 << 40, 1))


@crafted("SYR402")
def a_relocation_inside_an_instruction() -> bytes:
    return program(relocations=relocation(4, 1))


@crafted("SYR402")
def two_relocations_of_an_instruction() -> bytes:
    return program(relocations=relocation(0, 1) * 2)


@crafted("SYR402")
def a_relocation_by_a_symbol_that_is_not_there() -> bytes:
    return program(relocations=relocation(0, 99))


@crafted("accepted")
def symbols_that_share_a_long_name() -> bytes:
    """Each takes the rest of the same string: together far more than the file."""
    return program(strings=b"x" * 2000 + b"\0", symbols=[symbol(8 + n % 1000, 0, kind=0) for n in range(32_000)])


@crafted("SYR402")
def symbols_with_a_name_of_a_megabyte() -> bytes:
    return program(strings=b"x" * (1 << 20) + b"\0", symbols=[symbol(8 + n, 0, kind=0) for n in range(30_000)])


@crafted("accepted")
def symbols_in_every_section() -> bytes:
    parts = [Part(b"x.%d" % n, flags=ALLOC) for n in range(2000)]
    types = Types()
    types.add(1, 4, b"int", 32)
    return program(*parts, types.section(), symbols=[symbol(0, 5 + n % 2000, kind=OBJECT) for n in range(32_000)])


# -- code --------------------------------------------------------------------------------------------------------------


@crafted("SYR402")
def functions_that_overlap() -> bytes:
    code = RETURN_ONE * 10_000
    return program(code=code, symbols=[symbol(1, 1, 8 * n, len(code) - 8 * n) for n in range(1, 1000)])


@crafted("SYR402")
def programs_that_all_call_a_large_function() -> bytes:
    body = RETURN_ONE * 50_000
    names = b"".join(b"p%d\0" % n for n in range(1000))
    call = encode((_CALL, Insn(op.JMP | op.EXIT)))
    starts = [names.index(b"p%d\0" % n) + 8 for n in range(1000)]
    symbols = [symbol(at, 1, 16 + 16 * n, 16) for n, at in enumerate(starts)]
    relocations = b"".join(relocation(16 + 16 * n, 1002, 10) for n in range(1000))
    return program(
        Part(b".text", body, flags=ALLOC | EXECUTABLE),
        code=RETURN_ONE + call * 1000,
        strings=names,
        symbols=[*symbols, symbol(0, 5, 0, len(body), binding=0)],
        relocations=relocations,
    )


@crafted("accepted")
def fifty_thousand_jumps_backwards() -> bytes:
    """What is still wanted at the last is known when it is known at all others: one more with each naive search."""
    jumps = 50_000
    code = [Insn(op.ALU64 | op.MOV, 6, imm=1), Insn(op.JMP32 | op.JA, imm=jumps + 1)]
    code += [Insn(op.ALU64 | op.MOV | op.X, 0, 6), Insn(op.JMP | op.EXIT), Insn(op.JMP | op.JA, off=-3)]
    return program(code=encode([*code, *[Insn(op.JMP | op.JA, off=-2)] * (jumps - 1)]))


@crafted("unsafe")
def an_instruction_that_is_none() -> bytes:
    return program(code=b"\xff" * 8 * 1000)


@crafted("SYR402")
def code_that_ends_inside_an_instruction() -> bytes:
    return program(code=RETURN_ONE + b"\x07")


# -- what is shown -----------------------------------------------------------------------------------------------------


def _named(name: bytes) -> Callable[[], bytes]:
    return lambda: program(name=name.replace(b"\0", b""), section=b"sk_reuseport/" + name.replace(b"\0", b""))


for _number, _name in enumerate(NASTY):
    if _name:
        CRAFTED[f"a_program_with_nasty_name_{_number}"] = "accepted", _named(_name)


@crafted("accepted")
def a_program_without_a_name() -> bytes:
    return program(name=b"")


@crafted("unsupported")
def a_section_that_no_hook_has() -> bytes:
    return program(section=b"\x1b[31mxdp\n\n" + b"y" * 1000)


@crafted("SYR402")
def metadata_with_surrogates_and_escapes() -> bytes:
    nasty = "\ud800\x1b[2J\n"
    empty = {"source": nasty, "source_sha256": nasty, "waiver": nasty, "programs": [], "version": nasty}
    return program(Part(b".syrup", json.dumps({**empty, "maps": []}).encode()))


@crafted("SYR402")
def metadata_of_a_version_of_a_megabyte() -> bytes:
    return program(Part(b".syrup", json.dumps({"version": ["\x1b"] * 100_000}).encode()))


@crafted("SYR402")
def metadata_that_is_nested_without_end() -> bytes:
    return program(Part(b".syrup", b"[" * 500_000))


@crafted("SYR402")
def metadata_of_ten_megabytes() -> bytes:
    return program(Part(b".syrup", b"[" + b"{}," * 3_000_000 + b"{}]"))


@crafted("SYR402")
def metadata_with_a_number_of_a_million_digits() -> bytes:
    return program(Part(b".syrup", b'{"version": ' + b"9" * 1_000_000 + b"}"))


@crafted("accepted")
def a_licence_of_ten_megabytes() -> bytes:
    return program(Part(b"license", b"\xff" * (10 << 20), flags=ALLOC))
