"""What the emitted code does once, what it does every time, and what it is spared."""

from __future__ import annotations

from collections import Counter

import pytest

from syrupc.driver import compile_source
from syrupc.frontend.source import PolicySource
from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.options import Options

_POLICY = """import syrup
from syrup import u32, u64

state = syrup.Array(u64, 4)
large = syrup.Array(u64, 10_000)
table = syrup.HashMap(u32, u64, 100)
other = syrup.HashMap(u32, u64, 100)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    key = pkt.payload.u32(0)
    {body}
"""
_LOOKUP, _UPDATE, _DELETE = 1, 2, 3
_COUNTING = 1
"""Lookups that a program does to count its outcome."""


def _code(body: str) -> tuple[Insn, ...]:
    source = _POLICY.format(body="\n    ".join(body.splitlines()))
    (program,) = compile_source(PolicySource("p.py", source), Options()).object.programs
    return program.insns


def _helpers(body: str) -> Counter[int]:
    return Counter(insn.imm for insn in _code(body) if insn.opcode == op.JMP | op.CALL and insn.src == 0)


@pytest.mark.parametrize(
    ("body", "lookups"),
    [
        ("return table[key] + table[key]", 1),
        ("if key in table:\n    return table[key]\nreturn syrup.PASS", 1),
        ("table[key] += 1\nreturn table.fetch_add(key, 1)", 1),
        ("return table[key] + other[key]", 2),
        ("return table[key] + table[key + 1 & 0xFFFF]", 2),
        ("n = table[key]\ndel table[key]\nreturn n + table.get(key, 0)", 2),
    ],
)
def test_equal_keys_are_looked_up_once_until_entries_may_have_changed(body: str, lookups: int) -> None:
    assert _helpers(body)[_LOOKUP] == lookups + _COUNTING


def test_a_small_array_is_reached_without_a_lookup() -> None:
    assert _helpers("return state[key & 3]")[_LOOKUP] == _COUNTING
    assert _helpers("return large[key & 3]")[_LOOKUP] == 1 + _COUNTING


def test_an_index_that_turns_out_to_be_constant_is_part_of_the_address() -> None:
    def scales(body: str) -> bool:
        return any(insn.opcode in (op.ALU64 | op.LSH, op.ALU | op.LSH) and insn.imm == 3 for insn in _code(body))

    assert scales("return state[key & 3]")
    assert not scales("for i in range(4):\n    if state[i] == key:\n        return i\nreturn syrup.PASS")


def test_an_entry_that_is_there_is_overwritten_in_place() -> None:
    found = _helpers("table[key] = table.get(key, 0) + 1\nreturn 0")

    assert found == {_LOOKUP: 1 + _COUNTING, _UPDATE: 1, 26: 1, 82: 1}


def test_each_read_of_an_entry_is_a_load_of_its_own() -> None:
    def loads(body: str) -> int:
        return sum(insn.opcode & 7 == op.LDX for insn in _code(body))

    assert loads("return table[key] + table[key]") == loads("return table[key]") + 1
