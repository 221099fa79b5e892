"""ELF bytes -> `Object`: what a loader and the pre-verifier need, read back from what was emitted."""

from __future__ import annotations

from typing import Final

from syrupc.objfile.btf import Btf, DataSection, complete_datasecs, parse_btf
from syrupc.objfile.btfext import BtfExt, parse_btf_ext
from syrupc.objfile.elf import Elf, malformed, not_an_object, parse_elf
from syrupc.objfile.link import link_programs
from syrupc.objfile.mapdefs import is_data_section, map_symbols, read_maps
from syrupc.objfile.metadata import SECTION as SPEC_SECTION
from syrupc.objfile.metadata import decode_spec
from syrupc.objfile.model import Object

LICENSE_SECTION: Final = "license"


def read_object(data: bytes) -> Object:
    """Read an object of ours or of clang's; raises `ObjectError` (SYR4xx) for everything else."""
    elf = parse_elf(data)
    btf = _btf(elf)
    maps = read_maps(elf, btf)
    sections = {s.index: s.name for s in elf.sections if is_data_section(s)}
    programs = link_programs(elf, map_symbols(elf), sections, _btf_ext(elf, btf))
    if not programs:
        raise not_an_object("it holds no program: no function outside `.text`")
    if len({p.name for p in programs}) < len(programs):
        raise malformed("two of its programs have the same name")
    spec = elf.section(SPEC_SECTION)
    return Object(
        data=data,
        programs=programs,
        maps=maps,
        license=_license(elf),
        btf=complete_datasecs(btf, _data_sections(elf)) if btf else b"",
        spec=decode_spec(spec.content) if spec else None,
    )


def _btf(elf: Elf) -> Btf | None:
    section = elf.section(".BTF")
    return parse_btf(section.content) if section else None


def _btf_ext(elf: Elf, btf: Btf | None) -> BtfExt:
    section = elf.section(".BTF.ext")
    if section is None or btf is None:
        return BtfExt({}, {})
    return parse_btf_ext(section.content, btf)


def _data_sections(elf: Elf) -> dict[str, DataSection]:
    return {
        section.name: DataSection(
            section.size,
            {s.name: s.value for s in elf.symbols if s.section == section.index and s.is_global},
        )
        for section in elf.sections
        if section.allocated and not section.executable
    }


def _license(elf: Elf) -> str:
    section = elf.section(LICENSE_SECTION)
    if section is None:
        return ""
    return section.content.partition(b"\0")[0].decode("ascii", "replace")
