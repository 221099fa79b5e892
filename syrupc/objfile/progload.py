"""The records that loading a program takes along (`BPF_PROG_LOAD`): where functions and source lines are."""

from __future__ import annotations

import struct
from typing import Final

from syrupc.objfile.btf import Btf
from syrupc.objfile.model import Program

FUNC_INFO_SIZE: Final = 8
LINE_INFO_SIZE: Final = 16
"""`func_info_rec_size` and `line_info_rec_size`."""

_FUNC_INFO: Final = struct.Struct("<II")
_LINE_INFO: Final = struct.Struct("<IIII")
_MAX_LINE: Final = (1 << 22) - 1
_MAX_COLUMN: Final = (1 << 10) - 1


def func_info_bytes(program: Program) -> bytes:
    """All records of `func_info`, empty unless every function has one: the kernel wants all or none."""
    if not all(function.type_id for function in program.functions):
        return b""
    return b"".join(_FUNC_INFO.pack(function.slot, function.type_id) for function in program.functions)


def line_info_bytes(program: Program, btf: Btf) -> bytes:
    """All records of `line_info`, empty unless every function starts with one, as the kernel demands."""
    covered = {line.slot for line in program.lines}
    if not all(function.slot in covered for function in program.functions):
        return b""
    records, offsets = [], btf.strings.offsets()
    for line in program.lines:
        file, text = offsets.get(line.file), offsets.get(line.text)
        if file is None or text is None:
            raise ValueError(f"{line.file}:{line.line} is not in this BTF")
        place = min(line.line, _MAX_LINE) << 10 | min(line.column, _MAX_COLUMN)
        records.append(_LINE_INFO.pack(line.slot, file, text, place))
    return b"".join(records)
