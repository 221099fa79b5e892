"""What random programs have at hand: pointers to every region and numbers, each kept where calls leave it alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from syrupc.isa.assembly import parse_program
from syrupc.isa.insn import Insn
from syrupc.isa.opcodes import WIDE, WIDE_MAP, WIDE_MAP_VALUE
from syrupc.kernel.contexts import CONTEXTS, Gives
from syrupc.kernel.profiles import KernelProfile
from syrupc.kernel.program_types import BY_NAME, ProgramType
from syrupc.kernel.release import brought
from syrupc.objfile.model import MapDefinition
from syrupc.verifier.subject import Conditions, MapUse, Subject

MAPS: Final = (
    MapDefinition("array", 2, 4, 16, 4),
    MapDefinition("hash", 1, 8, 24, 4),
    MapDefinition("ring", 27, 0, 0, 4096),
    MapDefinition("programs", 3, 4, 4, 4),
    MapDefinition("events", 4, 4, 4, 4),
    MapDefinition("per_cpu_hash", 5, 8, 24, 4),
    MapDefinition("per_cpu_array", 6, 4, 16, 4),
    MapDefinition("stacks", 7, 4, 8 * 127, 4),
    MapDefinition("cgroups", 8, 4, 4, 4),
    MapDefinition("lru_hash", 9, 4, 8, 4),
    MapDefinition("trie", 11, 8, 8, 4, flags=1),
    MapDefinition("devices", 14, 4, 4, 4),
    MapDefinition("sockets", 15, 4, 4, 4),
    MapDefinition("cpus", 16, 4, 4, 4),
    MapDefinition("xdp_sockets", 17, 4, 4, 4),
    MapDefinition("hashed_sockets", 18, 4, 4, 4),
    MapDefinition("executors", 20, 4, 8, 4),
    MapDefinition("queue", 22, 0, 8, 4),
    MapDefinition("stack", 23, 0, 8, 4),
    MapDefinition("device_hash", 25, 4, 4, 4),
    MapDefinition("bloom", 30, 0, 8, 4),
    MapDefinition("storage", 19, 16, 16, 0),
    MapDefinition("readable", 2, 4, 16, 4, flags=1 << 7),
    MapDefinition("writable", 2, 4, 16, 4, flags=1 << 8),
    MapDefinition(".rodata", 2, 4, 16, 1, flags=1 << 7, initial=bytes(range(1, 16)) + b"\0"),
    MapDefinition("maps", 12, 4, 4, 4),
    MapDefinition("inner", 1, 4, 16, 4),
)
"""One of each kind that is made without type information, some that programs may only read or only write."""

NUMBERS: Final = {definition.name: number for number, definition in enumerate(MAPS)}
INNER: Final = {NUMBERS["maps"]: NUMBERS["inner"]}

ATTACHED: Final = {"sk_lookup": (36,), "cgroup_skb": (0, 1)}
"""Program types that are loaded for a place to attach them (`enum bpf_attach_type`)."""
NOT_ALONE: Final = frozenset({"struct_ops"})
"""Program types that do not load by themselves: such a program is a function of a struct that the kernel knows."""
TYPES: Final = tuple(name for name in BY_NAME if name not in NOT_ALONE)

CONTEXT: Final = "r6"
ANY_NUMBER: Final = "r7"
ANY_WORD: Final = "r8"
PACKET: Final = "r9"
NULLABLE: Final = "*(u64 *)(r10 - 200)"
VALUE: Final = "*(u64 *)(r10 - 208)"
SOCKET: Final = "*(u64 *)(r10 - 216)"
CONSTANT: Final = "*(u64 *)(r10 - 224)"
RECORD: Final = "*(u64 *)(r10 - 232)"
WORDS: Final = tuple(range(8, 72, 8))
"""Distances below the frame pointer where numbers may be kept."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A program that tries `what`, as assembly in `text`."""

    subject: Subject
    what: str
    text: str


