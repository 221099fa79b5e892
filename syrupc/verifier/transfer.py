"""What each instruction does to the state, its obligations being met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from syrupc.isa import opcodes as op
from syrupc.isa.codec import wide_immediate
from syrupc.isa.insn import Insn
from syrupc.kernel.contexts import Gives
from syrupc.kernel.helpers import Ret
from syrupc.kernel.map_types import BY_NAME as MAP_TYPE
from syrupc.kernel.map_types import RDONLY_PROG, SOCKET_MAPS
from syrupc.kernel.reasoning import Reasoning
from syrupc.objfile.model import MapDefinition
from syrupc.verifier import stack
from syrupc.verifier.domains import (
    Scalar,
    arithmetic,
    const,
    cut,
    extend_sign,
    low_half,
    sign_values,
    swapped,
    unsigned,
    within,
)
from syrupc.verifier.regions import context_field, stack_span
from syrupc.verifier.signatures import Parameter, Passed
from syrupc.verifier.state import SLOTS, Call, Frame, State, slot_place
from syrupc.verifier.subject import Subject
from syrupc.verifier.values import ANYTHING, NULL, ZERO, Kind, Number, Pointer, Value

TAIL_CALL = 12
Fresh: TypeAlias = Callable[[], int]
"""Gives an identity that no value has yet."""
Effect: TypeAlias = Callable[[State], None]
"""Changes a state to the one behind the instruction; `slot` is moved on by the walk."""

_SIZED_RESULTS = frozenset({45, 67, 114, 115, 141})
_MAX_ERRNO = 4095


def effect_of(subject: Subject, slot: int, fresh: Fresh) -> Effect:
    """What the instruction at `slot` does where it goes on behind itself: no jump, no return, no call of a function.

    The choice is made once for each instruction, not on each visit.
    """
    insn = subject.insns[slot]
    match insn.cls:
        case op.ALU | op.ALU64:
            return _arithmetic(subject, insn, fresh)
        case op.LDX:
            return partial(_load_into, subject, insn, fresh)
        case op.ST:
            return partial(_store, subject, insn.dst, insn.off, insn.size, Number(const(insn.imm)))
        case op.STX if insn.mode == op.ATOMIC:
            return partial(_atomic, subject, insn, fresh)
        case op.STX:
            return partial(_spill, subject, insn, fresh)
        case op.LD if insn.opcode == op.WIDE:
            return partial(_load_wide, subject, slot, insn)
        case op.LD:
            return _load_packet
    return partial(_call_helper, subject, fresh)


def may_split(insn: Insn) -> bool:
    """Whether the instruction masks a number."""
    return insn.cls in (op.ALU, op.ALU64) and insn.operation in (op.AND, op.OR)


def split(state: State, insn: Insn) -> State | None:
    """Where a constant masks a number that is 0 or -1: the state is that of -1, and a copy that of 0.

    The copy comes to the instruction anew.
    """
    value = state.registers[insn.dst]
    mask = state.registers[insn.src] if insn.from_register else NULL
    if type(value) is not Number or type(mask) is not Number or mask.range.mask:
        return None
    halves = sign_values(value.range)
    if halves is None:
        return None
    other = state.copy()
    other.steps -= 1
    other.registers[insn.dst] = Number(halves[0], 0, value.origin)
    state.registers[insn.dst] = Number(halves[1], 0, value.origin)
    return other


def _put(register: int, value: Value, state: State) -> None:
    state.frames[-1].registers[register] = value


def _load_wide(subject: Subject, slot: int, insn: Insn, state: State) -> None:
    state.registers[insn.dst] = _wide(subject, slot, insn)


def _load_packet(state: State) -> None:
    _clobber(state)
    state.registers[0] = ANYTHING


# -- arithmetic --------------------------------------------------------------------------------------------------------


def _arithmetic(subject: Subject, insn: Insn, fresh: Fresh) -> Effect:
    bits = 64 if insn.cls == op.ALU64 else 32
    match insn.operation:
        case op.MOV if not insn.from_register:
            return partial(_put, insn.dst, Number(const(insn.imm if bits == 64 else insn.imm & 0xFFFFFFFF)))
        case op.MOV:
            return partial(_move, subject, insn, bits, fresh)
        case op.END:
            return partial(_swap, subject, insn)
        case op.NEG:
            return partial(_negate, subject, insn.dst, bits)
    if insn.from_register:
        return partial(_combine_registers, subject, insn, bits, fresh)
    return partial(_combine_constant, subject, insn, Number(const(insn.imm)), bits, fresh)


def _swap(subject: Subject, insn: Insn, state: State) -> None:
    """The low 16, 32 or 64 bits, their bytes in the other order; or only cut off, where the order is the machine's."""
    value, size = state.registers[insn.dst], insn.imm // 8
    found = ANYTHING
    if type(value) is Number and subject.kernel.reasoning.follows_swaps:
        swaps = insn.cls == op.ALU64 or insn.from_register
        known = swapped(value.range, size) if swaps else cut(value.range, size, subject.kernel.reasoning)
        found = Number(known, 0, value.origin)
    state.registers[insn.dst] = found


