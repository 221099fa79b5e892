"""Maps of a policy file: `table = syrup.HashMap(u32, u64, 1024)`."""

from __future__ import annotations

import ast
from typing import Final

from syrupc.frontend.constants import NotConstant, evaluate
from syrupc.frontend.layouts import Names, stored_type
from syrupc.spec import INT_TYPES, U32, ArrayType, IntType, MapKind, MapSpec, StoredType, StructType

# The largest `max_entries` that a kernel takes for 8-byte values without overflow of its size computation.
_MAX_ENTRIES: Final = 1 << 26
_PAGE: Final = 4096
_EXAMPLES: Final = {MapKind.RING_BUF: "Event, 65536", MapKind.LPM_TRIE: "be32, u32, 1024"}


def declared_map(name: str, kind: MapKind, call: ast.Call, names: Names) -> MapSpec | None:
    """Read a declaration, or say what is wrong with it."""
    arguments = _arguments(name, kind, call, names)
    if arguments is None:
        return None
    value = stored_type(arguments["value"], names)
    key = stored_type(arguments["key"], names) if kind.keyed else U32 if kind.indexed else None
    room = _ring_size(arguments["size"], names) if "size" in arguments else _entries(arguments["max_entries"], names)
    if value is None or room is None or (key is None and kind.keyed):
        return None
    if kind is MapKind.LPM_TRIE and not _is_bits(key):
        message = f"the key of an LpmTrie is matched bit by bit from its first byte, and {key} is not in that order"
        names.found.error("SYR106", message, arguments["key"], help=("use `be32`, or a struct of such fields",))
        return None
    if kind is MapKind.RING_BUF and not isinstance(value, StructType):
        message = "the events of a RingBuf are structs"
        names.found.error("SYR106", message, arguments["value"], help=("declare one with `@syrup.struct`",))
        return None
    return MapSpec(name, kind, key, value, room)


def _arguments(name: str, kind: MapKind, call: ast.Call, names: Names) -> dict[str, ast.expr] | None:
    expected = kind.parameters
    arguments = dict(zip(expected, call.args, strict=False))
    arguments |= {k.arg: k.value for k in call.keywords if k.arg}
    if len(call.args) + len(call.keywords) == len(expected) and set(arguments) == set(expected):
        return arguments
    form = f"{kind.value}({', '.join(expected)})"
    names.found.error("SYR106", f"`{name}` is not declared as `{form}`", call, help=(_example(kind, name),))
    return None


def _example(kind: MapKind, name: str) -> str:
    arguments = _EXAMPLES.get(kind, "u32, u64, 1024" if kind.keyed else "u64, 16")
    return f"for example `{name} = syrup.{kind.value}({arguments})`"


def _entries(node: ast.expr, names: Names) -> int | None:
    casts = {spelling: name for spelling, name in names.exports.items() if name in INT_TYPES}
    try:
        value = evaluate(node, names.constants, casts)
    except NotConstant as why:
        message = f"the number of entries is not a constant: {why.reason}"
        names.found.error("SYR106", message, why.node, help=("write a number, or a constant: `WORKERS = 6`",))
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MAX_ENTRIES:
        help_lines = ("write how many there are at most: `1024`",)
        message = f"a map holds 1 to {_MAX_ENTRIES} entries"
        names.found.error("SYR106", message, node, label=f"this is {value!r}", help=help_lines)
        return None
    return value


def _ring_size(node: ast.expr, names: Names) -> int | None:
    size = _entries(node, names)
    if size is not None and (size % _PAGE or size & (size - 1)):
        what = f"the size of a RingBuf is a power of two and a multiple of {_PAGE} bytes"
        names.found.error("SYR106", what, node, label=f"this is {size}", help=(f"for example {16 * _PAGE}",))
        return None
    return size


def _is_bits(kind: StoredType | None) -> bool:
    """Whether the first byte holds the most significant bits, all the way through."""
    match kind:
        case IntType():
            return kind.big_endian or (kind.size == 1 and not kind.signed)
        case ArrayType(element=element):
            return _is_bits(element)
        case StructType(fields=fields):
            return all(_is_bits(f.type) for f in fields) and kind.size == sum(f.type.size for f in fields)
    return False
