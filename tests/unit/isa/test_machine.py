"""Running: results, calls, limits, and errors with their place."""

from __future__ import annotations

import pytest

from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import decode
from syrupc.isa.insn import Insn
from syrupc.isa.machine import (
    Helper,
    Image,
    Machine,
    MachineError,
    Options,
    ProgramArray,
    Shape,
    UnmodelledError,
    World,
    make_map,
    maps,
    sk_reuseport,
    socket_filter,
    xdp,
)
from tests.unit.isa.runs import DATAGRAM, image, returned, run

# -- results -------------------------------------------------------------------------------------------------------


def test_r0_is_the_result_and_its_low_half_what_the_kernel_takes() -> None:
    result = run("r0 = 0x123456789 ll\nexit")
    assert (result.r0, result.retval) == (0x123456789, 0x23456789)


def test_executed_instructions_are_counted_with_those_of_functions() -> None:
    assert run("r0 = 0\nexit").executed == 2
    assert run("r0 = 5 ll\nexit").executed == 2
    assert run("call f\nexit\nf:\nr0 = 1\nexit").executed == 4
    loop = "r1 = 3\nr2 = code(f) ll\nr3 = 0\nr4 = 0\ncall 181\nexit\nf:\nr0 = 0\nexit"
    assert run(loop).executed == 6 + 3 * 2


def test_a_run_leaves_nothing_to_the_next_but_maps() -> None:
    counter = make_map(Shape(maps.ARRAY, 4, 8, 1))
    machine = Machine(
        image("r1 = map_value(0, 0) ll\nr2 = 1\nr2 = atomic_fetch_add((u64 *)(r1 + 0), r2)\nr0 = r2\nexit", [counter])
    )
    context = sk_reuseport(DATAGRAM)
    assert [machine.run(context).r0 for _ in range(3)] == [0, 1, 2]
    counter.update(bytes(4), (40).to_bytes(8, "little"))
    assert machine.run(context).r0 == 40
    assert counter.lookup(bytes(4)) == (41).to_bytes(8, "little")


def test_the_packet_afterwards_is_given() -> None:
    text = """
        r2 = *(u32 *)(r1 + 0)
        r3 = *(u32 *)(r1 + 4)
        *(u8 *)(r2 + 1) = 0xee
        r0 = 2
        exit
    """
    assert run(text, context=xdp(bytes(4))).packet == b"\0\xee\0\0"


# -- calls ---------------------------------------------------------------------------------------------------------


def test_a_function_gets_its_arguments_and_keeps_the_callers_registers() -> None:
    text = """
        r6 = 100
        r1 = 1
        r2 = 2
        call add
        r0 += r6
        exit
    add:
        r6 = 7
        r0 = r1
        r0 += r2
        exit
    """
    assert returned(text) == 103


def test_each_call_has_a_stack_of_its_own() -> None:
    text = """
        *(u64 *)(r10 - 8) = 1
        r1 = r10
        call f
        r0 = *(u64 *)(r10 - 8)
        exit
    f:
        *(u64 *)(r10 - 8) = 2
        *(u64 *)(r1 - 8) = 3
        r0 = 0
        exit
    """
    assert returned(text) == 3


def test_calls_are_at_most_eight_deep() -> None:
    recursion = "r1 = {}\ncall f\nexit\nf:\nr0 = 0\nif r1 == 0 goto +2\nr1 += -1\ncall f\nexit"
    assert returned(recursion.format(6)) == 0
    with pytest.raises(MachineError, match="slot 6: more than 8 calls deep"):
        run(recursion.format(7))


LOOP = """
    *(u64 *)(r10 - 8) = 0
    r1 = {turns}
    r2 = code(body) ll
    r3 = r10
    r3 += -8
    r4 = 0
    call 181
    r1 = *(u64 *)(r10 - 8)
    r0 *= 1000
    r0 += r1
    exit
body:
    r3 = *(u64 *)(r2 + 0)
    r3 += r1
    *(u64 *)(r2 + 0) = r3
    r0 = 0
    if r1 < {last} goto +1
    r0 = 1
    exit
"""


def test_a_loop_helper_calls_back_until_it_is_told_to_stop() -> None:
    assert returned(LOOP.format(turns=5, last=100)) == 5 * 1000 + 10
    assert returned(LOOP.format(turns=100, last=3)) == 4 * 1000 + 6