def _combine_registers(subject: Subject, insn: Insn, bits: int, fresh: Fresh, state: State) -> None:
    registers = state.frames[-1].registers
    left, right = registers[insn.dst], registers[insn.src]
    registers[insn.dst] = _combine(subject, state, insn.operation, left, right, bits, fresh)


def _combine_constant(subject: Subject, insn: Insn, right: Number, bits: int, fresh: Fresh, state: State) -> None:
    registers = state.frames[-1].registers
    registers[insn.dst] = _combine(subject, state, insn.operation, registers[insn.dst], right, bits, fresh)


def _move(subject: Subject, insn: Insn, bits: int, fresh: Fresh, state: State) -> None:
    registers = state.frames[-1].registers
    source = registers[insn.src]
    if type(source) is not Number:
        copied = bits == 64 and not insn.off
        registers[insn.dst] = source if copied else ANYTHING if insn.off else Number(unsigned(32))
    elif insn.off:
        found = extend_sign(source.range, insn.off, bits, subject.kernel.reasoning)
        registers[insn.dst] = Number(found, 0, source.origin)
    elif bits == 64 or (source.range.umax <= 0xFFFFFFFF and subject.kernel.reasoning.links_zero_extended):
        registers[insn.src] = registers[insn.dst] = _identified(source, fresh)
    else:
        registers[insn.dst] = Number(low_half(source.range, subject.kernel.reasoning), 0, source.origin)


def _identified(number: Number, fresh: Fresh) -> Number:
    """The number, with an identity that its copies share; a constant needs none."""
    if not number.range.mask or (number.id and not number.delta):
        return number
    return Number(number.range, fresh(), number.origin)


def _negate(subject: Subject, register: int, bits: int, state: State) -> None:
    value = state.registers[register]
    if type(value) is Number and subject.kernel.reasoning.negates:
        found = arithmetic(op.SUB, ZERO, value.range, bits, subject.kernel.reasoning)
        state.registers[register] = Number(found, 0, value.origin)
    else:
        state.registers[register] = ANYTHING


def _combine(
    subject: Subject, state: State, operation: int, left: Value, right: Value, bits: int, fresh: Fresh
) -> Value:
    if type(left) is Number and type(right) is Number:
        return _compute(subject, operation, left, right, bits)
    if bits == 32:
        return ANYTHING
    if type(left) is Pointer and type(right) is Number:
        state.demand(right)
        return _displace(subject, left, right.range, 1 if operation == op.ADD else -1, fresh)
    if type(left) is Number and type(right) is Pointer:
        state.demand(left)
        if right.reference:
            return ANYTHING  # kernels forget that this is what was borrowed
        return _displace(subject, right, left.range, 1, fresh)
    return ANYTHING


def _compute(subject: Subject, operation: int, left: Number, right: Number, bits: int) -> Number:
    found = arithmetic(operation, left.range, right.range, bits, subject.kernel.reasoning)
    origin = left.origin | right.origin
    if left.id and not left.delta and not right.range.mask:
        by = _followed(operation, right.range.smin, right.range.s32min, bits, subject.kernel.reasoning)
        if by:
            return Number(found, left.id, origin, by, bits == 32)
    return Number(found, 0, origin)


def _followed(operation: int, by: int, low: int, bits: int, kernel: Reasoning) -> int:
    """By how much the result is known to differ from the number, 0 where that is not remembered."""
    if operation == op.ADD and kernel.follows_sums and 0 < by < 1 << 31 and bits == 64:
        return by
    by = by if bits == 64 else low
    if operation in (op.ADD, op.SUB) and kernel.follows_differences and -(1 << 31) < by < 1 << 31:
        return by if operation == op.ADD else -by
    return 0


