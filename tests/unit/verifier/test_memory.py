"""Loads and stores are accepted exactly where the bytes are known to be there."""

from __future__ import annotations

import pytest

from syrupc.verifier.verdict import Outcome
from tests.unit.verifier.judging import LOOK_UP, code, verdict

PACKET = """
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r0 = 0
"""


def in_packet(text: str) -> str | None:
    return code(PACKET + text + "\nout: exit".replace("out: ", "out:\n"), "xdp")


# -- packet ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparison", "reads", "expected"),
    [
        ("if r4 > r3 goto out", 8, None),
        ("if r4 > r3 goto out", 9, "SYR503"),
        ("if r4 >= r3 goto out", 9, None),
        ("if r4 >= r3 goto out", 10, "SYR503"),
        ("if r3 < r4 goto out", 8, None),
        ("if r3 <= r4 goto out", 9, None),
        ("if r4 == r3 goto out", 8, "SYR503"),
        ("if w4 > w3 goto out", 8, "SYR503"),
    ],
)
def test_a_comparison_with_the_end_shows_so_many_bytes(comparison: str, reads: int, expected: str | None) -> None:
    text = f"r4 = r2\nr4 += 8\n{comparison}\nr5 = *(u8 *)(r2 + {reads - 1})"
    assert in_packet(text) == expected


def test_the_other_way_of_the_comparison_shows_nothing() -> None:
    assert in_packet("r4 = r2\nr4 += 8\nif r4 <= r3 goto out\nr5 = *(u8 *)(r2 + 0)") == "SYR503"


def test_every_copy_of_the_pointer_knows_what_was_compared() -> None:
    assert in_packet("r4 = r2\nr5 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u64 *)(r5 + 0)\nr0 = 0") is None


def test_a_moved_pointer_reads_relative_to_where_it_is() -> None:
    text = "r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u64 *)(r4 - 8)\nr0 = *(u8 *)(r4 + 0)"
    assert in_packet(text) == "SYR503"


def test_a_variable_index_needs_a_comparison_of_its_own() -> None:
    bounded = "r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr5 = *(u8 *)(r2 + 0)\nr5 &= 7\nr2 += r5\n"
    assert in_packet(bounded + "r0 = *(u8 *)(r2 + 0)") == "SYR503"
    compared = bounded + "r4 = r2\nr4 += 1\nif r4 > r3 goto out\nr0 = *(u8 *)(r2 + 0)"
    assert in_packet(compared) is None


def test_an_index_beyond_what_kernels_follow_is_not_shown_by_a_comparison() -> None:
    text = "r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr5 = *(u32 *)(r2 + 0)\nr2 += r5\nr4 = r2\nr4 += 1\n"
    assert in_packet(text + "if r4 > r3 goto out\nr0 = *(u8 *)(r2 + 0)") == "SYR503"


def test_the_missing_length_and_the_line_to_write_are_named() -> None:
    text = PACKET + "r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u8 *)(r2 + 23)\nout:\nexit"
    (diagnostic,) = verdict(text, "xdp").diagnostics
    assert diagnostic.notes == ("only 8 bytes are known to be present here",)
    assert diagnostic.help == ("leave early first: `if len(pkt.payload) < 24: return PASS`",)


def test_packets_are_closed_to_writes_where_the_hook_says_so() -> None:
    text = "r2 = *(u64 *)(r1 + 0)\nr3 = *(u64 *)(r1 + 8)\nr4 = r2\nr4 += 1\nr0 = 1\nif r4 > r3 goto out\n{}\nout:\nexit"
    assert code(text.format("*(u8 *)(r2 + 0) = 1"), "sk_reuseport") == "SYR503"
    assert code(text.format("r5 = *(u8 *)(r2 + 0)"), "sk_reuseport") is None
    assert in_packet("r4 = r2\nr4 += 1\nif r4 > r3 goto out\n*(u8 *)(r2 + 0) = 1") is None


def test_a_helper_that_moves_the_packet_voids_its_pointers() -> None:
    text = "r6 = r1\nr7 = *(u32 *)(r1 + 76)\nr3 = *(u32 *)(r1 + 80)\nr8 = r7\nr8 += 4\nr0 = 0\nif r8 > r3 goto out\n"
    text += "{}r0 = *(u8 *)(r7 + 0)\nout:\nexit"
    pull = "r1 = r6\nr2 = 0\ncall 39\n"
    assert code(text.format(""), "sched_cls") is None
    assert code(text.format(pull), "sched_cls") == "SYR509"


# -- map values --------------------------------------------------------------------------------------------------------


