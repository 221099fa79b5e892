"""Maps without keys in generated policies: queues and stacks, Bloom filters, and events."""

from __future__ import annotations

from typing import Final

from syrupc.spec import MapKind
from tests.fuzz.file import Map, Struct
from tests.fuzz.scope import Writer, number, record, storable, term
from tests.fuzz.terms import LAID, Kind, Term, joined, mixable

_QUEUES: Final = (MapKind.QUEUE, MapKind.STACK)
_BLOOM: Final = (MapKind.BLOOM,)
_RING: Final = (MapKind.RING_BUF,)


def take(w: Writer, depth: int) -> Term:
    """The next number of a queue."""
    queue = w.file.map(_QUEUES, lambda m: m.value in LAID)
    method, kind = w.choose(("pop", "pop", "peek")), LAID[queue.value]
    if w.one_in(3):
        return Term(f"{queue.name}.{method}()", kind)
    default = number(w, depth - 1, mixable(kind))
    return Term(f"{queue.name}.{method}({default.text})", joined(Kind.NATURAL, kind, default.kind))


def taken(w: Writer, struct: Struct, depth: int) -> str | None:
    """The next record of a queue."""
    queue = w.file.known(_QUEUES, lambda m: m.value == struct.name)
    if queue is None:
        return None
    method = w.choose(("pop", "pop", "peek"))
    default = record(w, struct, depth - 1) if depth > 0 and w.rnd.randrange(3) else ""
    return f"{queue.name}.{method}({default})"


def push(w: Writer) -> None:
    queue = w.file.map(_QUEUES)
    w.put(f"{queue.name}.push({_value(w, queue, 2)})")


def add(w: Writer) -> None:
    bloom = w.file.map(_BLOOM)
    w.put(f"{bloom.name}.add({_value(w, bloom, 1)})")


def member(w: Writer, depth: int) -> Term:
    """Whether a value was added to a filter."""
    bloom = w.file.map(_BLOOM)
    value = term(w, depth - 1).text if bloom.value in LAID else _value(w, bloom, depth - 1)
    return Term(f"({value} in {bloom.name})", Kind.BIT)


def emit(w: Writer) -> None:
    w.put(emitted(w, 2).text)


def emitted(w: Writer, depth: int) -> Term:
    """An event, and whether there was room for it."""
    ring = w.file.map(_RING)
    return Term(f"{ring.name}.emit({_value(w, ring, depth - 1)})", Kind.BIT)


def _value(w: Writer, table: Map, depth: int) -> str:
    if table.value in w.file.structs:
        return record(w, w.file.structs[table.value], depth)
    return storable(w, term(w, depth), table.value).text
