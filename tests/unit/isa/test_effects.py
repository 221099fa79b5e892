"""Which registers instructions read and write."""

from __future__ import annotations

import pytest

from syrupc.isa.assembly import parse_insn
from syrupc.isa.effects import registers_read, registers_written

EFFECTS = {
    "r1 += r2": ((1, 2), (1,)),
    "r1 += 5": ((1,), (1,)),
    "r1 = r2": ((2,), (1,)),
    "r1 = 7": ((), (1,)),
    "r1 = -r1": ((1,), (1,)),
    "r1 = be16 r1": ((1,), (1,)),
    "r1 = *(u32 *)(r2 + 0)": ((2,), (1,)),
    "*(u32 *)(r1 + 0) = r2": ((1, 2), ()),
    "*(u32 *)(r1 + 0) = 2": ((1,), ()),
    "lock *(u64 *)(r1 + 0) += r2": ((1, 2), ()),
    "r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)": ((1, 2), (2,)),
    "r2 = atomic_xchg((u64 *)(r1 + 0), r2)": ((1, 2), (2,)),
    "r0 = atomic_cmpxchg((u64 *)(r1 + 0), r0, r2)": ((1, 2, 0), (0,)),
    "r2 = load_acquire((u64 *)(r1 + 0))": ((1,), (2,)),
    "store_release((u64 *)(r1 + 0), r2)": ((1, 2), ()),
    "if r1 == r2 goto +0": ((1, 2), ()),
    "if r1 == 2 goto +0": ((1,), ()),
    "goto +0": ((), ()),
    "call 1": ((), (0, 1, 2, 3, 4, 5)),
    "exit": ((0,), ()),
    "r1 = 5 ll": ((), (1,)),
    "r0 = *(u8 *)skb[0]": ((6,), (0, 1, 2, 3, 4, 5)),
    "r0 = *(u8 *)skb[r7 + 0]": ((6, 7), (0, 1, 2, 3, 4, 5)),
}


@pytest.mark.parametrize(("text", "expected"), EFFECTS.items(), ids=EFFECTS)
def test_the_effects_of_an_instruction(text: str, expected: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    insn = parse_insn(text)[0]
    assert (registers_read(insn), registers_written(insn)) == expected