def in_value(text: str) -> str | None:
    """r0 is a value of `array` (16 bytes), r7 any number."""
    return code(f"call 7\nr7 = r0\n{LOOK_UP}if r0 == 0 goto out\n{text}\nout:\nr0 = 0\nexit", kernel="6.12")


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        ("r1 = *(u64 *)(r0 + 8)", None),
        ("r1 = *(u64 *)(r0 + 9)", "SYR506"),
        ("r1 = *(u8 *)(r0 - 1)", "SYR506"),
        ("*(u64 *)(r0 + 8) = 1", None),
        ("*(u64 *)(r0 + 16) = 1", "SYR506"),
        ("lock *(u64 *)(r0 + 8) += r7", None),
        ("lock *(u64 *)(r0 + 4) += r7", "SYR524"),
        ("lock *(u64 *)(r0 + 16) += r7", "SYR506"),
    ],
)
def test_accesses_stay_inside_the_value(access: str, expected: str | None) -> None:
    assert in_value(access) == expected


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ("r7 &= 15", None),
        ("r7 &= 31", "SYR506"),
        ("if r7 > 15 goto out", None),
        ("if r7 > 16 goto out", "SYR506"),
        ("if r7 s> 15 goto out", "SYR510"),
        ("if r7 s> 15 goto out\nif r7 s< 0 goto out", None),
        ("r7 %= 16", "SYR510"),
        ("r7 >>= 60", None),
        ("r7 >>= 59", "SYR506"),
        ("w7 &= 15", None),
        ("if w7 > 15 goto out", "SYR510"),
        ("w7 = w7\nif w7 > 15 goto out", None),
        ("r7 /= 1000", "SYR510"),
        ("r7 &= 255\nr7 /= 16", "SYR510"),
        ("r7 &= 3\nr7 *= 5", None),
        ("r7 &= 3\nr7 <<= 2", None),
        ("r7 &= 7\nr7 |= 8", None),
        ("r7 &= 15\nr7 ^= 5", None),
        ("if r7 & -16 goto out", None),
    ],
)
def test_a_variable_index_is_accepted_where_it_is_bounded(bound: str, expected: str | None) -> None:
    assert in_value(f"{bound}\nr0 += r7\nr1 = *(u8 *)(r0 + 0)") == expected


def test_a_look_up_that_may_have_failed_is_not_a_value() -> None:
    assert code(f"{LOOK_UP}r1 = *(u64 *)(r0 + 0)\nr0 = 0\nexit", kernel="6.12") == "SYR505"


def test_the_failed_branch_has_no_value_either() -> None:
    text = f"{LOOK_UP}if r0 != 0 goto out\nr1 = *(u64 *)(r0 + 0)\nout:\nr0 = 0\nexit"
    assert code(text, kernel="6.12") == "SYR505"


def test_one_test_is_enough_for_all_copies_of_a_result() -> None:
    text = f"{LOOK_UP}r6 = r0\n*(u64 *)(r10 - 16) = r0\nif r0 == 0 goto out\n"
    text += "r1 = *(u64 *)(r6 + 0)\nr2 = *(u64 *)(r10 - 16)\nr1 = *(u64 *)(r2 + 8)\nout:\nr0 = 0\nexit"
    assert code(text, kernel="6.12") is None


def test_a_test_of_one_look_up_says_nothing_of_another() -> None:
    text = f"{LOOK_UP}r6 = r0\n{LOOK_UP}if r0 == 0 goto out\nr1 = *(u64 *)(r6 + 0)\nout:\nr0 = 0\nexit"
    assert code(text, kernel="6.12") == "SYR505"


def test_newer_kernels_know_that_a_constant_index_is_there() -> None:
    text = f"{LOOK_UP}r1 = *(u64 *)(r0 + 0)\nr0 = 0\nexit"
    assert (code(text, kernel="6.12"), code(text, kernel="6.18")) == ("SYR505", None)
    assert code(text.replace("(r10 - 4) = 0", "(r10 - 4) = 4"), kernel="6.18") == "SYR505"


def test_data_sections_are_addressed_directly_and_constants_only_read() -> None:
    assert code("r1 = value(.rodata + 4) ll\nr0 = *(u32 *)(r1 + 0)\nexit") is None
    assert code("r1 = value(.rodata + 4) ll\nr0 = *(u64 *)(r1 + 0)\nexit") == "SYR506"
    assert code("r1 = value(.rodata + 4) ll\n*(u8 *)(r1 + 0) = 1\nr0 = 0\nexit") == "SYR506"
    assert code("r1 = value(.rodata + 8) ll\nr0 = 0\nexit") == "SYR506"


