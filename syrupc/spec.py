"""The vocabulary: the small values that every stage and every tool speaks of. Read this first.

A *policy* decides which *executor* (socket, CPU, queue) serves each *input* (datagram, connection, thread). It is
deployed at a *hook*. It reads and writes *maps*. A *fault site* is a place in its source where Python could raise;
in the kernel the decision ends there as PASS, and the site's counter goes up.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from syrupc.diagnostics import Span

PASS = 1 << 64
"""The decision that leaves the choice to the system's default. No 64-bit value of a policy can equal it."""
DROP = PASS + 1
"""The decision that discards the input."""


@dataclass(frozen=True, slots=True)
class IntType:
    """An integer type: how many bits, and whether it can hold negative values. `bool` is one of them.

    `big_endian` is how it lies in memory (network byte order); its values are host integers all the same.
    """

    name: str
    bits: int
    signed: bool
    big_endian: bool = False

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return max(self.bits, 8) // 8

    @property
    def alignment(self) -> int:
        return self.size

    @property
    def minimum(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1

    def holds(self, value: int) -> bool:
        return self.minimum <= value <= self.maximum

    def wrap(self, value: int) -> int:
        """`value` as it reads back after being stored: reduced modulo 2**bits into the type's range."""
        if self.bits == 1:
            return int(bool(value))
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if self.signed and value > self.maximum else value

    def to_bytes(self, value: int) -> bytes:
        """`value`, wrapped, as it lies in the memory of a little-endian machine."""
        return self.wrap(value).to_bytes(self.size, "big" if self.big_endian else "little", signed=self.signed)

    def from_bytes(self, data: bytes) -> int:
        return int.from_bytes(data, "big" if self.big_endian else "little", signed=self.signed)

    def __call__(self, value: int) -> int:
        """The cast `u32(x)` of the language. Byte order is a matter of memory, so that `be32(x)` raises `TypeError`."""
        if self.big_endian:
            raise TypeError(f"`{self}` says how memory is laid out and casts nothing; write `u{self.bits}(...)`")
        return self.wrap(value)

    def __str__(self) -> str:
        return self.name


U8 = IntType("u8", 8, False)
U16 = IntType("u16", 16, False)
U32 = IntType("u32", 32, False)
U64 = IntType("u64", 64, False)
I8 = IntType("i8", 8, True)
I16 = IntType("i16", 16, True)
I32 = IntType("i32", 32, True)
INT = IntType("int", 64, True)
BOOL = IntType("bool", 1, False)
BE16 = IntType("be16", 16, False, big_endian=True)
BE32 = IntType("be32", 32, False, big_endian=True)
BE64 = IntType("be64", 64, False, big_endian=True)

INT_TYPES = {t.name: t for t in (U8, U16, U32, U64, I8, I16, I32, INT, BOOL)}
"""Name in a policy -> type, for those that also convert and annotate."""

STORED_TYPES = INT_TYPES | {t.name: t for t in (BE16, BE32, BE64)}
"""Name in a policy -> type, for all that a field, a key or a value may have."""


@dataclass(frozen=True, slots=True)
class ArrayType:
    """`count` elements of one type, one behind the other."""

    element: StoredType
    count: int

    @property
    def name(self) -> str:
        return f"{self.element.name}[{self.count}]"

    @property
    def size(self) -> int:
        return self.element.size * self.count

    @property
    def alignment(self) -> int:
        return self.element.alignment

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct, `offset` bytes behind its start."""

    name: str
    type: StoredType
    offset: int


@dataclass(frozen=True, slots=True)
class StructType:
    """A record with the layout that C gives it: every field on a multiple of its alignment, in the declared order."""

    name: str
    fields: tuple[Field, ...]

    @classmethod
    def of(cls, name: str, fields: Iterable[tuple[str, StoredType]]) -> StructType:
        """Lay out the fields."""
        placed: list[Field] = []
        end = 0
        for field_name, kind in fields:
            offset = _aligned(end, kind.alignment)
            placed.append(Field(field_name, kind, offset))
            end = offset + kind.size
        return cls(name, tuple(placed))

    @property
    def alignment(self) -> int:
        return max((f.type.alignment for f in self.fields), default=1)

    @property
    def size(self) -> int:
        if not self.fields:
            return 0
        last = self.fields[-1]
        return _aligned(last.offset + last.type.size, self.alignment)

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)

    def __str__(self) -> str:
        return self.name


StoredType: TypeAlias = IntType | ArrayType | StructType
"""What a field, a key or a value can be."""


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


class MapKind(enum.Enum):
    """The map classes of the language; the value is the class's name in a policy."""

    ARRAY = "Array"
    PER_CPU_ARRAY = "PerCpuArray"
    HASH_MAP = "HashMap"
    LRU_HASH_MAP = "LruHashMap"
    PER_CPU_HASH_MAP = "PerCpuHashMap"
    LPM_TRIE = "LpmTrie"
    QUEUE = "Queue"
    STACK = "Stack"
    RING_BUF = "RingBuf"
    BLOOM = "Bloom"

    @property
    def per_cpu(self) -> bool:
        return self in (MapKind.PER_CPU_ARRAY, MapKind.PER_CPU_HASH_MAP)

    @property
    def indexed(self) -> bool:
        """The key is an index below `max_entries`, and every entry exists."""
        return self in (MapKind.ARRAY, MapKind.PER_CPU_ARRAY)

    @property
    def keyed(self) -> bool:
        """Entries have keys of a declared type, and come and go."""
        return self in (MapKind.HASH_MAP, MapKind.LRU_HASH_MAP, MapKind.PER_CPU_HASH_MAP, MapKind.LPM_TRIE)

    @property
    def parameters(self) -> tuple[str, ...]:
        """What a declaration gives, in order."""
        if self is MapKind.RING_BUF:
            return ("value", "size")
        return ("key", "value", "max_entries") if self.keyed else ("value", "max_entries")


@dataclass(frozen=True, slots=True)
class MapSpec:
    """A map that a policy file declares. For indexed kinds `key` is `U32`; kinds without keys have None.

    Of a ring buffer `value` is the type of its events, and `max_entries` its size in bytes.
    """

    name: str
    kind: MapKind
    key: StoredType | None
    value: StoredType
    max_entries: int
    span: Span | None = None


class Input(enum.Enum):
    """What a policy is asked about; the value is the annotation's name in a policy."""

    PACKET = "Packet"


@dataclass(frozen=True, slots=True)
class HookSpec:
    """A place where the kernel asks a policy. Facts about Linux: see `syrupc.kernel.hooks`.

    `headers` are those of a packet that a program sees there, by their names in `syrupc.kernel.headers`.
    """

    name: str
    input: Input
    program_type: str
    section: str
    executor_map: str
    since: str
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function of a policy file: its name, its parameters' names, and where it stands."""

    name: str
    parameters: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """One policy: the function that decides, what it decides about, and the hooks it is compiled for."""

    function: FunctionSpec
    input: Input
    hooks: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.function.name


class FaultKind(enum.Enum):
    """Why a decision ended early; the value is the Python exception of the same meaning."""

    SHORT_PACKET = "ShortPacket"
    NO_HEADER = "NoHeader"
    KEY = "KeyError"
    INDEX = "IndexError"
    ZERO_DIVISION = "ZeroDivisionError"
    VALUE = "ValueError"
    ASSERTION = "AssertionError"
    MAP_FULL = "MapFull"
    NO_EXECUTOR = "NoExecutor"

    @property
    def meaning(self) -> str:
        """When it happens, in words."""
        return _FAULT_MEANINGS[self]


_FAULT_MEANINGS = {
    FaultKind.SHORT_PACKET: "a read past the end of the datagram",
    FaultKind.NO_HEADER: "a field of a header that the packet does not have",
    FaultKind.KEY: "a key that is not in the map",
    FaultKind.INDEX: "an index out of range, or an empty queue",
    FaultKind.ZERO_DIVISION: "division or remainder by zero",
    FaultKind.VALUE: "a negative shift, or more turns than `syrup.range` was given",
    FaultKind.ASSERTION: "`assert` of something that does not hold",
    FaultKind.MAP_FULL: "a new key in a full map, or a value pushed onto a full queue",
    FaultKind.NO_EXECUTOR: "the decision names no live executor",
}


@dataclass(frozen=True, slots=True)
class FaultSite:
    """One counter: the place and the reason. `slot` is the index in the program's counter map."""

    slot: int
    kind: FaultKind
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ProgramSpec:
    """How to read the outcome of one compiled policy at one hook.

    `counters` names a per-CPU array of `u64` indexed by *slot*: `PASS_SLOT`, `DROP_SLOT`, then one for each executor
    from `FIRST_EXECUTOR_SLOT`, then one for each fault site. `executors` names the map that holds the executors.
    A policy that never says DROP never `drops`.
    """

    name: str
    hook: str
    executors: str
    counters: str
    max_executors: int
    drops: bool
    faults: tuple[FaultSite, ...]


PASS_SLOT = 0
DROP_SLOT = 1
FIRST_EXECUTOR_SLOT = 2
DEFAULT_MAX_EXECUTORS = 64


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """What an object of ours says of itself beyond BPF: its source, programs, and the maps that the policy declared.

    Stored as JSON in the section `.syrup`, which other loaders skip.
    """

    source: str
    source_sha256: str
    programs: tuple[ProgramSpec, ...]
    maps: tuple[MapSpec, ...]
    waiver: str | None = None
