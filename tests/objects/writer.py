"""A small writer of objects, so that each test says what is wrong with its own, and nothing else is."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import encode
from syrupc.isa.insn import Insn
from tests.objects.layout import NOBITS, REL, SYMTAB

PROGBITS: Final = 1
STRTAB: Final = 3
ALLOC: Final = 2
EXECUTABLE: Final = 4
COMPRESSED: Final = 0x800
FUNC: Final = 2
OBJECT: Final = 1

RETURN_ONE: Final = encode((Insn(op.ALU64 | op.MOV, 0, imm=1), Insn(op.JMP | op.EXIT)))


@dataclass
class Part:
    """A section; `size` where it is not that of the content."""

    name: bytes
    content: bytes = b""
    kind: int = PROGBITS
    flags: int = 0
    link: int = 0
    info: int = 0
    size: int | None = None


def symbol(name: int, section: int, value: int = 0, size: int = 0, kind: int = FUNC, binding: int = 1) -> bytes:
    """An entry of the symbol table; `name` is an offset in its strings."""
    return struct.pack("<IBBHQQ", name, binding << 4 | kind, 0, section, value, size)


def relocation(offset: int, number: int, kind: int = 1) -> bytes:
    return struct.pack("<QII", offset, kind, number)


def elf(parts: Sequence[Part]) -> bytes:
    """The file: `parts` are sections 1, 2 …; one with their names follows."""
    names = bytearray(b"\0")
    starts = []
    for part in parts:
        starts.append(len(names))
        names += part.name + b"\0"
    names_start = len(names)
    names += b".shstrtab\0"
    body, headers = bytearray(), [bytes(64)]
    for part, start in zip((*parts, Part(b"", bytes(names), STRTAB)), (*starts, names_start), strict=True):
        offset, size = 64 + len(body), len(part.content) if part.size is None else part.size
        if part.kind != NOBITS:
            body += part.content + bytes(-len(part.content) % 8)
        headers.append(
            struct.pack("<IIQQQQIIQQ", start, part.kind, part.flags, 0, offset, size, part.link, part.info, 8, 0)
        )
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    numbers = (1, 247, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, len(headers), len(headers) - 1)
    return ident + struct.pack("<HHIQQQIHHHHHH", *numbers) + bytes(body) + b"".join(headers)


def program(
    *more: Part,
    code: bytes = RETURN_ONE,
    section: bytes = b"sk_reuseport",
    name: bytes = b"decide",
    symbols: Iterable[bytes] = (),
    strings: bytes = b"",
    relocations: bytes = b"",
    size: int | None = None,
) -> bytes:
    """An object with one program. Sections: 1 the code, 2 the symbols, 3 their strings, 4 relocations, then `more`.

    `strings` follow the program's name in section 3, at `2 + len(name)`.
    """
    table = bytes(24) + symbol(1, 1, 0, len(code) if size is None else size) + b"".join(symbols)
    return elf(
        [
            Part(section, code, flags=ALLOC | EXECUTABLE),
            Part(b".symtab", table, SYMTAB, link=3),
            Part(b".strtab", b"\0" + name + b"\0" + strings, STRTAB),
            Part(b".rel", relocations, REL, link=2, info=1),
            *more,
        ]
    )


@dataclass
class Types:
    """A `.BTF` section in the making."""

    strings: bytearray = field(default_factory=lambda: bytearray(b"\0"))
    types: bytearray = field(default_factory=bytearray)
    count: int = 0

    def text(self, text: bytes) -> int:
        if not text:
            return 0
        self.strings += text + b"\0"
        return len(self.strings) - len(text) - 1

    def add(
        self, kind: int, size: int = 0, name: bytes = b"", *words: int, vlen: int = 0, at: int | None = None
    ) -> int:
        """One type, and its id. `words` follow its first twelve bytes; `at` is the offset of its name."""
        start = self.text(name) if at is None else at
        self.types += struct.pack(f"<III{len(words)}I", start, kind << 24 | vlen, size, *words)
        self.count += 1
        return self.count

    def members(self, kind: int, size: int, name: bytes, types: Sequence[int]) -> int:
        """A struct or union whose members, without names, have these types and all begin where it does."""
        return self.add(kind, size, name, *(word for number in types for word in (0, number, 0)), vlen=len(types))

    def variables(self, name: bytes, types: Sequence[int], size: int) -> int:
        """A data section of variables of that size, one behind the other."""
        words = (word for place, number in enumerate(types) for word in (number, size * place, size))
        return self.add(15, size * len(types), name, *words, vlen=len(types))

    def section(self) -> Part:
        header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings))
        return Part(b".BTF", header + bytes(self.types + self.strings))


def btf_ext(functions: bytes = b"", lines: bytes = b"") -> Part:
    """`.BTF.ext` from its two tables, each with the size of its records in front."""
    header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(functions), len(functions), len(lines))
    return Part(b".BTF.ext", header + functions + lines)