def test_what_is_in_a_constant_section_is_known() -> None:
    text = f"r6 = value(.rodata + 4) ll\nr7 = *(u8 *)(r6 + {{}})\n{LOOK_UP}if r0 == 0 goto out\nr0 += r7\n"
    text += "r0 = *(u64 *)(r0 + 4)\nout:\nr0 = 0\nexit"
    assert (code(text.format(0)), code(text.format(1))) == (None, "SYR506")


# -- stack -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*(u64 *)(r10 - 512) = 1", None),
        ("*(u64 *)(r10 - 520) = 1", "SYR507"),
        ("*(u64 *)(r10 + 0) = 1", "SYR507"),
        ("*(u64 *)(r10 - 4) = 1", "SYR524"),
        ("*(u32 *)(r10 - 12) = 1", None),
        ("*(u64 *)(r10 - 8) = r1\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r2 + 0)", None),
        ("*(u64 *)(r10 - 8) = r1\nr2 = *(u32 *)(r10 - 8)", "SYR509"),
        ("*(u32 *)(r10 - 8) = r1", "SYR507"),
        ("*(u64 *)(r10 - 8) = r1\n*(u8 *)(r10 - 8) = 0\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r2 + 0)", "SYR509"),
        ("r10 += 8", "SYR501"),
        ("r2 = r10\nr2 -= 8", "SYR510"),
        ("call 7\nr2 = r10\nr2 -= r0", "SYR510"),
    ],
)
def test_stack_accesses_are_aligned_and_within_the_frame(text: str, expected: str | None) -> None:
    assert code(f"r0 = 0\n{text}\nr0 = 0\nexit") == expected


def test_older_kernels_refuse_stack_that_was_never_written() -> None:
    text = "r0 = *(u64 *)(r10 - 8)\nexit"
    assert (code(text, kernel="6.1"), code(text, kernel="6.6")) == ("SYR504", None)


def test_numbers_come_back_from_the_stack_as_they_went() -> None:
    index = "call 7\nr7 = r0\nr7 &= 15\n*(u64 *)(r10 - 16) = r7\nr7 = *(u64 *)(r10 - 16)\n"
    text = f"{LOOK_UP}if r0 == 0 goto out\nr6 = r0\n{index}r6 += r7\nr0 = *(u8 *)(r6 + 0)\nout:\nr0 = 0\nexit"
    assert code(text) is None
    narrow = text.replace("*(u64 *)(r10 - 16)", "*(u8 *)(r10 - 16)")
    assert (code(narrow), code(narrow, kernel="5.15")) == (None, "SYR506")


def test_a_write_at_a_computed_place_may_hit_anything_in_reach() -> None:
    text = "*(u64 *)(r10 - 8) = 1\n*(u64 *)(r10 - 16) = 2\ncall 7\nr0 &= 8\nr2 = r10\nr2 += -16\nr2 += r0\n"
    text += "*(u64 *)(r2 + 0) = 9\nr3 = *(u64 *)(r10 - 8)\nr4 = r10\nr4 += -9\nr4 += r3\nr0 = *(u8 *)(r4 + 0)\nexit"
    assert code(text) in ("SYR507", "SYR510")
    assert code(text.replace("*(u64 *)(r2 + 0) = 9\n", "")) is None


# -- context -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("sk_reuseport", "r2 = *(u32 *)(r1 + 16)", None),
        ("sk_reuseport", "r2 = *(u64 *)(r1 + 16)", "SYR508"),
        ("sk_reuseport", "r2 = *(u32 *)(r1 + 0)", "SYR508"),
        ("sk_reuseport", "r2 = *(u8 *)(r1 + 24)", None),
        ("sk_reuseport", "r2 = *(u16 *)(r1 + 32)", "SYR508"),
        ("sk_reuseport", "*(u32 *)(r1 + 16) = 1", "SYR508"),
        ("sk_reuseport", "r2 = *(u32 *)(r1 + 36)", "SYR508"),
        ("sk_reuseport", "r1 += 16\nr2 = *(u32 *)(r1 + 0)", "SYR508"),
        ("sched_cls", "*(u32 *)(r1 + 8) = 1", None),
        ("socket_filter", "*(u32 *)(r1 + 8) = 1", "SYR508"),
        ("xdp", "r2 = *(u16 *)(r1 + 12)", "SYR508"),
        ("socket_filter", "r2 = 1\nlock *(u32 *)(r1 + 48) += w2", "SYR509"),
    ],
)
def test_context_fields_are_accessed_as_the_kernel_defines(kind: str, text: str, expected: str | None) -> None:
    assert code(f"{text}\nr0 = 1\nexit", kind) == expected


