"""What newer kernels learnt to follow is no proof for older ones."""

from __future__ import annotations

import pytest

from tests.unit.verifier.judging import LOOK_UP, code

USE = f"{LOOK_UP}if r0 == 0 goto out\nr0 += r7\nr0 = *(u8 *)(r0 + 0)\nout:\nr0 = 0\nexit"
"""r7 is an index into 16 bytes; nothing else is kept."""


@pytest.mark.parametrize(
    ("index", "refused", "accepted"),
    [
        # Two numbers that are no constants.
        ("call 7\nr6 = r0\nr6 &= 7\ncall 7\nr7 = r0\nif r7 >= r6 goto out", "6.6", "6.12"),
        # 64-bit bounds after a 32-bit comparison of a number whose high half is zero by its bounds only.
        ("call 7\nr7 = r0\nr7 &= 1\nif r7 == 0 goto out\nr7 += -1\nr7 *= 200", "6.6", "6.12"),
        # Bits of an unknown number.
        ("call 7\nr7 = r0\nr7 &= 7\ncall 7\nr0 &= 8\nr7 |= r0", "6.6", "6.12"),
        ("call 7\nr7 = r0\nr7 &= 3\ncall 7\nr0 &= 3\nr7 *= r0", "6.6", "6.12"),
        # A part of a number on the stack.
        ("call 7\nr0 &= 15\n*(u64 *)(r10 - 16) = r0\nr7 = *(u8 *)(r10 - 16)", "6.6", "6.12"),
        ("call 7\nr0 &= 15\n*(u32 *)(r10 - 16) = r0\nr7 = *(u32 *)(r10 - 16)", "5.15", "6.1"),
        # A number and the same number plus a constant.
        ("call 7\nr7 = r0\nr6 = r7\nr6 += 4\nif r6 > 15 goto out\nif r7 > 64 goto out", "6.6", "6.12"),
        # A number and the same number less a constant.
        ("call 7\nr7 = r0\nr6 = r7\nr6 += -4\nif r6 > 11 goto out", "6.12", "6.18"),
        # A number and its 32-bit copy.
        ("call 7\nw7 = w0\nw6 = w7\nif r6 > 15 goto out", "6.1", "6.6"),
        # A number and its copy on the stack.
        ("call 7\n*(u64 *)(r10 - 16) = r0\nif r0 > 15 goto out\nr7 = *(u64 *)(r10 - 16)", "6.6", "6.12"),
        # A negated number.
        ("call 7\nr7 = r0\nr7 &= 15\nr7 = -r7\nr7 = -r7", "6.12", "6.18"),
    ],
)
def test_an_index_is_bounded_only_where_the_kernel_can_follow(index: str, refused: str, accepted: str) -> None:
    text = f"{index}\n{USE}"
    assert code(text, kernel=refused) in ("SYR506", "SYR510")
    assert code(text, kernel=accepted) is None


@pytest.mark.parametrize(
    ("text", "refused", "accepted"),
    [
        # A number that cannot be the constant, and one that is not.
        ("call 7\nr0 &= 7\nif r0 == 9 goto broken", "6.1", "6.6"),
        ("call 7\nr0 &= 7\nif r0 == 0 goto out\nif r0 == 0 goto broken\nif r0 < 1 goto broken", "6.6", "6.12"),
        # A constant on the left.
        ("call 7\nr0 &= 7\nr6 = 9\nif r6 < r0 goto broken", "6.1", "6.6"),
        # A loop that is entered in its middle.
        ("r6 = 0\ngoto middle\ntop:\nr6 += 1\nmiddle:\nif r6 < 4 goto top", "6.6", "6.12"),
    ],
)
def test_a_way_is_closed_only_where_the_kernel_can_tell(text: str, refused: str, accepted: str) -> None:
    ending = "out:\nr0 = 0\nexit"
    whole = f"{text}\n{ending}\nbroken:\nr0 = *(u8 *)(r9 + 0)\nexit" if "broken" in text else f"{text}\n{ending}"
    assert code(whole, kernel=refused) is not None
    assert code(whole, kernel=accepted) is None


def test_older_kernels_take_a_loop_for_endless_if_only_the_stack_changes() -> None:
    text = "call 7\nr0 &= 255\n*(u64 *)(r10 - 8) = r0\nr0 = 0\ntop:\nr0 = *(u64 *)(r10 - 8)\nif r0 > 10 goto out\n"
    text += "r0 += 1\n*(u64 *)(r10 - 8) = r0\nr0 = 0\ngoto top\nout:\nr0 = 0\nexit"
    assert (code(text, kernel="6.6"), code(text, kernel="6.12")) == ("SYR514", None)