def _displace(subject: Subject, pointer: Pointer, by: Scalar, sign: int, fresh: Fresh) -> Pointer:
    """The pointer moved by a bounded number."""
    if not by.mask:
        extent = pointer.extent if pointer.extent > 0 else 0
        return pointer._replace(offset=pointer.offset + sign * by.smin, extent=extent)
    operation = op.ADD if sign > 0 else op.SUB
    variable = arithmetic(operation, pointer.variable, by, 64, subject.kernel.reasoning)
    if pointer.kind in (Kind.PACKET, Kind.PACKET_META):
        # Nothing that was compared before tells where this one leads.
        return pointer._replace(variable=variable, id=fresh(), extent=0)
    return pointer._replace(variable=variable)


# -- memory ------------------------------------------------------------------------------------------------------------


def _load_into(subject: Subject, insn: Insn, fresh: Fresh, state: State) -> None:
    sign = insn.mode == op.MEMSX
    state.registers[insn.dst] = _load(subject, state, insn.src, insn.off, insn.size, sign, fresh)


def _load(subject: Subject, state: State, register: int, offset: int, size: int, sign: bool, fresh: Fresh) -> Value:
    pointer = state.registers[register]
    assert type(pointer) is Pointer
    found: Value
    if pointer.kind is Kind.STACK:
        found = stack.load(state, pointer, offset, size, subject.kernel.reasoning)
    elif pointer.kind is Kind.CONTEXT:
        found = _load_context(subject, pointer, offset, size, fresh)
    elif pointer.kind is Kind.MAP_VALUE:
        found = _load_value(subject, pointer, offset, size)
    else:
        found = Number(unsigned(8 * size))
    if sign and type(found) is Number:
        return Number(extend_sign(found.range, 8 * size, 64, subject.kernel.reasoning), 0, found.origin)
    return found


def _load_value(subject: Subject, pointer: Pointer, offset: int, size: int) -> Number:
    """A number from a map value; what is in a read-only data section is known, because loaders freeze it."""
    definition = subject.maps[pointer.target]
    if definition.initial is None or not definition.flags & RDONLY_PROG or not pointer.fixed:
        return Number(unsigned(8 * size))
    start = pointer.offset + pointer.variable.value + offset
    return Number(const(int.from_bytes(definition.initial[start : start + size], "little")))


_FIELD_KINDS = {
    Gives.PACKET: (Kind.PACKET, False),
    Gives.PACKET_END: (Kind.PACKET_END, False),
    Gives.PACKET_META: (Kind.PACKET_META, False),
    Gives.SOCKET: (Kind.SOCKET, False),
    Gives.SOCKET_OR_NULL: (Kind.SOCKET, True),
    Gives.SOCK_COMMON_OR_NULL: (Kind.SOCK_COMMON, True),
}


def _load_context(subject: Subject, pointer: Pointer, offset: int, size: int, fresh: Fresh) -> Value:
    field = context_field(subject, pointer, pointer.offset + offset)
    assert field is not None
    if field.gives is Gives.NUMBER:
        return Number(unsigned(8 * size))
    kind, nullable = _FIELD_KINDS[field.gives]
    return Pointer(kind, id=fresh() if nullable else 0, nullable=nullable)


def _store(subject: Subject, register: int, offset: int, size: int, value: Value, state: State) -> None:
    pointer = state.registers[register]
    assert type(pointer) is Pointer
    if pointer.kind is Kind.STACK:
        stack.store(state, pointer, offset, size, value, subject.kernel.reasoning)


def _spill(subject: Subject, insn: Insn, fresh: Fresh, state: State) -> None:
    value = state.registers[insn.src]
    if type(value) is Number and subject.kernel.reasoning.links_spilled:
        value = _identified(value, fresh)
        state.registers[insn.src] = value
    _store(subject, insn.dst, insn.off, insn.size, value, state)


def _atomic(subject: Subject, insn: Insn, fresh: Fresh, state: State) -> None:
    if insn.imm == op.LOAD_ACQUIRE:
        state.registers[insn.dst] = _load(subject, state, insn.src, insn.off, insn.size, False, fresh)
        return
    if insn.imm == op.STORE_RELEASE:
        _spill(subject, insn, fresh, state)
        return
    pointer = state.registers[insn.dst]
    assert type(pointer) is Pointer
    before = _load(subject, state, insn.dst, insn.off, insn.size, False, fresh)
    if pointer.kind is Kind.STACK:
        low, high = stack_span(pointer, pointer.offset + insn.off)
        stack.scatter(state, pointer.target, low, high + insn.size, not pointer.fixed, subject.kernel.reasoning)
    if insn.imm & op.FETCH:
        state.registers[0 if insn.imm == op.CMPXCHG else insn.src] = before