@dataclass(slots=True)
class Writer:
    """A program in the making: lines of assembly, and which places hold something."""

    rnd: random.Random
    type: ProgramType
    kernel: KernelProfile
    lines: list[str] = field(default_factory=list)
    packet: bool = False
    socket: bool = False
    record: bool = False
    calls_back: bool = False

    def add(self, *lines: str) -> None:
        self.lines.extend(lines)

    def finish(self) -> None:
        if self.record:
            self.add(f"r1 = {RECORD}", "r2 = 0", "call 133")
        self.add("out:", f"r0 = {self.rnd.choice((0, 1, 1))}", "exit")
        if self.calls_back:
            self.add("turn:", f"r0 = {self.rnd.choice((0, 0, 0, 1, 2))}", "exit")

    def subject(self) -> Subject:
        insns = parse_program("\n".join(self.lines))
        return Subject(
            name="sample",
            insns=insns,
            type=self.type,
            context=CONTEXTS[self.type.name],
            helpers=self.kernel.offered[self.type.name],
            maps=MAPS,
            uses=_uses(insns),
            gpl=True,
            kernel=self.kernel,
            inner=INNER,
            conditions=Conditions(self.rnd.choice(ATTACHED.get(self.type.name, (0,)))),
        )


def map_of(name: str) -> str:
    return f"map({NUMBERS[name]}) ll"


def begin(rnd: random.Random, kernel: KernelProfile, record: bool = False) -> Writer:
    """A program of any type with its places filled; `record` asks for one of the ring buffer, to be given back."""
    known = [BY_NAME[name] for name in TYPES if brought(BY_NAME[name].since, kernel.release)]
    writer = Writer(rnd, rnd.choice(known), kernel, ["r6 = r1"])
    _begin_value(writer)
    _begin_packet(writer)
    _begin_socket(writer)
    writer.add(f"r1 = map_value({NUMBERS['.rodata']}, {rnd.choice((0, 4, 8))}) ll", f"{CONSTANT} = r1")
    for distance in WORDS:
        if rnd.random() < 0.8:
            writer.add(f"*(u64 *)(r10 - {distance}) = {rnd.choice((0, 1, 7))}")
    if record:  # nothing may leave before it is given back
        writer.add(f"r1 = {map_of('ring')}", "r2 = 16", "r3 = 0", "call 131", "if r0 == 0 goto out", f"{RECORD} = r0")
        writer.record = True
    return writer


def _begin_value(writer: Writer) -> None:
    """A map value, one that may be null, and numbers out of it."""
    name = writer.rnd.choice(("array", "array", "array", "readable", "writable"))
    writer.add("*(u32 *)(r10 - 4) = 1", "r2 = r10", "r2 += -4", f"r1 = {map_of(name)}", "call 1")
    writer.add(f"{NULLABLE} = r0", "if r0 == 0 goto out", f"{VALUE} = r0")
    if writer.rnd.random() < 0.5:
        writer.add(f"{NULLABLE} = r0")
    if name == "writable":
        writer.add("call 7", f"{ANY_NUMBER} = r0", "w8 = w0")
    else:
        writer.add(f"{ANY_NUMBER} = *(u64 *)(r0 + 0)", f"{ANY_WORD} = *(u32 *)(r0 + 8)")


def _begin_packet(writer: Writer) -> None:
    context = CONTEXTS[writer.type.name]
    start, end = (next((f for f in context.fields if f.gives is g), None) for g in (Gives.PACKET, Gives.PACKET_END))
    writer.packet = start is not None and end is not None
    if start is None or end is None:
        writer.add(f"{PACKET} = 0")
        return
    width = f"u{8 * start.size}"
    writer.add(f"{PACKET} = *({width} *)({CONTEXT} + {start.offset})", f"r1 = *({width} *)({CONTEXT} + {end.offset})")
    writer.add(f"r2 = {PACKET}", f"r2 += {writer.rnd.choice((4, 8, 14, 16, 24))}", "if r2 > r1 goto out")


def _begin_socket(writer: Writer) -> None:
    given = {Gives.SOCKET, Gives.SOCKET_OR_NULL, Gives.SOCK_COMMON_OR_NULL}
    release = writer.kernel.release
    fields = [f for f in CONTEXTS[writer.type.name].fields if f.gives in given and brought(f.since, release)]
    writer.socket = bool(fields) and writer.rnd.random() < 0.7
    if not writer.socket:
        return
    found = writer.rnd.choice(fields)
    writer.add(f"r1 = *(u64 *)({CONTEXT} + {found.offset})")
    if writer.rnd.random() < 0.8:
        writer.add("if r1 == 0 goto out")
    writer.add(f"{SOCKET} = r1")


def _uses(insns: tuple[Insn, ...]) -> dict[int, MapUse]:
    uses = {}
    for slot, insn in enumerate(insns):
        if insn.opcode == WIDE and insn.src in (WIDE_MAP, WIDE_MAP_VALUE):
            uses[slot] = MapUse(insn.imm, insns[slot + 1].imm if insn.src == WIDE_MAP_VALUE else None)
    return uses
