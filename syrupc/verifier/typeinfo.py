"""What the kernel demands of type information before it looks at any program: `BPF_BTF_LOAD` is all or nothing.

The rules of `Documentation/bpf/btf.rst` and the checks of `kernel/bpf/btf.c`, told of the first type that breaks one.
That types exist and are not nested without end is known already: nothing else can be read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from syrupc.kernel.release import brought
from syrupc.objfile.btf import (
    ARRAY,
    CONST,
    DATASEC,
    DECL_TAG,
    ENUM,
    ENUM64,
    FLOAT,
    FUNC,
    FUNC_PROTO,
    FWD,
    GLOBAL,
    INT,
    PTR,
    RESTRICT,
    STRUCT,
    TYPE_TAG,
    TYPEDEF,
    UNION,
    VAR,
    VOLATILE,
    Btf,
    BtfType,
)
from syrupc.objfile.nesting import MAX_DEPTH

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOTTED: Final = re.compile(r"[A-Za-z_.][A-Za-z0-9_.]*")
_SECTION: Final = re.compile(r"[A-Za-z_.?][ -~]*")
_MAX_NAME: Final = 127  # `KSYM_NAME_LEN` is 128 with the zero byte (512 from Linux 6.1 on)
_MAX_BITS: Final = 128
_ENCODINGS: Final = (0, 1, 2, 4)
_U32_MAX: Final = (1 << 32) - 1

_NAMELESS: Final = frozenset({PTR, CONST, VOLATILE, RESTRICT, ARRAY, FUNC_PROTO})
_NAMED: Final = frozenset({TYPEDEF, FWD})
_PERHAPS_NAMED: Final = frozenset({STRUCT, UNION, ENUM, ENUM64})
_DOTTED_NAMED: Final = frozenset({FUNC, VAR})
_COUNTED: Final = frozenset({STRUCT, UNION, ENUM, ENUM64, FUNC_PROTO, DATASEC, FUNC})
_FLAGGED: Final = frozenset({STRUCT, UNION, FWD, ENUM, ENUM64})
_LEADING: Final = frozenset({PTR, CONST, VOLATILE, RESTRICT, TYPEDEF, TYPE_TAG})
_ENUM_SIZES: Final = (1, 2, 4, 8)
_FLOAT_SIZES: Final = (2, 4, 8, 12, 16)
_INT_BYTES: Final = (1, 2, 4, 8, 16)
_APART: Final = frozenset({VAR, DATASEC, DECL_TAG})
"""Kinds that nothing else is made of or points to."""
_TAGGED: Final = frozenset({STRUCT, UNION, FUNC, VAR, TYPEDEF})


_SINCE: Final = {FLOAT: "5.13", DECL_TAG: "5.16", TYPE_TAG: "5.17", ENUM64: "6.0"}
"""Kinds that came after the first, by `include/uapi/linux/btf.h` of the releases."""


def refusal(btf: Btf, kernel: tuple[int, int]) -> str | None:
    """Why a kernel of that release would refuse it, in words that end a sentence; None if it would not."""
    if len(btf.types) == 1:
        return "it holds no types"
    for number, found in enumerate(btf.types[1:], 1):
        if found.kind in _SINCE and not brought(_SINCE[found.kind], kernel):
            return f"type {number} is of a kind that came with Linux {_SINCE[found.kind]}"
        reason = _common(found) or _name(found) or _own(btf, found)
        if reason:
            return f"type {number}{f' `{found.name}`' if found.name else ''} {reason}"
    return _unnamed_parameter(btf) or _endless_pointer(btf)


def _common(found: BtfType) -> str | None:
    if found.vlen and found.kind not in _COUNTED:
        return "has members, which its kind has not"
    if found.flag and found.kind not in _FLAGGED:
        return "has a flag that its kind has not"
    return None


def _name(found: BtfType) -> str | None:
    name, kind = found.name, found.kind
    if kind in _NAMELESS:
        fits = not name
    elif kind in _NAMED or (kind in _PERHAPS_NAMED and name):
        fits = _is_identifier(name)
    elif kind in _DOTTED_NAMED:
        fits = bool(_DOTTED.fullmatch(name)) and len(name) <= _MAX_NAME
    elif kind == DATASEC:
        fits = bool(_SECTION.fullmatch(name)) and len(name) <= _MAX_NAME
    else:
        fits = bool(name) or kind not in (TYPE_TAG, DECL_TAG)
    return None if fits else "has no name that the kernel takes"


def _is_identifier(name: str) -> bool:
    return len(name) <= _MAX_NAME and bool(_IDENTIFIER.fullmatch(name))


def _own(btf: Btf, found: BtfType) -> str | None:
    match found.kind:
        case kind if kind == INT:
            return _integer(btf, found)
        case kind if kind == ARRAY:
            return _array(btf, found)
        case kind if kind in (STRUCT, UNION):
            return next(_members(btf, found), None)
        case kind if kind in (ENUM, ENUM64):
            return _enumeration(btf, found)
        case kind if kind == FLOAT and found.size not in _FLOAT_SIZES:
            return "is a float of no size that there is"
        case kind if kind == FWD and found.type:
            return "is declared ahead and has a type"
        case kind if kind == FUNC and found.vlen > GLOBAL:
            return "is a function of another object"
        case kind if kind == FUNC_PROTO:
            return _prototype(btf, found)
        case kind if kind == VAR:
            return _variable(btf, found)
        case kind if kind == DATASEC:
            return next(_section(btf, found), None)
        case kind if kind == DECL_TAG:
            return _tag(btf, found)
        case kind if kind in _LEADING and btf.type(found.type).kind in (*_APART, FUNC):
            return "leads to what is no type of a value"
    return None


# -- numbers and what is made of them ----------------------------------------------------------------------------------


def _bits(btf: Btf, found: BtfType) -> tuple[int, int, int]:
    """Encoding, offset in bits and number of bits of an integer."""
    (word,) = struct.unpack_from("<I", btf.raw, found.members)
    return word >> 24, word >> 16 & 0xFF, word & 0xFF


def _integer(btf: Btf, found: BtfType) -> str | None:
    encoding, offset, count = _bits(btf, found)
    if encoding not in _ENCODINGS:
        return "is an integer of no kind that there is"
    if offset + count > _MAX_BITS or (offset + count + 7) // 8 > found.size:
        return "is an integer of more bits than it has room for"
    return None


def _is_regular(btf: Btf, found: BtfType) -> bool:
    """Whether it is an integer of whole bytes, as many as some register has."""
    _, offset, count = _bits(btf, found)
    return not offset and count % 8 == 0 and count // 8 in _INT_BYTES


def _array(btf: Btf, found: BtfType) -> str | None:
    element, index, count = struct.unpack_from("<III", btf.raw, found.members)
    if found.size:
        return "is an array with a size of its own"
    kind = btf.resolve(index)
    if kind.kind != INT or not _is_regular(btf, kind):
        return "is an array whose index is no integer"
    size, kind = btf.find_size(element), btf.resolve(element)
    if size is None or kind.kind in _APART or (kind.kind == INT and not _is_regular(btf, kind)):
        return "is an array of what has no size"
    return "is an array of more than four gigabytes" if size * count > _U32_MAX else None


def _enumeration(btf: Btf, found: BtfType) -> str | None:
    if found.size not in _ENUM_SIZES:
        return "is an enumeration of no size that there is"
    each = 8 if found.kind == ENUM else 12
    names = (struct.unpack_from("<I", btf.raw, found.members + each * i)[0] for i in range(found.vlen))
    return None if all(_is_identifier(btf.strings.at(name)) for name in names) else "has a value without a plain name"


def _members(btf: Btf, found: BtfType) -> Iterator[str]:
    last = 0
    for member in btf.members(found):
        offset, bits = (member.offset & 0xFFFFFF, member.offset >> 24) if found.flag else (member.offset, 0)
        if member.name and not _is_identifier(member.name):
            yield f"has a member without a plain name, `{member.name}`"
        if offset < last or (found.kind == UNION and offset):
            yield f"has its member `{member.name}` before another one"
        last = offset
        kind, size = btf.resolve(member.type), btf.find_size(member.type)
        if size is None or kind.kind in _APART:
            yield f"has a member `{member.name}` that has no size"
            continue
        if kind.kind == INT and not found.flag:
            _, start, count = _bits(btf, kind)
            whole, bits = offset + start, count
        else:
            whole = offset
        if found.flag and bits and (kind.kind not in (INT, ENUM, ENUM64) or bits > 8 * size):
            yield f"has a member `{member.name}` of some bits of what is no integer of so many"
        if not bits and offset % 8:
            yield f"has its member `{member.name}` inside a byte"
        if bits + whole % 8 > _MAX_BITS or (whole + (bits or 8 * size) + 7) // 8 > found.size:
            yield f"has its member `{member.name}` outside of itself"
        if kind.kind == FLOAT and offset // 8 % max(min(size, 8), 1):
            yield f"has its member `{member.name}` at a place where no float is"


# -- functions and variables -------------------------------------------------------------------------------------------


def _unnamed_parameter(btf: Btf) -> str | None:
    """Only prototypes that belong to no function may leave names out; many functions may have the same."""
    functions = {found.type: found.name for found in btf.types if found.kind == FUNC}
    for number, name in functions.items():
        if not all(parameter for parameter, type_id in btf.parameters(btf.type(number)) if type_id):
            return f"a parameter of `{name}` has no name"
    return None


def _prototype(btf: Btf, found: BtfType) -> str | None:
    if found.type and not _is_value(btf, found.type):
        return "returns what has no size"
    for number, (name, type_id) in enumerate(btf.parameters(found), 1):
        if not type_id and (name or number < found.vlen):
            return "has a parameter of no type"
        if type_id and (not _is_value(btf, type_id) or (name and not _is_identifier(name))):
            return f"has a parameter without a plain name, or one that has no size, `{name}`"
    return None


def _is_value(btf: Btf, type_id: int) -> bool:
    return btf.resolve(type_id).kind not in _APART and btf.find_size(type_id) is not None


def _variable(btf: Btf, found: BtfType) -> str | None:
    (linkage,) = struct.unpack_from("<I", btf.raw, found.members)
    if linkage > GLOBAL:
        return "is a variable of another object"
    return None if _is_value(btf, found.type) else "is a variable that has no size"


def _section(btf: Btf, found: BtfType) -> Iterator[str]:
    if not found.size:
        yield "is a section without a size"
    end = 0
    for member in btf.members(found):
        variable = btf.type(member.type)
        if variable.kind != VAR:
            yield f"has `{variable.name}` in it, which is no variable"
        elif member.offset < end or not member.size or member.offset + member.size > found.size:
            yield f"has `{variable.name}` outside of itself, or twice"
        elif (btf.find_size(variable.type) or 0) > member.size:
            yield f"has less room for `{variable.name}` than that takes"
        end = member.offset + member.size


def _tag(btf: Btf, found: BtfType) -> str | None:
    (component,) = struct.unpack_from("<i", btf.raw, found.members)
    target = btf.type(found.type)
    if target.kind not in _TAGGED or component < -1:
        return "is a remark on what takes none"
    counted = btf.type(target.type) if target.kind == FUNC else target
    most = counted.vlen if target.kind in (STRUCT, UNION, FUNC) else 0
    return "is a remark on a part that does not exist" if component >= most else None


def _endless_pointer(btf: Btf) -> str | None:
    """Pointers to pointers, and names of them, lead to something else in the end, and soon."""
    following = {number: found.type for number, found in enumerate(btf.types) if found.kind in _LEADING}
    for start in following:
        number = start
        for _ in range(MAX_DEPTH):
            if number not in following:
                break
            number = following[number]
        else:
            return f"type {start} is a pointer without an end"
    return None