def test_packet_pointers_survive_a_failed_tail_call_only_on_the_newest_kernel() -> None:
    text = "r6 = r1\nr7 = *(u32 *)(r1 + 76)\nr2 = *(u32 *)(r1 + 80)\nr8 = r7\nr8 += 4\nif r8 > r2 goto out\nr1 = r6\n"
    text += "r2 = map(programs) ll\nr3 = 0\ncall 12\nr0 = *(u32 *)(r7 + 0)\nout:\nr0 = 0\nexit"
    assert (code(text, "sched_cls", "6.12"), code(text, "sched_cls", "6.18")) == ("SYR509", None)


@pytest.mark.parametrize(("kernel", "expected"), [("6.18", None), ("6.12", "SYR504")])
def test_numbers_that_differ_in_a_known_bit_are_told_apart(kernel: str, expected: str | None) -> None:
    assert code("call 7\nr0 &= 128\nif r0 != 33 goto out\nr0 = r9\nout:\nr0 = 0\nexit", kernel=kernel) == expected


def test_newer_kernels_narrow_six_numbers_together_and_part_the_rest() -> None:
    copies = "call 7\nr6 = r0\nr7 = r0\nr8 = r0\nr9 = r0\n"
    few = f"{copies}if r6 > 15 goto out\n{USE}"
    many = f"{copies}if r6 > r8 goto out\nif r6 > 15 goto out\n{USE}"
    assert [code(text, kernel="6.6") for text in (few, many)] == [None, None]
    assert [code(text, kernel="6.12") for text in (few, many)] == [None, "SYR510"]


def test_kernels_that_remember_sums_forget_the_bounds_of_what_was_added_to() -> None:
    index = "call 7\nr7 = r0\nif r7 > 5 goto out\nr6 = r7\nr6 += 1\nif r6 == 6 goto out\nr7 <<= 1"
    found = {kernel: code(f"{index}\n{USE}", kernel=kernel) for kernel in ("5.15", "6.6", "6.12", "6.18")}
    assert found == {"5.15": None, "6.6": None, "6.12": "SYR510", "6.18": None}
    assert code(f"{index.replace('r6 += 1', 'r6 -= -1')}\n{USE}", kernel="6.12") is None


@pytest.mark.parametrize(
    ("step", "kernels"), [("r6 += -1", {"6.18"}), ("r6 -= 1", {"6.18"}), ("r6 += 1", {"6.12", "6.18"})]
)
def test_sums_that_are_remembered_narrow_what_they_were_made_of(step: str, kernels: set[str]) -> None:
    index = f"call 7\nr7 = r0\nif r7 > 99 goto out\nr6 = r7\n{step}\nif r6 s> 4 goto out\nif r6 s< 3 goto out"
    found = {kernel: code(f"{index}\n{USE}", kernel=kernel) for kernel in ("6.6", "6.12", "6.18")}
    assert {kernel for kernel, expected in found.items() if expected is None} == kernels


@pytest.mark.parametrize(
    ("swap", "most"), [("be16", 0x3F00), ("bswap32", 0x3F000000), ("le16", 63), ("be64", 0x3F << 56)]
)
def test_bits_are_known_in_another_order_of_bytes(swap: str, most: int) -> None:
    text = f"call 7\nr0 &= 63\nr0 = {swap} r0\nr1 = {most} ll\nif r0 <= r1 goto out\nr0 = r9\nout:\nr0 = 0\nexit"
    assert (code(text, kernel="6.18"), code(text, kernel="6.12")) == (None, "SYR504")
    assert code(text.replace(f"{most} ll", f"{most - 1} ll"), kernel="6.18") == "SYR504"


def test_a_way_that_no_number_can_go_is_not_gone() -> None:
    # Not negative as 32 bits, at least 1 as 64, and below 1: of the last two only one can be.
    signed = "call 7\nr0 <<= 56\nr0 s>>= 56\nif w0 s> 0 goto out"
    text = f"{signed}\nif r0 == 0 goto out\nif r0 > 1 goto out\nr0 = r9\nout:\nr0 = 0\nexit"
    assert (code(text, kernel="6.18"), code(text, kernel="6.12")) == (None, "SYR504")
