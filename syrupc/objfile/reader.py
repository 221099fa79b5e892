"""ELF bytes -> `Object`: what a loader and the pre-verifier need, read back from what was emitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from syrupc.kernel.hooks import HOOKS
from syrupc.kernel.map_types import BY_NAME, OF_KIND, shape
from syrupc.objfile.btf import Btf, DataSection, complete_datasecs, parse_btf
from syrupc.objfile.btfext import BtfExt, parse_btf_ext
from syrupc.objfile.costs import SECTION as COST_SECTION
from syrupc.objfile.costs import decode_costs
from syrupc.objfile.elf import Elf, parse_elf
from syrupc.objfile.link import link_programs
from syrupc.objfile.mapdefs import data_section, is_data_section, map_symbols, read_maps
from syrupc.objfile.metadata import SECTION as SPEC_SECTION
from syrupc.objfile.metadata import decode_spec
from syrupc.objfile.model import Costs, MapDefinition, Object, Program
from syrupc.objfile.refusals import malformed, not_an_object
from syrupc.spec import FIRST_EXECUTOR_SLOT, MapSpec, ObjectSpec, ProgramSpec

LICENSE_SECTION: Final = "license"
_COUNTERS: Final = (BY_NAME["percpu_array"].number, 4, 8)
"""Type and sizes of the map that counts decisions."""


def read_object(data: bytes) -> Object:
    """Read an object of ours or of clang's; raises `ObjectError` (SYR4xx) for everything else."""
    elf = parse_elf(data)
    btf = _btf(elf)
    spec = _spec(elf)
    names = _own_names(elf, spec)
    programs = link_programs(elf, map_symbols(elf), names, _btf_ext(elf, btf))
    if not programs:
        raise not_an_object("it holds no program: no function outside `.text`")
    if len({p.name for p in programs}) < len(programs):
        raise malformed("two of its programs have the same name")
    maps = _declared_first(read_maps(elf, btf, names), spec)
    for each in spec.programs if spec else ():
        _require_program(each, programs, {m.name: m for m in maps})
    return Object(
        data=data,
        programs=programs,
        maps=maps,
        license=_license(elf),
        btf=complete_datasecs(btf, _data_sections(elf)) if btf else b"",
        spec=spec,
        costs=_costs(elf, spec),
    )


def _spec(elf: Elf) -> ObjectSpec | None:
    section = elf.section(SPEC_SECTION)
    return decode_spec(section.content) if section else None


def _costs(elf: Elf, spec: ObjectSpec | None) -> Costs | None:
    section = elf.section(COST_SECTION)
    return decode_costs(section.content, spec) if section else None


def _own_names(elf: Elf, spec: ObjectSpec | None) -> dict[int, str]:
    """Data section -> name of the map that it is: that of the array which a policy declares, or the section's."""
    declared = {data_section(each.name): each.name for each in spec.maps} if spec else {}
    return {s.index: declared.get(s.name, s.name) for s in elf.sections if is_data_section(s)}


def _declared_first(maps: Sequence[MapDefinition], spec: ObjectSpec | None) -> tuple[MapDefinition, ...]:
    """The maps that the policy declares, which must be what it declares, and then the others."""
    found = {each.name: each for each in maps}
    if len(found) < len(maps):
        raise malformed("two of its maps have the same name")
    declared = {each.name: each for each in spec.maps} if spec else {}
    for each in declared.values():
        _require_fit(each, found.get(each.name))
    return (*(found.pop(name) for name in declared), *found.values())


def _require_fit(declared: MapSpec, found: MapDefinition | None) -> None:
    wanted = (OF_KIND[declared.kind].number, *shape(declared))
    if found is None or (found.type, found.key_size, found.value_size, found.max_entries) != wanted:
        raise malformed(f"map `{declared.name}` is not what its section {SPEC_SECTION} says")


def _require_program(declared: ProgramSpec, programs: Sequence[Program], maps: Mapping[str, MapDefinition]) -> None:
    """The program is there, and the maps by which its decisions are made and read are what they have to be."""
    executors, counters, hook = maps.get(declared.executors), maps.get(declared.counters), HOOKS.get(declared.hook)
    slots = FIRST_EXECUTOR_SLOT + declared.max_executors
    fits = (
        hook is not None
        and executors is not None
        and executors.type == BY_NAME[hook.executor_map].number
        and 0 < declared.max_executors <= executors.max_entries
        and counters is not None
        and (counters.type, counters.key_size, counters.value_size) == _COUNTERS
        and all(slots <= fault.slot < counters.max_entries for fault in declared.faults)
        and slots <= counters.max_entries
    )
    if not fits or declared.name not in {program.name for program in programs}:
        raise malformed(f"program `{declared.name}` is not what its section {SPEC_SECTION} says")


def _btf(elf: Elf) -> Btf | None:
    section = elf.section(".BTF")
    return parse_btf(section.content) if section else None


def _btf_ext(elf: Elf, btf: Btf | None) -> BtfExt:
    section = elf.section(".BTF.ext")
    if section is None or btf is None:
        return BtfExt({}, {})
    return parse_btf_ext(section.content, btf)


def _data_sections(elf: Elf) -> dict[str, DataSection]:
    variables: dict[int, dict[str, int]] = {}
    for symbol in elf.symbols:
        if symbol.is_global:
            variables.setdefault(symbol.section, {})[symbol.name] = symbol.value
    return {
        section.name: DataSection(section.size, variables.get(section.index, {}))
        for section in elf.sections
        if section.allocated and not section.executable
    }


def _license(elf: Elf) -> str:
    section = elf.section(LICENSE_SECTION)
    if section is None:
        return ""
    return section.content.partition(b"\0")[0].decode("ascii", "replace")
