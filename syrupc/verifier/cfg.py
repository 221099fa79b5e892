"""Control flow as it is written: encoding, jumps, functions, unreachable code, and which registers are still wanted.

What can be said of a program without asking what its registers hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.isa.structure import encoding_faults, is_known
from syrupc.verifier.findings import Finding, malformed, unsafe
from syrupc.verifier.subject import Subject

MAX_INSTRUCTIONS: Final = 1_000_000
MAX_FUNCTIONS: Final = 256
MAX_FRAMES: Final = 8
MAX_MAPS: Final = 64

CALL: Final = op.JMP | op.CALL
_TAIL_CALL: Final = 12
EXIT: Final = op.JMP | op.EXIT
CALL_BACK: Final = frozenset({164, 181})
"""Helpers (`for_each_map_elem`, `loop`) that call a function of the program, again and again, before they return."""
_CALLER_SAVED: Final = 0b111111
_ALL: Final = (1 << op.REGISTERS) - 1
_CONDITIONAL: Final = frozenset(
    {op.JEQ, op.JGT, op.JGE, op.JSET, op.JNE, op.JSGT, op.JSGE, op.JLT, op.JLE, op.JSLT, op.JSLE, op.JCOND}
)


@dataclass(frozen=True, slots=True)
class Function:
    """Slots `start` to `end`; `calls` are the slots of its calls to other functions, with where they lead.

    Taking the address of a function counts: it is for a helper to call.
    """

    start: int
    end: int
    calls: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """`functions` by first slot; `crossings` are slots where paths meet or part; `live` the registers by slot."""

    functions: Mapping[int, Function]
    crossings: frozenset[int]
    live: tuple[int, ...]

    def function_of(self, slot: int) -> Function:
        return next(f for f in self.functions.values() if f.start <= slot < f.end)


def is_conditional(insn: Insn) -> bool:
    return insn.cls in (op.JMP, op.JMP32) and insn.operation in _CONDITIONAL


def is_goto(insn: Insn) -> bool:
    """Whether the instruction jumps whatever the registers hold."""
    return insn.cls in (op.JMP, op.JMP32) and insn.operation == op.JA


def is_call(insn: Insn) -> bool:
    """Whether the instruction calls a function of the same program."""
    return insn.opcode == CALL and insn.src == op.CALL_LOCAL


def is_call_back(insn: Insn) -> bool:
    """Whether the instruction calls a helper that calls a function of the program."""
    return insn.opcode == CALL and insn.src == op.CALL_HELPER and insn.imm in CALL_BACK


def jump_target(insn: Insn, slot: int) -> int:
    """Where the jump at `slot` leads; only for jumps."""
    if insn.cls == op.JMP32 and insn.operation == op.JA:
        return slot + 1 + insn.imm
    return slot + 1 + insn.off


def width(insn: Insn) -> int:
    """Slots that the instruction takes."""
    return 2 if insn.opcode == op.WIDE else 1


def check_flow(subject: Subject) -> Flow | Finding:
    """The flow of a well-formed program, or the first thing that is wrong with it, in program order."""
    insns = subject.insns
    if not insns:
        return unsafe("SYR502", "the program is empty", help="write at least a `return`")
    if len(insns) > MAX_INSTRUCTIONS:
        return unsafe("SYR516", f"the program has {len(insns)} instructions; kernels load {MAX_INSTRUCTIONS} at most")
    functions = _functions(insns)
    if isinstance(functions, Finding):
        return functions
    finding = (
        _check_edges(insns, functions)
        or _check_opcodes(insns)
        or _check_reachable(insns)
        or _check_ways_out(subject, functions)
        or (None if subject.kernel.reasoning.falls_into_loops else _check_loops(insns))
    )
    if finding:
        return finding
    return Flow(functions, _crossings(insns), _live(insns, functions))


def _check_opcodes(insns: tuple[Insn, ...]) -> Finding | None:
    """What kernels look at before they walk; other fields that are wrong count where control comes to them."""
    for fault in encoding_faults(insns):
        insn = insns[fault.slot]
        if not is_known(insn) or insn.cls in (op.LD, op.LDX):
            return _at(malformed(fault.reason), fault.slot)
    return None


_REBUILD: Final = "build the object again; if our compiler wrote it, that is a fault of the compiler"


def _at(finding: Finding, slot: int) -> Finding:
    return Finding(finding.code, finding.outcome, finding.message, finding.notes, finding.help, finding.details, slot)


def starts(insns: tuple[Insn, ...]) -> Iterable[int]:
    """The slots at which instructions begin."""
    slot = 0
    while slot < len(insns):
        yield slot
        slot += width(insns[slot])


def _referred(insn: Insn, slot: int) -> int | None:
    """The function that the instruction calls or takes the address of."""
    if is_call(insn) or (insn.opcode == op.WIDE and insn.src == op.WIDE_CODE):
        return slot + 1 + insn.imm
    return None


def _functions(insns: tuple[Insn, ...]) -> dict[int, Function] | Finding:
    entries = {0}
    begins = frozenset(starts(insns))
    for slot in starts(insns):
        target = _referred(insns[slot], slot)
        if target is None:
            continue
        if target not in begins:
            return _at(unsafe("SYR502", "this call leads to no instruction", details=f"to slot {target}"), slot)
        entries.add(target)
    if len(entries) > MAX_FUNCTIONS:
        return unsafe("SYR516", f"the program has {len(entries)} functions; kernels load {MAX_FUNCTIONS} at most")
    order = sorted(entries)
    result = {}
    for start, end in zip(order, [*order[1:], len(insns)], strict=True):
        referred = [(s, _referred(insns[s], s)) for s in range(start, end) if s in begins]
        result[start] = Function(start, end, tuple((s, target) for s, target in referred if target is not None))
    return result


def _check_edges(insns: tuple[Insn, ...], functions: Mapping[int, Function]) -> Finding | None:
    begins = frozenset(starts(insns))
    for function in functions.values():
        last = function.start
        for slot in range(function.start, function.end):
            if slot not in begins:
                continue
            last = slot
            insn = insns[slot]
            if not _jumps(insn):
                continue
            target = jump_target(insn, slot)
            if not function.start <= target < function.end:
                return _at(unsafe("SYR502", "a jump leaves its function", details=f"to slot {target}"), slot)
            if target not in begins:
                return _at(unsafe("SYR502", "a jump leads into the middle of an instruction"), slot)
        if insns[last].opcode not in (EXIT, op.JMP | op.JA, op.JMP32 | op.JA):
            return _at(unsafe("SYR502", "control runs past the end of a function", help=_REBUILD), last)
    return None


def _jumps(insn: Insn) -> bool:
    return is_conditional(insn) or is_goto(insn)


def successors(insn: Insn, slot: int) -> tuple[int, ...]:
    """Where control may go next inside the same function; a call comes back behind it."""
    if insn.opcode == EXIT:
        return ()
    if is_conditional(insn):
        return slot + 1, jump_target(insn, slot)
    if is_goto(insn):
        return (jump_target(insn, slot),)
    return (slot + width(insn),)


def _check_reachable(insns: tuple[Insn, ...]) -> Finding | None:
    seen = bytearray(len(insns))
    pending = [0]
    while pending:
        slot = pending.pop()
        if slot >= len(insns) or seen[slot]:
            continue
        seen[slot] = 1
        target = _referred(insns[slot], slot)
        pending.extend(successors(insns[slot], slot) if target is None else (*successors(insns[slot], slot), target))
    for slot in starts(insns):
        if not seen[slot]:
            return _at(
                unsafe("SYR520", "this code can never run", "kernels refuse programs with unreachable code"), slot
            )
    return None


def circle() -> Finding:
    return unsafe("SYR517", "functions call each other in a circle", help="write the recursion as a loop")


def check_calls(functions: Mapping[int, Function]) -> Finding | None:
    """Calls form no circle and no chain that is too long. Found by removing functions that call nothing any more."""
    depth: dict[int, int] = {}
    pending = dict(functions)
    while pending:
        ready = [f for f in pending.values() if all(target in depth for _, target in f.calls)]
        if not ready:
            slot = _call_in_circle(pending)
            return _at(circle(), slot)
        for function in ready:
            depth[function.start] = 1 + max((depth[target] for _, target in function.calls), default=0)
            del pending[function.start]
    if depth[0] > MAX_FRAMES:
        slot = functions[0].calls[0][0]
        notes = f"the longest chain has {depth[0]} functions; kernels accept {MAX_FRAMES}"
        return _at(unsafe("SYR517", "calls are nested too deeply", notes), slot)
    return None


def _call_in_circle(pending: Mapping[int, Function]) -> int:
    """A call that is part of a circle: whoever follows calls for long enough is in one."""
    function = next(iter(pending.values()))
    for _ in pending:
        function = pending[next(target for _, target in function.calls if target in pending)]
    return next(slot for slot, target in function.calls if target in pending)


def _check_loops(insns: tuple[Insn, ...]) -> Finding | None:
    """Loops close with a jump: a search in program order meets no open instruction by merely going on."""
    state = bytearray(len(insns))
    pending = [(0, iter(_flow_from(insns, 0)))]
    while pending:
        slot, following = pending[-1]
        state[slot] = _OPEN
        after = next(following, None)
        if after is None:
            state[slot] = _DONE
            pending.pop()
        elif not state[after]:
            pending.append((after, iter(_flow_from(insns, after))))
        elif state[after] == _OPEN and after == _referred(insns[slot], slot):
            return _at(circle(), slot)
        elif state[after] == _OPEN and not _jumps(insns[slot]):
            return _at(
                unsafe("SYR502", "a loop is entered in its middle", "kernels before 6.12 refuse such a program"), slot
            )
    return None


_OPEN: Final = 1
_DONE: Final = 2


def _flow_from(insns: tuple[Insn, ...], slot: int) -> tuple[int, ...]:
    target = _referred(insns[slot], slot)
    following = successors(insns[slot], slot)
    return following if target is None else (*following, target)


def _check_ways_out(subject: Subject, functions: Mapping[int, Function]) -> Finding | None:
    """Tail calls, and the old way to read the packet, leave a function by the back door.

    Whoever called it then finds a number as its result, so it has to be one that returns a number.
    """
    for function in list(functions.values())[1:]:
        signature = subject.signatures.get(function.start) if subject.signatures else None
        for slot in range(function.start, function.end):
            insn = subject.insns[slot]
            way = "a tail call" if is_tail_call(insn) else "reading the packet by LD_ABS" if loads_packet(insn) else ""
            if way and not (signature and signature.returns_int):
                reason = (
                    "type information has to say that it does" if signature is None else f"`{signature.name}` does not"
                )
                return _at(
                    unsafe("SYR502", f"{way} is only possible in a function that returns a number", reason), slot
                )
    return None


def is_tail_call(insn: Insn) -> bool:
    return insn.opcode == CALL and insn.src == op.CALL_HELPER and insn.imm == _TAIL_CALL


def loads_packet(insn: Insn) -> bool:
    """The old way, LD_ABS or LD_IND."""
    return insn.cls == op.LD and insn.mode in (op.ABS, op.IND)


def _crossings(insns: tuple[Insn, ...]) -> frozenset[int]:
    """Where the walk compares states: jumps, what they lead to, and what follows a call."""
    found = set()
    for slot in starts(insns):
        insn = insns[slot]
        if is_conditional(insn):
            found |= {slot, jump_target(insn, slot)}
        elif is_goto(insn):
            found.add(jump_target(insn, slot))
        elif is_call_back(insn):
            found.add(slot)
        elif is_call(insn):
            found |= {slot + 1, _referred(insn, slot) or 0}
    return frozenset(found)


# -- registers that are still wanted -----------------------------------------------------------------------------------


def _live(insns: tuple[Insn, ...], functions: Mapping[int, Function]) -> tuple[int, ...]:
    """For each slot the set of registers whose value may still be read before it is replaced."""
    live = [0] * len(insns)
    jumps: dict[int, list[int]] = {}  # target -> where jumps to it are
    for slot in starts(insns):
        if _jumps(insns[slot]):
            jumps.setdefault(jump_target(insns[slot], slot), []).append(slot)
    for function in functions.values():
        for slot in reversed(range(function.start, function.end)):
            live[slot] = _wanted_before(insns, live, slot)
    # What is wanted where a jump leads back to was not yet known then; the rest follows what changes.
    pending = [slot for target, sources in jumps.items() for slot in sources if target <= slot]
    while pending:
        slot = pending.pop()
        wanted = _wanted_before(insns, live, slot)
        if wanted != live[slot]:
            live[slot] = wanted
            pending += jumps.get(slot, ())
            if slot:
                pending.append(slot - 1 if insns[slot - 1].opcode else slot - 2)
    return tuple(live)


def _wanted_before(insns: tuple[Insn, ...], live: Sequence[int], slot: int) -> int:
    """What the instruction reads, and what is wanted behind it that it does not replace; 0 for half an instruction."""
    insn = insns[slot]
    if insn.opcode == 0:
        return 0
    uses, kills = _registers(insn)
    after = 0
    for following in successors(insn, slot):
        if following < len(insns):
            after |= live[following]
    return uses | (after & ~kills)


def _registers(insn: Insn) -> tuple[int, int]:
    """The registers that an instruction reads, and those that it replaces."""
    dst, src = 1 << insn.dst & _ALL, 1 << insn.src & _ALL  # an instruction may name registers that there are not
    match insn.cls:
        case op.ALU | op.ALU64:
            reads_src = insn.from_register and insn.operation not in (op.END, op.NEG)
            reads_dst = insn.operation != op.MOV
            return (src if reads_src else 0) | (dst if reads_dst else 0), dst
        case op.LDX:
            return src, dst
        case op.ST:
            return dst, 0
        case op.STX if insn.mode == op.ATOMIC:
            return dst | src | (1 if insn.imm == op.CMPXCHG else 0), 0
        case op.STX:
            return dst | src, 0
        case op.LD if insn.opcode == op.WIDE:
            return 0, dst
        case op.LD:
            return 1 << 6 | (src if insn.mode == op.IND else 0), _CALLER_SAVED
    if insn.opcode == CALL:
        return _CALLER_SAVED & ~1, _CALLER_SAVED
    if insn.opcode == EXIT:
        return 1, 0
    if is_conditional(insn):
        return dst | (src if insn.from_register else 0), 0
    return 0, 0