def _wide(subject: Subject, slot: int, insn: Insn) -> Value:
    if insn.src == op.WIDE_NUMBER:
        return Number(const(wide_immediate(subject.insns, slot)))
    if insn.src == op.WIDE_CODE:
        return Pointer(Kind.FUNCTION, target=slot + 1 + insn.imm)
    use = subject.uses[slot]
    if use.offset is None:
        return Pointer(Kind.MAP, target=use.map)
    return Pointer(Kind.MAP_VALUE, use.offset, target=use.map)


# -- calls -------------------------------------------------------------------------------------------------------------


def _clobber(state: State) -> None:
    state.registers[:6] = [None] * 6


def _call_helper(subject: Subject, fresh: Fresh, state: State) -> None:
    call = state.call
    assert call is not None
    for span in call.spans:
        _touch(subject, state, span.register, span.size, span.write)
    for register, arg in enumerate(call.helper.args, 1):
        if arg.is_size:
            state.demand(state.registers[register])
    result = _result(subject, state, call, fresh)
    if call.released:
        release(state, call.released)
    if call.helper.moves_packet or (
        call.helper.id == TAIL_CALL and not subject.kernel.reasoning.keeps_packet_in_tail_call
    ):
        _forget_packet(state)
    _clobber(state)
    state.registers[0] = result


def _touch(subject: Subject, state: State, register: int, size: int, write: bool) -> None:
    """A helper reads or writes `size` bytes at its argument; only the stack remembers."""
    pointer = state.registers[register]
    if type(pointer) is not Pointer or pointer.kind is not Kind.STACK or size == 0:
        return
    low, high = stack_span(pointer, pointer.offset)
    stack.touch(state, pointer.target, low, high + size)
    if write:
        stack.scatter(state, pointer.target, low, high + size, not pointer.fixed, subject.kernel.reasoning)


def _result(subject: Subject, state: State, call: Call, fresh: Fresh) -> Value:
    match call.helper.ret:
        case Ret.NOTHING:
            return None
        case Ret.NUMBER:
            if call.helper.id in _SIZED_RESULTS:
                return Number(within(-_MAX_ERRNO, max(span.size for span in call.spans)))
            return ANYTHING
        case Ret.MAP_VALUE:
            return Pointer(Kind.MAP_VALUE, target=call.map or 0)
        case Ret.MAP_VALUE_OR_NULL:
            found = _looked_up(subject, state, call.map or 0, fresh())
            return found._replace(nullable=False, id=0) if _is_present(subject, state, call.map or 0) else found
    identity = fresh()
    reference = identity if call.helper.acquires else 0
    if reference:
        state.references = (*state.references, reference)
    kind, size_of = _RESULT_KINDS[call.helper.ret], call.allocated
    return Pointer(kind, target=size_of, id=identity, nullable=True, reference=reference)


_RESULT_KINDS = {
    Ret.MEM_OR_NULL: Kind.MEMORY,
    Ret.SOCKET_OR_NULL: Kind.SOCKET,
    Ret.SOCK_COMMON_OR_NULL: Kind.SOCK_COMMON,
    Ret.TCP_SOCK_OR_NULL: Kind.TCP_SOCK,
}


def _looked_up(subject: Subject, state: State, number: int, identity: int) -> Pointer:
    """What a look-up in the map leads to: mostly a value, in some map types a map or a socket."""
    kind = subject.maps[number].type
    if kind in SOCKET_MAPS:
        state.references = (*state.references, identity)
        return Pointer(Kind.SOCKET, id=identity, nullable=True, reference=identity)
    if kind in (MAP_TYPE["array_of_maps"].number, MAP_TYPE["hash_of_maps"].number):
        inner = subject.inner[number] if subject.inner else -1
        return Pointer(Kind.MAP, target=inner, id=identity, nullable=True)
    if kind == MAP_TYPE["xskmap"].number:
        return Pointer(Kind.XDP_SOCK, id=identity, nullable=True)
    return Pointer(Kind.MAP_VALUE, target=number, id=identity, nullable=True)


