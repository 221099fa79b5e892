"""ELF bytes as plain tables: the sections, symbols and relocations of a BPF object, all sizes checked before use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from elftools.elf.constants import SH_FLAGS
from elftools.elf.structs import ELFStructs

from syrupc.objfile.refusals import malformed, not_an_object, not_modelled, too_large

MAX_SIZE: Final = 16 << 20
MAX_SECTIONS: Final = 2048
MAX_SYMBOLS: Final = 1 << 15
MAX_RELOCATIONS: Final = 1 << 15
MAX_ZEROED: Final = 16 << 20
MAX_NAME: Final = 1 << 11
"""Limits of what is read: a crafted header must cost neither much time nor much memory."""

R_BPF_64_64: Final = 1
R_BPF_64_ABS64: Final = 2
R_BPF_64_32: Final = 10

UNDEFINED: Final = -1
SPECIAL: Final = -2
"""Section numbers of symbols that belong to no section of the file."""

_HEADER_SIZE: Final = 64
_SECTION_SIZE: Final = 64
_SYMBOL_SIZE: Final = 24
_RELOCATION_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `content` is empty for those that occupy no file space (kind `SHT_NOBITS`), else at `offset`.

    `link` and `target` are indices of other sections: its strings, and what a relocation section applies to.
    """

    index: int
    name: str
    kind: str
    content: bytes
    offset: int
    size: int
    allocated: bool
    writable: bool
    executable: bool
    link: int
    target: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol; `section` is an index, `UNDEFINED` or `SPECIAL`."""

    name: str
    section: int
    value: int
    size: int
    kind: str
    is_global: bool


@dataclass(frozen=True, slots=True)
class ElfRelocation:
    """At byte `offset` of its section, the value of `symbol` goes in, the way `kind` says."""

    offset: int
    kind: int
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Elf:
    """The tables. `relocations` is keyed by the index of the section that they apply to."""

    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    relocations: dict[int, tuple[ElfRelocation, ...]]

    def section(self, name: str) -> Section | None:
        return next((s for s in self.sections if s.name == name), None)


def parse_elf(data: bytes) -> Elf:
    """The tables of `data`; raises `ObjectError` for whatever is not a well-formed BPF object."""
    structs = _structs(data)
    header = structs.Elf_Ehdr.parse(data)
    _check_header(header, len(data))
    sections = _sections(data, structs, header)
    symbols = _symbols(structs, sections)
    return Elf(sections, symbols, _relocations(structs, sections, symbols))


def _structs(data: bytes) -> ELFStructs:
    if not data:
        raise not_an_object("the file is empty")
    if len(data) > MAX_SIZE:
        raise not_an_object(f"it has {len(data)} bytes; objects are read up to {MAX_SIZE} bytes")
    if len(data) < _HEADER_SIZE or data[:4] != b"\x7fELF":
        raise not_an_object("it does not start as an ELF file")
    if data[4] != 2 or data[5] != 1:
        raise not_an_object("it is not a 64-bit little-endian ELF file")
    # Their readers are built for one class, byte order and machine, which the checks above and below hold to.
    structs = ELFStructs(little_endian=True, elfclass=64)
    structs.create_basic_structs()
    structs.create_advanced_structs("ET_REL", "EM_BPF", "ELFOSABI_SYSV")
    return structs


def _check_header(header: Any, size: int) -> None:
    if header.e_machine != "EM_BPF" or header.e_type != "ET_REL":
        raise not_an_object("it is an ELF file for something else (no relocatable file for BPF)")
    if not 0 < header.e_shnum <= MAX_SECTIONS:
        raise malformed(f"it claims {header.e_shnum} sections; between 1 and {MAX_SECTIONS} are possible")
    if header.e_shentsize != _SECTION_SIZE or header.e_shoff + header.e_shnum * _SECTION_SIZE > size:
        raise malformed("its section table lies outside the file")
    if header.e_shstrndx >= header.e_shnum:
        raise malformed("its sections have no names")


def _sections(data: bytes, structs: ELFStructs, header: Any) -> tuple[Section, ...]:
    places = range(header.e_shoff, header.e_shoff + header.e_shnum * _SECTION_SIZE, _SECTION_SIZE)
    entries = [structs.Elf_Shdr.parse(data[place : place + _SECTION_SIZE]) for place in places]
    if sum(entry.sh_size for entry in entries if entry.sh_type != "SHT_NOBITS") > 2 * len(data):
        raise malformed("its sections overlap")
    if (zeroed := sum(entry.sh_size for entry in entries if entry.sh_type == "SHT_NOBITS")) > MAX_ZEROED:
        raise too_large(f"its sections without content have {zeroed} bytes", MAX_ZEROED)
    names = _content(data, entries[header.e_shstrndx])
    return tuple(_section(data, index, entry, names) for index, entry in enumerate(entries))


def _section(data: bytes, index: int, entry: Any, names: bytes) -> Section:
    name, flags = _string(names, entry.sh_name), entry.sh_flags
    return Section(
        index=index,
        name=name,
        kind=str(entry.sh_type),
        content=_content(data, entry),
        offset=entry.sh_offset,
        size=entry.sh_size,
        allocated=bool(flags & SH_FLAGS.SHF_ALLOC),
        writable=bool(flags & SH_FLAGS.SHF_WRITE),
        executable=bool(flags & SH_FLAGS.SHF_EXECINSTR),
        link=entry.sh_link,
        target=entry.sh_info,
    )


def _content(data: bytes, entry: Any) -> bytes:
    """The bytes as they are in the file: a compressed section stays so, it is none that is looked into."""
    if entry.sh_type in ("SHT_NOBITS", "SHT_NULL"):
        return b""
    if entry.sh_offset + entry.sh_size > len(data):
        raise malformed("a section reaches past the end of the file")
    return data[entry.sh_offset : entry.sh_offset + entry.sh_size]


def _string(table: bytes, offset: int) -> str:
    end = table.find(b"\0", offset, offset + MAX_NAME)
    if end < 0:
        raise malformed("it has a name outside its string table, or without an end")
    return table[offset:end].decode("utf-8", "surrogateescape")


def _symbols(structs: ELFStructs, sections: tuple[Section, ...]) -> tuple[Symbol, ...]:
    tables = [s for s in sections if s.kind == "SHT_SYMTAB"]
    if not tables:
        return ()
    table = tables[0]
    if len(tables) > 1 or table.size % _SYMBOL_SIZE or table.link >= len(sections):
        raise malformed("its symbol table is damaged, or it has several")
    if table.size // _SYMBOL_SIZE > MAX_SYMBOLS:
        raise too_large(f"it has {table.size // _SYMBOL_SIZE} symbols", MAX_SYMBOLS)
    names = sections[table.link].content
    return tuple(_symbol(structs.Elf_Sym.parse(entry), names) for entry in _slices(table.content, _SYMBOL_SIZE))


def _symbol(entry: Any, names: bytes) -> Symbol:
    section = entry.st_shndx
    if isinstance(section, str):
        section = UNDEFINED if section == "SHN_UNDEF" else SPECIAL
    return Symbol(
        name=_string(names, entry.st_name),
        section=section,
        value=entry.st_value,
        size=entry.st_size,
        kind=str(entry.st_info.type),
        is_global=entry.st_info.bind in ("STB_GLOBAL", "STB_WEAK"),
    )


def _relocations(
    structs: ELFStructs, sections: tuple[Section, ...], symbols: tuple[Symbol, ...]
) -> dict[int, tuple[ElfRelocation, ...]]:
    found: dict[int, tuple[ElfRelocation, ...]] = {}
    total = 0
    for section in sections:
        if section.kind not in ("SHT_REL", "SHT_RELA"):
            continue
        if not 0 < section.target < len(sections):
            raise malformed(f"relocation section `{section.name}` applies to no section")
        if not sections[section.target].allocated:
            continue  # debug information: its own readers know what they need
        if section.kind == "SHT_RELA":
            raise not_modelled("a relocation section with addends", "build with LLVM for BPF, which writes none")
        total += section.size // _RELOCATION_SIZE
        if total > MAX_RELOCATIONS:
            raise too_large("it has more relocations", MAX_RELOCATIONS)
        if section.size % _RELOCATION_SIZE or section.target in found:
            raise malformed(f"relocation section `{section.name}` is damaged, or not the only one for its section")
        found[section.target] = tuple(
            _relocation(structs.Elf_Rel.parse(entry), symbols, sections[section.target])
            for entry in _slices(section.content, _RELOCATION_SIZE)
        )
    return found


def _relocation(entry: Any, symbols: tuple[Symbol, ...], target: Section) -> ElfRelocation:
    if entry.r_info_sym >= len(symbols):
        raise malformed(f"a relocation names symbol {entry.r_info_sym} of {len(symbols)}")
    if entry.r_offset >= target.size:
        raise malformed(f"a relocation lies outside section `{target.name}`")
    return ElfRelocation(entry.r_offset, entry.r_info_type, symbols[entry.r_info_sym])


def _slices(content: bytes, size: int) -> list[bytes]:
    return [content[i : i + size] for i in range(0, len(content), size)]
