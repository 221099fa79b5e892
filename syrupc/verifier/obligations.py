"""What must hold before each instruction, as data: safety is exactly this list.

- Registers that are read hold something; the frame pointer is never replaced.
- Loads, stores and atomics lie inside one region that permits them: the context's own fields, written stack bytes
  within 512 of the frame pointer, bytes that a comparison has shown to be in the packet, a map value, a helper's
  memory, a socket's fields. The pointer is not null.
- Arithmetic on a pointer adds or subtracts a bounded number, 64 bits wide, and leaves a pointer that stays near.
- A helper exists for the program type, the kernel and the licence; each argument is of its kind, each memory argument
  as large as the helper will use; the map is of a type that the helper takes.
- A call inside the program leads to a function of it. A global function is called with what its type says, and judged
  with nothing more than that; its result is any number. A return leaves a number in r0; the last one in the hook's
  range, with everything given back that was borrowed.
- A function that a helper calls back (`bpf_loop`, `bpf_for_each_map_elem`) is static and answers 0 or 1, however often
  it is called. A tail call, or a read of the packet by LD_ABS, may end a function there: only in one that returns a
  number.
- A map that is named exists and is of a type that the kernel has; an instruction is one that the kernel knows.

And what no kernel checks, where the object says it of the program:

- One that never drops returns SK_PASS on every path, and hands over to no other program.
- The index of the executor that it selects is below the size of its map of executors.

Not checked: what helpers do with their numbers (flags, sizes of redirects); alignment on machines that cannot do
unaligned access; that a map can be created (limits of memory); speculative execution (privileged programs are patched
by the kernel); offloading to devices. Not modelled, so never accepted: kernel objects by BTF, kernel functions,
other callbacks (of timers, of user ring buffers), dynptrs, spin locks, iterators, arenas,
`may_goto`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.isa.structure import slot_fault
from syrupc.verifier.cfg import CALL, EXIT, is_conditional


@dataclass(frozen=True, slots=True)
class Initialised:
    """The register holds something."""

    register: int


@dataclass(frozen=True, slots=True)
class Replaceable:
    """The register may be written: it is not the frame pointer."""

    register: int


@dataclass(frozen=True, slots=True)
class Readable:
    """`size` bytes at `offset` from the register may be read."""

    register: int
    offset: int
    size: int
    sign: bool = False
    atomic: bool = False


@dataclass(frozen=True, slots=True)
class Writable:
    """`size` bytes at `offset` from the register may be written; `source` is the register they come from."""

    register: int
    offset: int
    size: int
    source: int | None
    atomic: bool = False


@dataclass(frozen=True, slots=True)
class Updatable:
    """`size` bytes at `offset` may be read and written at once; what was there goes to the register `fetched`."""

    register: int
    offset: int
    size: int
    fetched: int | None


@dataclass(frozen=True, slots=True)
class Computable:
    """The operation is one that pointers permit, if one operand is a pointer. `source` is a register or None."""

    operation: int
    register: int
    source: int | None
    immediate: int
    bits: int


@dataclass(frozen=True, slots=True)
class WellFormed:
    """Never holds: the fields of the instruction make none, because of `reason`."""

    reason: str


@dataclass(frozen=True, slots=True)
class KnownInstruction:
    """The kernel knows the instruction: it came with release `since`."""

    what: str
    since: str


@dataclass(frozen=True, slots=True)
class Modelled:
    """Never holds: `what` is beyond this tool."""

    what: str


@dataclass(frozen=True, slots=True)
class UsableMap:
    """The wide load at this slot names something that the program may use."""

    kind: int


@dataclass(frozen=True, slots=True)
class HelperCall:
    """The helper exists here, and its arguments are what it demands."""

    helper: int


@dataclass(frozen=True, slots=True)
class LocalCall:
    """One more frame fits, and the arguments may be handed over."""

    target: int


@dataclass(frozen=True, slots=True)
class KernelCall:
    """The kernel function exists; one that is not named may stand where control never comes."""

    named: bool


@dataclass(frozen=True, slots=True)
class PacketLoad:
    """The old way to read a packet is open to the program type, and r6 holds the context."""


@dataclass(frozen=True, slots=True)
class Return:
    """r0 holds what the caller expects."""


@dataclass(frozen=True, slots=True)
class Passes:
    """The program's result lets the input pass, if the object says that it never drops."""


@dataclass(frozen=True, slots=True)
class Stays:
    """No other program takes over, if the object says that this one never drops."""


@dataclass(frozen=True, slots=True)
class SelectsExecutor:
    """The executor that the helper selects is one that there can be, if it is one of the program's own."""


Obligation: TypeAlias = (
    Initialised
    | Replaceable
    | Readable
    | Writable
    | Updatable
    | Computable
    | WellFormed
    | KnownInstruction
    | Modelled
    | UsableMap
    | HelperCall
    | LocalCall
    | KernelCall
    | PacketLoad
    | Return
    | Passes
    | Stays
    | SelectsExecutor
)