def _is_present(subject: Subject, state: State, number: int) -> bool:
    """Whether the key in r2 is a constant index that the array has."""
    definition = subject.maps[number]
    key = state.registers[2]
    arrays = (MAP_TYPE["array"].number, MAP_TYPE["percpu_array"].number)
    if not subject.kernel.reasoning.knows_present_keys or definition.type not in arrays:
        return False
    if type(key) is not Pointer or key.kind is not Kind.STACK or not key.fixed:
        return False
    index = stack.load_stored(state, key, definition.key_size)
    if index is None or index.range.mask or index.range.umax >= definition.max_entries:
        return False
    state.demand(index)
    return True


def release(state: State, reference: int) -> None:
    """What was borrowed is given back: every copy of the pointer is void."""
    state.references = tuple(r for r in state.references if r != reference)
    replace_values(
        state,
        lambda value: type(value) is Pointer and value.reference == reference,
        lambda _: ANYTHING,
    )


def _forget_packet(state: State) -> None:
    kinds = (Kind.PACKET, Kind.PACKET_END, Kind.PACKET_META)
    replace_values(state, lambda value: type(value) is Pointer and value.kind in kinds, lambda _: ANYTHING)


def replace_values(state: State, wanted: Callable[[Value], bool], change: Callable[[Value], Value]) -> None:
    """Apply `change` to every register and stored register that is `wanted`, in all frames."""
    for frame in state.frames:
        for register, value in enumerate(frame.registers):
            if wanted(value):
                frame.registers[register] = change(value)
        for number, slot in frame.stack.items():
            if slot.value is not None and wanted(slot.value):
                frame.stack[number] = slot._replace(value=change(slot.value))


def enter(state: State, target: int) -> None:
    """Call a function of the program: a new frame, with the arguments handed over."""
    arguments = state.registers[1:6]
    _push(state, target)
    state.registers[1:6] = arguments


def _push(state: State, target: int) -> None:
    """A frame more, for the function at `target`."""
    callee = Frame(target, state.slot)
    depth = len(state.frames)
    callee.registers[10] = Pointer(Kind.STACK, target=depth)
    state.frames.append(callee)
    for number in range(SLOTS):
        state.written |= slot_place(depth, number)
    state.slot = target


def leave(state: State) -> None:
    """Return to the caller: the result in r0, the argument registers spent."""
    callee = state.frames.pop()
    _clobber(state)
    state.registers[0] = callee.registers[0]
    state.slot = callee.call + 1


def call_back(state: State, number: int | None, definition: MapDefinition | None) -> State:
    """The state in which the function begins that a helper calls: a copy, with a frame more."""
    call = state.call
    assert call is not None
    assert call.callback is not None
    caller = state.frame.registers
    other = state.copy()
    other.frame.rounds += 1
    other.unrolled += 1
    _push(other, call.callback)
    registers = other.registers
    other.frame.called_back = True
    if number is None or definition is None:
        registers[1], registers[2] = ANYTHING, caller[3]
    else:
        registers[1] = Pointer(Kind.MAP, target=number)
        registers[2] = Pointer(Kind.MEMORY, target=definition.key_size, readonly=True)
        registers[3] = Pointer(Kind.MAP_VALUE, target=number)
        registers[4] = caller[3]
    return other


def answer(state: State) -> None:
    """Return to the helper that called: its call is carried out again, with the arguments that it had."""
    state.slot = state.frames.pop().call


def return_at_once(state: State, result: Number) -> State:
    """A copy that comes back to the caller from the middle of a function, which has left for good."""
    other = state.copy()
    _forget_packet(other)
    other.registers[0] = result
    leave(other)
    return other


def call_alone(state: State) -> None:
    """Call a global function: nothing is known of what it returns, or does to the packet."""
    _forget_packet(state)
    _clobber(state)
    state.registers[0] = ANYTHING


def function_state(entry: int, parameters: Sequence[Parameter], fresh: Fresh) -> State:
    """Where the walk of a global function starts."""
    frame = Frame(entry, -1)
    for register, parameter in enumerate(parameters, 1):
        match parameter.passed:
            case Passed.NUMBER:
                frame.registers[register] = ANYTHING
            case Passed.CONTEXT:
                frame.registers[register] = Pointer(Kind.CONTEXT)
            case Passed.MEMORY:
                memory = Pointer(Kind.MEMORY, target=parameter.size, id=fresh(), nullable=True)
                frame.registers[register] = memory
    frame.registers[10] = Pointer(Kind.STACK)
    return State(entry, frame)


def first_state() -> State:
    """Where a program starts: the context in r1, an untouched stack."""
    frame = Frame(0, -1)
    frame.registers[1] = Pointer(Kind.CONTEXT)
    frame.registers[10] = Pointer(Kind.STACK)
    return State(0, frame)
