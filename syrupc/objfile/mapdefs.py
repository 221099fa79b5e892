"""The maps of an object: those that `.maps` defines through BTF, and one for each data section."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from syrupc.objfile.btf import ARRAY, DATASEC, PTR, STRUCT, Btf, BtfType
from syrupc.objfile.elf import Elf, Section
from syrupc.objfile.model import MapDefinition
from syrupc.objfile.refusals import malformed, not_modelled, too_large

MAPS_SECTION: Final = ".maps"

_ARRAY_MAP: Final = 2
_RDONLY_PROG: Final = 1 << 7
MAX_MAPS: Final = 1 << 10
_MAX_FIELDS: Final = 1 << 6
_U32_MAX: Final = 0xFFFFFFFF
_DATA_SECTIONS: Final = (".data", ".rodata", ".bss")

# Map types whose creation takes no BTF types: values there are descriptors (array of maps, cpumap, sockmap, …).
_WITHOUT_TYPES: Final = frozenset({4, 7, 8, 12, 13, 14, 15, 16, 17, 18, 20, 25})


def data_section(name: str) -> str:
    """The section of a variable that is a map by itself: the section's name is the map's for other loaders."""
    return f".data.{name}"


def is_data_section(section: Section) -> bool:
    """Whether programs see the section as the single value of an array map."""
    return (
        section.allocated
        and not section.executable
        and section.size > 0
        and any(section.name == name or section.name.startswith(name + ".") for name in _DATA_SECTIONS)
        and not section.name.startswith((".rodata.str", ".rodata.cst"))
    )


def read_maps(elf: Elf, btf: Btf | None, data: Mapping[int, str]) -> tuple[MapDefinition, ...]:
    """The maps in the order of the object: `.maps` by address, then the data sections under the names in `data`."""
    if len(map_symbols(elf)) + len(data) > MAX_MAPS:
        raise too_large("it defines more maps", MAX_MAPS)
    return (*_defined(elf, btf), *(_data_map(elf.sections[index], name, btf) for index, name in data.items()))


def map_symbols(elf: Elf) -> Mapping[tuple[int, int], str]:
    """(section index, address) -> name of the map that is defined there."""
    section = elf.section(MAPS_SECTION)
    if section is None:
        return {}
    return {(s.section, s.value): s.name for s in elf.symbols if s.section == section.index and s.kind == "STT_OBJECT"}


def _defined(elf: Elf, btf: Btf | None) -> list[MapDefinition]:
    names = map_symbols(elf)
    if not names:
        return []
    if btf is None:
        raise malformed("it defines maps and has no BTF to say what they are")
    types = _variable_types(btf)
    result = []
    for _, name in sorted(names.items()):
        if name not in types:
            raise malformed(f"map `{name}` has no type in the BTF")
        result.append(_definition(btf, name, types[name]))
    return result


def _variable_types(btf: Btf) -> dict[str, int]:
    section = btf.types[btf.named(DATASEC, MAPS_SECTION)]
    variables = (btf.type(member.type) for member in btf.members(section))
    return {variable.name: variable.type for variable in variables}


def _definition(btf: Btf, name: str, type_id: int) -> MapDefinition:
    found = btf.resolve(type_id)
    if found.kind != STRUCT:
        raise malformed(f"map `{name}` is not described by a struct")
    if found.vlen > _MAX_FIELDS:
        raise malformed(f"the definition of map `{name}` has {found.vlen} fields")
    fields = {member.name: member.type for member in btf.members(found)}
    numbers = {key: _number(btf, name, key, fields.pop(key)) for key in _NUMBERS if key in fields}
    key_id, key_size = _type(btf, name, fields.pop("key", 0), numbers.get("key_size", 0))
    value_id, value_size = _type(btf, name, fields.pop("value", 0), numbers.get("value_size", 0))
    if fields:
        raise not_modelled(f"`{min(fields)}` in the definition of map `{name}`", "define the map without it")
    kind = numbers.get("type", 0)
    if kind == 0:
        raise malformed(f"map `{name}` has no type number")
    if kind in _WITHOUT_TYPES:
        key_id = value_id = 0
    return MapDefinition(
        name=name,
        type=kind,
        key_size=key_size,
        value_size=value_size,
        max_entries=numbers.get("max_entries", 0),
        flags=numbers.get("map_flags", 0),
        key_type_id=key_id,
        value_type_id=value_id,
    )


_NUMBERS: Final = ("type", "max_entries", "map_flags", "key_size", "value_size")


def _number(btf: Btf, name: str, field: str, type_id: int) -> int:
    """Numbers are written as types: a pointer to an array of so many elements."""
    return btf.array_length(_pointee(btf, name, field, type_id, ARRAY))


def _pointee(btf: Btf, name: str, field: str, type_id: int, kind: int) -> BtfType:
    pointer = btf.resolve(type_id)
    found = btf.resolve(pointer.type) if pointer.kind == PTR else pointer
    if pointer.kind != PTR or found.kind != kind:
        raise malformed(f"`{field}` of map `{name}` is not of the form that map definitions have")
    return found


def _type(btf: Btf, name: str, type_id: int, size: int) -> tuple[int, int]:
    """The type behind the pointer and its size; without one, the size that was given as a number."""
    if not type_id:
        return 0, size
    pointer = btf.resolve(type_id)
    if pointer.kind != PTR:
        raise malformed(f"the key or value of map `{name}` is not given as a pointer to its type")
    found = btf.size_of(pointer.type)
    if (size and size != found) or found > _U32_MAX:
        raise malformed(f"the key or value of map `{name}` has two sizes, or none that is possible")
    return pointer.type, found


def _data_map(section: Section, name: str, btf: Btf | None) -> MapDefinition:
    return MapDefinition(
        name=name,
        type=_ARRAY_MAP,
        key_size=struct.calcsize("<I"),
        value_size=section.size,
        max_entries=1,
        flags=0 if section.writable else _RDONLY_PROG,
        value_type_id=btf.named(DATASEC, section.name) if btf else 0,
        initial=section.content or bytes(section.size),
    )