EVERYWHERE: Final = (WellFormed, KnownInstruction, UsableMap, KernelCall)
"""Obligations that must hold for code that no path reaches, too: some kernels look before they walk."""


_PROMISED: Final[dict[int, tuple[Obligation, ...]]] = {12: (Stays(),), 82: (SelectsExecutor(),)}
"""What the object says about calls of `tail_call` and `sk_select_reuseport`."""


def obligations(insn: Insn, slot: int) -> tuple[Obligation, ...]:
    """What must hold before the instruction at `slot`, in the order in which it is checked."""
    reason = slot_fault(insn)
    if reason:
        return (WellFormed(reason),)
    match insn.cls:
        case op.ALU | op.ALU64:
            return _arithmetic(insn)
        case op.LDX:
            newer = (KnownInstruction("a sign-extending load", "6.6"),) if insn.mode == op.MEMSX else ()
            access = Readable(insn.src, insn.off, insn.size, insn.mode == op.MEMSX)
            return (*newer, Initialised(insn.src), access, Replaceable(insn.dst))
        case op.ST:
            return Initialised(insn.dst), Writable(insn.dst, insn.off, insn.size, None)
        case op.STX if insn.mode == op.ATOMIC:
            return _atomic(insn)
        case op.STX:
            access_to = Writable(insn.dst, insn.off, insn.size, insn.src)
            return Initialised(insn.src), Initialised(insn.dst), access_to
        case op.LD if insn.opcode == op.WIDE:
            return Replaceable(insn.dst), UsableMap(insn.src)
        case op.LD:
            index = (Initialised(insn.src),) if insn.mode == op.IND else ()
            return (*index, PacketLoad())
    return _jump(insn, slot)


def _arithmetic(insn: Insn) -> tuple[Obligation, ...]:
    newer = _newer_arithmetic(insn)
    source = insn.src if insn.from_register and insn.operation not in (op.END, op.NEG) else None
    read: tuple[Obligation, ...] = (Initialised(source),) if source is not None else ()
    if insn.operation == op.MOV:
        return (*newer, *read, Replaceable(insn.dst))
    bits = 64 if insn.cls == op.ALU64 else 32
    computable = Computable(insn.operation, insn.dst, source, insn.imm, bits)
    return (*newer, *read, Initialised(insn.dst), Replaceable(insn.dst), computable)


def _newer_arithmetic(insn: Insn) -> tuple[Obligation, ...]:
    if insn.operation in (op.DIV, op.MOD) and insn.off:
        return (KnownInstruction("signed division", "6.6"),)
    if insn.operation == op.MOV and insn.off in op.MOVSX_WIDTHS and insn.from_register:
        return (KnownInstruction("a sign-extending move", "6.6"),)
    if insn.operation == op.MOV and insn.off:
        return (Modelled("a cast between address spaces"),)
    if insn.operation == op.END and insn.cls == op.ALU64:
        return (KnownInstruction("an unconditional byte swap", "6.6"),)
    return ()


def _atomic(insn: Insn) -> tuple[Obligation, ...]:
    if insn.imm == op.LOAD_ACQUIRE:
        access = Readable(insn.src, insn.off, insn.size, atomic=True)
        newer = KnownInstruction("a load with acquire ordering", "6.15")
        return newer, Initialised(insn.src), access, Replaceable(insn.dst)
    if insn.imm == op.STORE_RELEASE:
        written = Writable(insn.dst, insn.off, insn.size, insn.src, atomic=True)
        known = KnownInstruction("a store with release ordering", "6.15")
        return known, Initialised(insn.src), Initialised(insn.dst), written
    operands: tuple[Obligation, ...] = (Initialised(insn.src), Initialised(insn.dst))
    if insn.imm == op.CMPXCHG:
        operands = (*operands, Initialised(0))
    fetched = (0 if insn.imm == op.CMPXCHG else insn.src) if insn.imm & op.FETCH else None
    update = Updatable(insn.dst, insn.off, insn.size, fetched)
    return (*operands, update) if fetched is None else (*operands, update, Replaceable(fetched))


def _jump(insn: Insn, slot: int) -> tuple[Obligation, ...]:
    if insn.opcode == EXIT:
        return Return(), Passes()
    if insn.opcode == CALL:
        match insn.src:
            case op.CALL_LOCAL:
                return (LocalCall(slot + 1 + insn.imm),)
            case op.CALL_KFUNC:
                return (KernelCall(bool(insn.imm or insn.off)),)
        return HelperCall(insn.imm), *_PROMISED.get(insn.imm, ())
    if insn.operation == op.JCOND:
        return (Modelled("`may_goto`"),)
    if is_conditional(insn):
        other: tuple[Obligation, ...] = (Initialised(insn.src),) if insn.from_register else ()
        return (*other, Initialised(insn.dst))
    if insn.cls == op.JMP32:
        return (KnownInstruction("a long jump", "6.6"),)
    return ()