def test_a_callback_must_be_a_function() -> None:
    with pytest.raises(MachineError, match="given to a helper in place of a function"):
        run("r1 = 1\nr2 = r10\nr3 = 0\nr4 = 0\ncall 181\nexit")
    with pytest.raises(MachineError, match="slot 6: call back to slot 40, where no instruction begins"):
        run("r1 = 1\nr2 = code(-2) ll\nr2 += 40\nr3 = 0\nr4 = 0\ncall 181\nexit")


def tail_calling(index: int) -> str:
    return f"*(u64 *)(r10 - 8) = 5\nr2 = map(0) ll\nr3 = {index}\ncall 12\nr0 = 1\nexit"


def programs(*targets: tuple[int, Image]) -> ProgramArray:
    made = make_map(Shape(maps.PROG_ARRAY, 4, 4, 4, name="programs"))
    assert isinstance(made, ProgramArray)
    for index, target in targets:
        made.set(index, target)
    return made


def test_a_tail_call_goes_on_in_another_program_or_falls_through() -> None:
    other = Image(parse_program("r0 = *(u32 *)(r1 + 16)\nexit"), name="other")
    table = programs((2, other))
    assert returned(tail_calling(2), table) == len(DATAGRAM)
    assert [returned(tail_calling(index), table) for index in (0, 4, -1)] == [1, 1, 1]
    table.set(2, None)
    assert returned(tail_calling(2), table) == 1


def test_a_tail_called_program_begins_with_a_fresh_stack() -> None:
    reader = Image(parse_program("r0 = *(u64 *)(r10 - 8)\nexit"), name="reader")
    with pytest.raises(MachineError, match=r"reader, slot 0: .*not all of them written"):
        run(tail_calling(0), programs((0, reader)))


def test_tail_calls_end_after_33() -> None:
    counter = make_map(Shape(maps.ARRAY, 4, 8, 1))
    table = programs()
    count = "r2 = map_value(1, 0) ll\nr3 = 1\nlock *(u64 *)(r2 + 0) += r3\n"
    table.set(0, image(count + tail_calling(0), [table, counter]))
    assert returned(tail_calling(0), table, counter) == 1
    assert counter.lookup(bytes(4)) == (33).to_bytes(8, "little")


# -- limits and errors -----------------------------------------------------------------------------------------------


def test_a_run_has_a_budget() -> None:
    with pytest.raises(MachineError, match="no end after 1000 instructions"):
        run("goto -1", budget=1000)
    endless = "r1 = 100\nr2 = code(f) ll\nr3 = 0\nr4 = 0\ncall 181\nexit\nf:\ngoto -1"
    with pytest.raises(MachineError, match="slot 7: no end after 1000 instructions"):
        run(endless, budget=1000)