def test_fields_that_came_later_are_missing_on_older_kernels() -> None:
    text = "r2 = *(u64 *)(r1 + 184)\nr0 = 0\nexit"
    assert (code(text, "sched_cls", "5.15"), code(text, "sched_cls", "6.1")) == ("SYR508", None)


# -- everything else ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r2 = 5\nr0 = *(u8 *)(r2 + 0)", "SYR509"),
        ("r2 = 0\nr0 = *(u8 *)(r2 + 0)", "SYR505"),
        ("r2 = map(hash) ll\n*(u8 *)(r2 + 0) = 1", "SYR509"),
        ("r2 = r10\nr2 *= 4", "SYR510"),
        ("r2 = r10\nw2 += 4", "SYR510"),
        ("r2 = r10\nr3 = r1\nr2 += r3", "SYR510"),
        ("r2 = 5\nr2 -= r10", "SYR510"),
        ("r2 = map(hash) ll\nr2 += 8", "SYR510"),
        ("r2 = r10\nr2 += 0x20000000", "SYR510"),
        ("r2 = r10\nr3 = r10\nr2 -= r3", None),
        ("r0 = r2", "SYR504"),
        ("r2 = 1\nr2 /= 0", "SYR501"),
    ],
)
def test_what_is_no_address_is_not_used_as_one(text: str, expected: str | None) -> None:
    if "/= 0" in text:
        text = "r2 = 1\n.slot 0x37, 2, 0, 0, 0"
    assert code(f"{text}\nr0 = 0\nexit") == expected


def test_what_is_shown_to_be_wrong_is_unsafe_and_what_is_only_not_shown_is_not_proven() -> None:
    wrong = verdict("r0 = *(u64 *)(r10 - 520)\nexit")
    assert wrong.outcome is Outcome.UNSAFE
    unknown = verdict(PACKET + "r0 = *(u8 *)(r2 + 0)\nexit", "xdp")
    assert unknown.outcome is Outcome.NOT_PROVEN


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("lock *(u32 *)(r1 + 0) += w2", "SYR507"),
        ("w2 = atomic_fetch_add((u32 *)(r1 + 0), w2)", "SYR507"),
        ("w2 = *(u32 *)(r1 + 0)".replace("w2", "r2"), None),
        ("*(u32 *)(r1 + 0) = r2", None),
    ],
)
def test_a_local_at_an_unknown_place_is_not_changed_in_one_step(change: str, expected: str | None) -> None:
    text = "*(u64 *)(r10 - 8) = 0\ncall 7\nr0 &= 4\nr1 = r10\nr1 += -8\nr1 += r0\nr2 = 1\n"
    assert code(f"{text}{change}\nr0 = 0\nexit") == expected


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(12, None), (0, "SYR508"), (24, "SYR508")],
)
def test_numbers_of_the_context_are_read_with_their_sign_and_addresses_are_not(
    offset: int, expected: str | None
) -> None:
    assert code(f"r2 = *(s32 *)(r1 + {offset})\nr0 = 0\nexit", "xdp") == expected


def test_a_number_of_the_context_that_was_read_with_its_sign_may_be_negative() -> None:
    read = "r0 = *({}8 *)(r1 + 0)\nif r0 s< 0 goto bad\nr0 = 0\nexit\nbad:\nr1 = *(u32 *)(r10 + 0)\nr0 = 0\nexit"
    assert (code(read.format("u")), code(read.format("s"))) == (None, "SYR507")


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ("", None),
        ("*(u8 *)(r10 - 6) = 0", "SYR505"),
        ("*(u8 *)(r10 - 3) = 0", "SYR505"),
        ("*(u32 *)(r10 - 8) = 1", None),
        ("*(u8 *)(r10 - 16) = 1", None),
    ],
)
def test_a_part_written_over_a_stored_number_hides_the_zeros_beside_it(between: str, expected: str | None) -> None:
    text = f"*(u32 *)(r10 - 4) = 0\n*(u32 *)(r10 - 8) = 0\n{between}\nr1 = map(array) ll\nr2 = r10\nr2 += -4\n"
    assert code(f"{text}call 1\nr0 = *(u32 *)(r0 + 0)\nr0 = 0\nexit") == expected


@pytest.mark.parametrize(("highest", "expected"), [(7, None), (8, "SYR509")])
def test_no_part_of_a_stored_pointer_is_read_at_an_unknown_place_either(highest: int, expected: str | None) -> None:
    text = f"*(u64 *)(r10 - 16) = 0\n*(u64 *)(r10 - 8) = r1\ncall 7\nif r0 > {highest} goto out\nr1 = r10\nr1 += -16\n"
    assert code(f"{text}r1 += r0\nr2 = *(u8 *)(r1 + 0)\nout:\nr0 = 0\nexit") == expected
