"""The section `.syrup`: an `ObjectSpec` as canonical JSON, so that the same object gives the same bytes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final, TypeVar

from syrupc.diagnostics import Span
from syrupc.objfile.refusals import malformed, too_large
from syrupc.spec import (
    STORED_TYPES,
    ArrayType,
    FaultKind,
    FaultSite,
    IntType,
    MapKind,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
    StoredType,
    StructType,
)

SECTION: Final = ".syrup"

_VERSION: Final = 2
_MAX_SIZE: Final = 1 << 20
_T = TypeVar("_T")


def encode_spec(spec: ObjectSpec) -> bytes:
    """The section's content: keys in order, no spaces, ASCII only."""
    document = {
        "version": _VERSION,
        "source": spec.source,
        "source_sha256": spec.source_sha256,
        "waiver": spec.waiver,
        "programs": [_encode_program(program) for program in spec.programs],
        "maps": [_encode_map(found) for found in spec.maps],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def decode_spec(content: bytes) -> ObjectSpec:
    """The reverse of `encode_spec`; raises `ObjectError` for anything that it would not write."""
    if len(content) > _MAX_SIZE:
        raise too_large(f"its section {SECTION} has {len(content)} bytes", _MAX_SIZE)
    try:
        document = json.loads(content.rstrip(b"\0"))
        if document["version"] != _VERSION:
            raise malformed(f"its section {SECTION} is of another version than {_VERSION}, which this tool reads")
        return _decode(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise malformed(f"its section {SECTION} cannot be read ({type(error).__name__})") from error


def _encode_program(program: ProgramSpec) -> dict[str, Any]:
    faults = [[f.slot, f.kind.value, f.line, f.column] for f in program.faults]
    return {**asdict(program), "faults": faults}


def _encode_map(found: MapSpec) -> dict[str, Any]:
    return {
        "name": found.name,
        "kind": found.kind.value,
        "key": found.key and _encode_type(found.key),
        "value": _encode_type(found.value),
        "max_entries": found.max_entries,
        "span": asdict(found.span) if found.span else None,
    }


def _encode_type(kind: StoredType) -> Any:
    """An integer by its name, an array and a struct by their parts; offsets follow from the layout."""
    match kind:
        case IntType():
            return kind.name
        case ArrayType():
            return {"element": _encode_type(kind.element), "count": kind.count}
        case StructType():
            return {"struct": kind.name, "fields": [[f.name, _encode_type(f.type)] for f in kind.fields]}


def _decode(document: dict[str, Any]) -> ObjectSpec:
    return ObjectSpec(
        source=_of(str, document["source"]),
        source_sha256=_of(str, document["source_sha256"]),
        programs=tuple(map(_decode_program, _of(list, document["programs"]))),
        maps=tuple(map(_decode_map, _of(list, document["maps"]))),
        waiver=None if document["waiver"] is None else _of(str, document["waiver"]),
    )


def _decode_program(entry: dict[str, Any]) -> ProgramSpec:
    return ProgramSpec(
        name=_of(str, entry["name"]),
        hook=_of(str, entry["hook"]),
        executors=_of(str, entry["executors"]),
        counters=_of(str, entry["counters"]),
        max_executors=_of(int, entry["max_executors"]),
        drops=_flag(entry["drops"]),
        faults=tuple(_decode_fault(*fault) for fault in _of(list, entry["faults"])),
    )


def _decode_fault(slot: object, kind: object, line: object, column: object) -> FaultSite:
    return FaultSite(_of(int, slot), FaultKind(kind), _of(int, line), _of(int, column))


def _decode_map(entry: dict[str, Any]) -> MapSpec:
    return MapSpec(
        name=_of(str, entry["name"]),
        kind=MapKind(entry["kind"]),
        key=None if entry["key"] is None else _decode_type(entry["key"]),
        value=_decode_type(entry["value"]),
        max_entries=_of(int, entry["max_entries"]),
        span=_decode_span(entry["span"]) if entry["span"] else None,
    )


def _decode_type(entry: Any) -> StoredType:
    if isinstance(entry, str):
        return STORED_TYPES[entry]
    if "struct" in entry:
        fields = [(_of(str, name), _decode_type(kind)) for name, kind in _of(list, entry["fields"])]
        return StructType.of(_of(str, entry["struct"]), fields)
    return ArrayType(_decode_type(entry["element"]), _of(int, entry["count"]))


def _decode_span(entry: dict[str, Any]) -> Span:
    return Span(
        file=_of(str, entry["file"]),
        line=_of(int, entry["line"]),
        column=_of(int, entry["column"]),
        end_line=_of(int, entry["end_line"]),
        end_column=_of(int, entry["end_column"]),
    )


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("bool expected")
    return value


def _of(kind: type[_T], value: object) -> _T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{kind.__name__} expected")
    return value