ERRORS = {
    "null": ("r1 = 0\nr0 = *(u8 *)(r1 + 0)\nexit", 1, "null pointer"),
    "no address": ("r1 = 0x123456789 ll\n*(u8 *)(r1 + 0) = 0\nexit", 2, "0x123456789 is not an address"),
    "above the stack": (
        "*(u64 *)(r10 - 4) = 0\nexit",
        0,
        "store of 8 bytes at offset 508 of stack frame 0, which has 512",
    ),
    "below the stack": ("*(u64 *)(r10 - 520) = 0\nexit", 0, "access at offset -8 of stack frame 0"),
    "unwritten": (
        "r0 = *(u64 *)(r10 - 8)\nexit",
        0,
        "load of 8 bytes at offset -8 of stack frame 0, not all of them written",
    ),
    "half written": ("*(u32 *)(r10 - 8) = 1\nr0 = *(u64 *)(r10 - 8)\nexit", 1, "not all of them written"),
    "past the packet": (
        "r2 = *(u64 *)(r1 + 0)\nr0 = *(u32 *)(r2 + 37)\nexit",
        1,
        "load of 4 bytes at offset 37 of the packet",
    ),
    "packet is constant": (
        "r2 = *(u64 *)(r1 + 0)\n*(u8 *)(r2 + 0) = 1\nexit",
        1,
        "store to the packet, which is read-only",
    ),
    "context is constant": ("*(u32 *)(r1 + 16) = 1\nexit", 0, "store of 4 bytes at offset 16 of sk_reuseport_md"),
    "half a pointer": (
        "r0 = *(u32 *)(r1 + 0)\nexit",
        0,
        "load of 4 bytes at offset 0 of sk_reuseport_md cuts a pointer",
    ),
    "past the context": ("r0 = *(u32 *)(r1 + 56)\nexit", 0, "load of 4 bytes at offset 56 of sk_reuseport_md"),
    "unset register": ("r0 = r3\nexit", 0, "reads r3, which holds nothing"),
    "unset operand": ("r0 = 1\nr0 += r3\nexit", 1, "reads r3, which holds nothing"),
    "unset division": ("r0 = 1\nr0 /= r3\nexit", 1, "reads r3, which holds nothing"),
    "unset comparison": ("if r0 == 5 goto +0\nexit", 0, "reads r0, which holds nothing"),
    "unset comparison, w": ("if w7 s< w1 goto +0\nexit", 0, "reads r7, which holds nothing"),
    "unset store": ("*(u64 *)(r10 - 8) = r4\nexit", 0, "reads r4, which holds nothing"),
    "unset address": ("r0 = *(u64 *)(r4 + 0)\nexit", 0, "reads r4, which holds nothing"),
    "unset atomic": ("*(u64 *)(r10 - 8) = 1\nlock *(u64 *)(r10 - 8) += r4\nexit", 1, "reads r4, which holds nothing"),
    "unset exchange": (
        "*(u64 *)(r10 - 8) = 1\nr4 = 1\nr0 = atomic_cmpxchg((u64 *)(r10 - 8), r0, r4)\nexit",
        2,
        "reads r0, which holds nothing",
    ),
    "unset byte swap": ("r5 = be16 r5\nexit", 0, "reads r5, which holds nothing"),
    "unset result": ("exit", 0, "returns without a value in r0"),
    "unset argument": ("r1 = map(0) ll\ncall 1\nexit", 2, "r2 holds nothing, and is an argument of map_lookup_elem"),
    "unset tail call": ("r2 = map(0) ll\ncall 12\nexit", 2, "r3 holds nothing, and is an argument of tail_call"),
    "clobbered": ("r3 = 1\ncall 8\nr0 = r3\nexit", 2, "reads r3, which holds nothing"),
    "a function's caller's": ("r6 = 1\ncall f\nexit\nf:\nr0 = r6\nexit", 3, "reads r6, which holds nothing"),
    "no map": ("r1 = r10\nr2 = r10\ncall 1\nexit", 2, "stack frame 0 given to a helper in place of a map"),
    "no context": ("r1 = r10\nr2 = 0\nr3 = r10\nr4 = 4\ncall 26\nexit", 4, "in place of the context"),
    "a map as memory": ("r1 = map(0) ll\nr0 = *(u8 *)(r1 + 0)\nexit", 2, "load of 1 bytes at offset 0 of map numbers"),
    "misaligned atomic": ("r2 = 1\n*(u64 *)(r10 - 8) = 1\nlock *(u32 *)(r10 - 6) += w2\nexit", 2, "not aligned"),
    "the end": ("r0 = 1", 1, "control runs off the end of the program"),
}


@pytest.mark.parametrize(("text", "slot", "reason"), ERRORS.values(), ids=ERRORS)
def test_what_no_program_may_do_is_an_error_with_its_place(text: str, slot: int, reason: str) -> None:
    numbers = make_map(Shape(maps.ARRAY, 4, 8, 4, name="numbers"))
    with pytest.raises(MachineError) as caught:
        run(text, numbers)
    assert (caught.value.slot, type(caught.value)) == (slot, MachineError)
    assert reason in caught.value.reason
    assert str(caught.value) == f"program, slot {slot}: {caught.value.reason}"


MALFORMED = {
    "opcode": (decode(bytes.fromhex("8d00000000000000")), 0, "unknown opcode 0x8d"),
    "cut": (decode(bytes.fromhex("1800000000000000")), 0, "wide load is cut at the end of the program"),
    "far": (parse_program("r0 = 1\ngoto +5\nexit"), 1, "goes to slot 7, where no instruction begins"),
    "back": (parse_program("goto -2"), 0, "goes to slot -1, where no instruction begins"),
    "middle": (parse_program("goto +1\nr1 = 5 ll\nexit"), 0, "goes to slot 2, where no instruction begins"),
    "call": (parse_program("call pc+3\nexit"), 0, "goes to slot 4, where no instruction begins"),
    "function": (parse_program("r1 = code(9) ll\nexit"), 0, "goes to slot 10, where no instruction begins"),
    "map": (parse_program("r1 = map(4) ll\nexit"), 0, "there is no map 4"),
    "value": (parse_program("r1 = map_value(0, 0) ll\nexit"), 0, "only the value of an array with one entry"),
}


