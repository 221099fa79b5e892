"""Instructions and their texts."""

from __future__ import annotations

import pytest

from syrupc.isa.assembly import parse_insn, parse_program
from syrupc.isa.codec import decode, encode
from syrupc.isa.text import format_insn, format_program

TEXTS = {
    # Bytes in hexadecimal, as clang and the kernel's own assembler macros give them.
    "0f21000000000000": "r1 += r2",
    "0701000005000000": "r1 += 5",
    "17010000fbffffff": "r1 -= -5",
    "0c21000000000000": "w1 += w2",
    "b4010000ffffffff": "w1 = -1",
    "bf21000000000000": "r1 = r2",
    "bf21080000000000": "r1 = (s8)r2",
    "bf21200000000000": "r1 = (s32)r2",
    "bc21100000000000": "w1 = (s16)w2",
    "bf21010001000000": "r1 = addr_space_cast(r2, 0, 1)",
    "3f21010000000000": "r1 s/= r2",
    "9401010003000000": "w1 s%= 3",
    "c70100003f000000": "r1 s>>= 63",
    "8701000000000000": "r1 = -r1",
    "8401000000000000": "w1 = -w1",
    "dc01000010000000": "r1 = be16 r1",
    "d401000020000000": "r1 = le32 r1",
    "d701000040000000": "r1 = bswap64 r1",
    "6110080000000000": "r0 = *(u32 *)(r1 + 8)",
    "71a0ffff00000000": "r0 = *(u8 *)(r10 - 1)",
    "8912000000000000": "r2 = *(s16 *)(r1 + 0)",
    "7b1af8ff00000000": "*(u64 *)(r10 - 8) = r1",
    "620a fcff 07000000": "*(u32 *)(r10 - 4) = 7",
    "db210000 00000000": "lock *(u64 *)(r1 + 0) += r2",
    "c3210400 50000000": "lock *(u32 *)(r1 + 4) &= w2",
    "db210000 01000000": "r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)",
    "c3210000 a1000000": "w2 = atomic_fetch_xor((u32 *)(r1 + 0), w2)",
    "db210000 e1000000": "r2 = atomic_xchg((u64 *)(r1 + 0), r2)",
    "c3210000 f1000000": "w0 = atomic_cmpxchg((u32 *)(r1 + 0), w0, w2)",
    "db120000 00010000": "r2 = load_acquire((u64 *)(r1 + 0))",
    "d3210000 10010000": "store_release((u8 *)(r1 + 0), r2)",
    "20000000 0c000000": "r0 = *(u32 *)skb[12]",
    "28000000 0000f0ff": "r0 = *(u16 *)skb[-1048576]",
    "5070000004000000": "r0 = *(u8 *)skb[r7 + 4]",
    "0500feff00000000": "goto -2",
    "0600000000000100": "gotol +65536",
    "e500030000000000": "may_goto +3",
    "1d21030000000000": "if r1 == r2 goto +3",
    "a601fdff05000000": "if w1 < 5 goto -3",
    "6501010000000000": "if r1 s> 0 goto +1",
    "d501010000000000": "if r1 s<= 0 goto +1",
    "4621010000000000": None,
    "4501010008000000": "if r1 & 8 goto +1",
    "8500000001000000": "call 1",
    "85100000 05000000": "call pc+5",
    "85100000 f6ffffff": "call pc-10",
    "85200300 2a000000": "call kfunc(42, 3)",
    "9500000000000000": "exit",
    "18010000 34120000 00000000 00000000": "r1 = 0x1234 ll",
    "18010000 ffffffff 00000000 ffffffff": "r1 = 0xffffffffffffffff ll",
    "18110000 03000000 00000000 00000000": "r1 = map(3) ll",
    "18210000 03000000 00000000 08000000": "r1 = map_value(3, 8) ll",
    "18310000 09000000 00000000 00000000": "r1 = symbol(9, 0) ll",
    "18410000 05000000 00000000 00000000": "r1 = code(5) ll",
}


@pytest.mark.parametrize(("code", "text"), TEXTS.items())
def test_the_text_of_an_instruction(code: str, text: str | None) -> None:
    insns = decode(bytes.fromhex(code))
    text = text or ".slot 0x46, 1, 2, 1, 0"  # what is no instruction has a text too
    assert format_insn(insns) == text
    assert parse_insn(text) == insns
    assert encode(parse_insn(text)) == bytes.fromhex(code)


def test_a_helper_may_be_shown_by_name() -> None:
    call = parse_insn("call 1")
    assert format_insn(call, names={1: "map_lookup_elem"}) == "call map_lookup_elem#1"
    assert parse_insn("call map_lookup_elem#1") == call


def test_a_listing_names_slots() -> None:
    insns = parse_program("r1 = 5 ll\nexit")
    assert list(format_program(insns)) == [(0, "r1 = 0x5 ll"), (2, "exit")]


def test_a_malformed_wide_load_is_listed_slot_by_slot() -> None:
    insns = decode(bytes.fromhex("180100000500000095000000000000001801000000000000"))
    assert [text for _, text in format_program(insns)] == [
        ".slot 0x18, 1, 0, 0, 5",
        ".slot 0x95, 0, 0, 0, 0",
        ".slot 0x18, 1, 0, 0, 0",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "r1 += w2",
        "r1 = be8 r1",
        "r1 = be16 r2",
        "r1 = -r2",
        "r11 = 0",
        "r1 = 0x80000000",
        "w1 = 0x100000000",
        "*(s32 *)(r1 + 0) = r2",
        "r1 = *(s64 *)(r2 + 0)",
        "r1 = *(u32 *)(r2 + 32768)",
        "lock *(u64 *)(r1 + 0) += w2",
        "lock *(u8 *)(r1 + 0) += w2",
        "r2 = atomic_fetch_add((u64 *)(r1 + 0), r3)",
        "r0 = *(u64 *)skb[0]",
        "r1 = map(0, 1) ll",
        "if r1 == w2 goto +1",
        "goto +40000",
        "jump +1",
        "",
    ],
)
def test_what_is_no_instruction_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an instruction|is not between|beside"):
        parse_insn(text)


def test_an_immediate_beside_a_32_bit_register_may_be_unsigned() -> None:
    assert parse_insn("w1 = 0xffffffff") == parse_insn("w1 = -1")


PROGRAM = """
    r0 = 0            ; what is returned
loop:
    r0 += 1
    if r0 < 10 goto loop
    call twice        // a function
    r1 = code(twice) ll
    may_goto out
    gotol out
out:
    exit
twice:
    r0 = 2
    exit
"""


def test_labels_stand_for_distances() -> None:
    assert [text for _, text in format_program(parse_program(PROGRAM))] == [
        "r0 = 0",
        "r0 += 1",
        "if r0 < 10 goto -2",
        "call pc+5",
        "r1 = code(4) ll",
        "may_goto +1",
        "gotol +0",
        "exit",
        "r0 = 2",
        "exit",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exit\ngoto nowhere", "line 2: no label 'nowhere'"),
        ("a:\nexit\na:\nexit", "line 3: label 'a' is set twice"),
        ("exit\n\nr99 = 1", "line 3: not an instruction: 'r99 = 1' .register r99 does not exist."),
    ],
)
def test_a_fault_in_a_program_text_is_placed(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_program(text)