@pytest.mark.parametrize(("insns", "slot", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_program_is_refused_before_it_runs(insns: tuple[Insn, ...], slot: int, reason: str) -> None:
    with pytest.raises(MachineError) as caught:
        Machine(Image(insns, {0: make_map(Shape(maps.ARRAY, 4, 8, 4))}))
    assert caught.value.slot == slot
    assert reason in caught.value.reason


UNMODELLED = {
    "helper": ("call 200\nexit", "helper 200"),
    "kfunc": ("call kfunc(5, 0)\nexit", "kernel function 5"),
    "may_goto": ("may_goto +0\nexit", "may_goto"),
    "cast": ("r0 = addr_space_cast(r1, 1, 0)\nexit", "cast between address spaces"),
    "symbol": ("r1 = symbol(5, 0) ll\nexit", "address of a kernel symbol"),
}


@pytest.mark.parametrize(("text", "reason"), UNMODELLED.values(), ids=UNMODELLED)
def test_what_is_not_modelled_is_said_where_it_is_reached(text: str, reason: str) -> None:
    with pytest.raises(UnmodelledError, match=reason):
        run(text)
    assert returned("r0 = 3\ngoto over\n" + text + "\nover:\nexit") == 3


def test_an_error_in_the_interpreter_itself_is_not_blamed_on_the_program() -> None:
    broken = Helper("broken", 0, lambda _state: len(None))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        run("call 7\nexit", helpers={7: broken})


def test_a_filler_makes_unwritten_stack_readable() -> None:
    assert returned("r0 = *(u16 *)(r10 - 8)\nexit", filler=0xA5) == 0xA5A5


# -- surroundings ----------------------------------------------------------------------------------------------------


def test_a_helper_can_be_replaced() -> None:
    assert returned("call 7\nexit", helpers={7: Helper("get_prandom_u32", 0, lambda _state: 99)}) == 99


def test_chance_time_and_cpu_come_from_the_world() -> None:
    text = "call 7\nr6 = r0\ncall 5\nr6 += r0\ncall 5\nr6 += r0\ncall 8\nr0 += r6\nexit"
    world = World(random=[1000], now_ns=[200, 30], cpu=[4])
    assert returned(text, world=world) == 1234
    machine = Machine(image(text), world)
    assert [machine.run(sk_reuseport(DATAGRAM)).r0 for _ in range(2)] == [1234, 1234]


def test_the_cpu_stays_the_same_over_a_run() -> None:
    assert returned("call 8\nr6 = r0\ncall 8\nr0 += r6\nexit", world=World([], [], cpu=[3])) == 6


def test_a_world_that_runs_out_is_an_error() -> None:
    with pytest.raises(MachineError, match="slot 1: the world has no further value for random numbers"):
        run("call 7\ncall 7\nexit", world=World([5], []))


def test_the_default_world_is_reproducible() -> None:
    text = "call 7\nr6 = r0\ncall 5\nr0 ^= r6\nexit"
    assert returned(text) == returned(text)
    assert returned(text, world=World.seeded(1)) != returned(text, world=World.seeded(2))


def test_an_observer_is_told_every_step() -> None:
    steps: list[tuple[int, int, int | None]] = []
    machine = Machine(image("r1 = 5\ncall f\nexit\nf:\nr0 = r1\nexit"))
    result = machine.run(sk_reuseport(DATAGRAM), observe=lambda depth, slot, regs: steps.append((depth, slot, regs[0])))
    assert steps == [(0, 0, None), (0, 1, None), (1, 3, None), (1, 4, 5), (0, 2, 5)]
    assert result.executed == 5


def test_an_observer_is_told_of_errors_alike() -> None:
    machine = Machine(image("r0 = 0\ngoto -1"), options=Options(budget=10))
    with pytest.raises(MachineError, match="no end after 10"):
        machine.run(sk_reuseport(DATAGRAM), observe=lambda *_: None)
    broken = Machine(image("r0 = r4\nexit"))
    with pytest.raises(MachineError, match="reads r4"):
        broken.run(sk_reuseport(DATAGRAM), observe=lambda *_: None)


def test_legacy_loads_need_the_context_and_end_the_program_outside_the_packet() -> None:
    frame = bytes(14) + bytes(range(50))
    assert returned("r6 = r1\nr0 = *(u16 *)skb[2]\nexit", context=socket_filter(frame)) == 0x0203
    assert returned("r6 = r1\nr0 = *(u16 *)skb[49]\nr0 = 7\nexit", context=socket_filter(frame)) == 0
    with pytest.raises(MachineError, match="in place of the context"):
        run("r6 = r10\nr0 = *(u8 *)skb[0]\nexit", context=socket_filter(frame))
    with pytest.raises(MachineError, match="reads r6, which holds nothing"):
        run("r0 = *(u8 *)skb[0]\nexit", context=socket_filter(frame))
