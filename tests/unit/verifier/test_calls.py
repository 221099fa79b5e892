"""Helpers exist or not, arguments are of their kind, what is borrowed is given back, functions hand over values."""

from __future__ import annotations

import pytest

from tests.unit.verifier.judging import LOOK_UP, code, verdict


@pytest.mark.parametrize(
    ("number", "kind", "kernel", "expected"),
    [
        (7, "socket_filter", "5.15", None),
        (9999, "socket_filter", "6.18", "SYR511"),
        (160, "sk_reuseport", "5.15", None),
        (160, "kprobe", "6.18", "SYR511"),
        (186, "sk_reuseport", "6.18", "SYR511"),
        (208, "sk_reuseport", "5.15", "SYR511"),
        (208, "sk_reuseport", "6.1", None),
        (14, "sk_reuseport", "6.6", "SYR511"),
        (14, "sk_reuseport", "6.12", None),
        (35, "socket_filter", "6.18", None),
    ],
)
def test_a_helper_is_there_for_a_program_type_and_a_kernel(
    number: int, kind: str, kernel: str, expected: str | None
) -> None:
    assert code(f"call {number}\nr0 = 1\nexit", kind, kernel) == expected


def test_helpers_for_gpl_programs_want_such_a_licence() -> None:
    free, other = (verdict("call 35\nr0 = 0\nexit", gpl=gpl) for gpl in (True, False))
    assert not free.diagnostics
    assert [d.code for d in other.diagnostics] == ["SYR511"]
    assert "licence" in other.diagnostics[0].help[0]


def test_a_call_spends_the_argument_registers() -> None:
    assert code("r1 = 1\ncall 7\nr0 = r1\nexit") == "SYR504"
    assert code("r6 = 1\ncall 7\nr0 = r6\nexit") is None


def test_a_helper_that_returns_nothing_leaves_nothing() -> None:
    text = "r1 = map(ring) ll\nr2 = 8\nr3 = 0\ncall 131\nif r0 == 0 goto out\nr1 = r0\nr2 = 0\ncall 132\n{}\n"
    text += "out:\nr0 = 0\nexit"
    assert code(text.format("r6 = r0")) == "SYR504"
    assert code(text.format("r6 = 0")) is None


# -- memory for helpers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("r1 = map(hash) ll\nr2 = r10\nr2 += -8", None),
        ("r1 = map(hash) ll\nr2 = r10\nr2 += -4", "SYR507"),
        ("r1 = map(hash) ll\nr2 = 0", "SYR512"),
        ("r1 = map(hash) ll\nr2 = r9", "SYR512"),
        ("r1 = r10\nr2 = r10\nr2 += -8", "SYR512"),
        ("r1 = map(ring) ll\nr2 = r10\nr2 += -8", "SYR518"),
        ("r1 = map(sockets) ll\nr2 = r10\nr2 += -8", "SYR518"),
        ("r1 = map(hash) ll", "SYR504"),
    ],
)
def test_a_look_up_wants_a_map_and_a_whole_key(arguments: str, expected: str | None) -> None:
    text = f"r9 = r1\n*(u64 *)(r10 - 8) = 0\nr1 = 0\nr2 = 0\n{arguments}\ncall 1\nr0 = 0\nexit"
    if expected == "SYR504":
        text = text.replace("r1 = 0\nr2 = 0\n", "call 7\n")
    assert code(text) == expected


def test_old_kernels_want_keys_that_are_set() -> None:
    text = "r1 = map(hash) ll\nr2 = r10\nr2 += -8\ncall 1\nr0 = 0\nexit"
    assert (code(text, kernel="6.1"), code(text, kernel="6.6")) == ("SYR504", None)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("r3 = 8", None),
        ("r3 = 16", None),
        ("r3 = 17", "SYR507"),
        ("r3 = 0", "SYR512"),
        ("r3 = -1", "SYR512"),
        ("call 7\nr3 = r0", "SYR512"),
        ("call 7\nr3 = r0\nr3 &= 15", "SYR512"),
        ("call 7\nr3 = r0\nr3 &= 15\nr3 += 1", None),
        ("call 7\nr3 = r0\nr3 &= 31\nr3 += 1", "SYR507"),
    ],
)
def test_sizes_are_bounded_and_above_zero(size: str, expected: str | None) -> None:
    text = f"r6 = r1\n{size}\nr1 = r6\nr2 = 0\nr4 = r3\nr3 = r10\nr3 += -16\ncall 26\nr0 = 0\nexit"
    assert code(text) == expected


def test_what_a_helper_wrote_is_unknown_afterwards() -> None:
    text = f"*(u64 *)(r10 - 16) = 0\nr6 = r1\n{LOOK_UP}if r0 == 0 goto out\nr7 = r0\n{{}}"
    text += "r1 = *(u64 *)(r10 - 16)\nr7 += r1\nr0 = *(u8 *)(r7 + 0)\nout:\nr0 = 0\nexit"
    fill = "r1 = r6\nr2 = 0\nr3 = r10\nr3 += -16\nr4 = 8\ncall 26\n"
    assert code(text.format("")) is None
    assert code(text.format(fill)) == "SYR510"


def test_the_executor_map_takes_its_own_helper() -> None:
    select = "*(u32 *)(r10 - 4) = 0\nr2 = map({}) ll\nr3 = r10\nr3 += -4\nr4 = 0\ncall 82\nr0 = 1\nexit"
    assert code(select.format("sockets"), "sk_reuseport", "5.15") is None
    assert code(select.format("array"), "sk_reuseport", "5.15") == "SYR518"


# -- borrowed ----------------------------------------------------------------------------------------------------------

RESERVE = "r1 = map(ring) ll\nr2 = 16\nr3 = 0\ncall 131\nif r0 == 0 goto out\nr6 = r0\n"
SUBMIT = "r1 = r6\nr2 = 0\ncall 132\n"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (SUBMIT, None),
        ("*(u64 *)(r6 + 8) = 1\n" + SUBMIT, None),
        ("*(u64 *)(r6 + 9) = 1\n" + SUBMIT, "SYR522"),
        ("", "SYR523"),
        (SUBMIT + "*(u64 *)(r6 + 0) = 1\n", "SYR509"),
        (SUBMIT + SUBMIT, "SYR512"),
        ("r6 += 8\n" + SUBMIT, "SYR512"),
        ("*(u64 *)(r10 - 8) = r6\n" + SUBMIT + "r1 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r1 + 0)\n", "SYR509"),
    ],
)
def test_a_record_is_used_between_reserving_and_submitting(use: str, expected: str | None) -> None:
    assert code(f"{RESERVE}{use}out:\nr0 = 0\nexit") == expected


def test_a_record_that_was_not_given_needs_no_giving_back() -> None:
    assert code(f"{RESERVE}{SUBMIT}r0 = 0\nexit\nout:\nr0 = 0\nexit") is None


def test_the_size_of_a_record_is_a_constant() -> None:
    text = "call 7\nr2 = r0\nr2 &= 7\nr1 = map(ring) ll\nr3 = 0\ncall 131\nr0 = 0\nexit"
    assert code(text) == "SYR512"


# -- functions of the program ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caller", "function", "expected"),
    [
        ("r1 = 3", "r0 = r1\nexit", None),
        ("r1 = 3", "r0 = r2\nexit", "SYR504"),
        ("r6 = 3\nr1 = 1", "r0 = r6\nexit", "SYR504"),
        ("r1 = r10\nr1 += -8", "*(u64 *)(r1 + 0) = 7\nr0 = 0\nexit", None),
        ("r1 = r10\nr1 += -8", "*(u64 *)(r1 + 8) = 7\nr0 = 0\nexit", "SYR507"),
        ("r1 = 1", "r0 = r10\nexit", "SYR507"),
        ("r1 = r10\nr1 += -8", "*(u64 *)(r1 + 0) = r10\nr0 = 0\nexit", "SYR507"),
        ("r1 = 1", "exit", "SYR504"),
    ],
)
def test_functions_see_their_arguments_and_their_own_stack(caller: str, function: str, expected: str | None) -> None:
    text = f"{caller}\ncall function\nr1 = r0\nr0 = 0\nexit\nfunction:\n{function}"
    assert code(text) == expected


def test_the_caller_keeps_its_registers_and_loses_its_arguments() -> None:
    function = "\nr0 = 0\nexit\nfunction:\nr6 = 9\nr0 = 0\nexit"
    assert code("r6 = r1\ncall function\nr2 = *(u32 *)(r6 + 0)" + function) is None
    assert code("r1 = 1\ncall function\nr2 = r1" + function) == "SYR504"


def test_a_functions_result_is_known_to_its_caller() -> None:
    text = f"call 7\nr1 = r0\ncall masked\nr6 = r0\n{LOOK_UP}if r0 == 0 goto out\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\n"
    text += "out:\nr0 = 0\nexit\nmasked:\nr0 = r1\nr0 &= {}\nexit"
    assert (code(text.format(15)), code(text.format(16))) == (None, "SYR506")


def test_the_stacks_of_a_chain_add_up() -> None:
    text = "*(u64 *)(r10 - {0}) = 1\ncall function\nr0 = 0\nexit\nfunction:\n*(u64 *)(r10 - {1}) = 1\nr0 = 0\nexit"
    assert verdict(text.format(256, 256)).stack == 512
    assert code(text.format(256, 256)) is None
    assert code(text.format(256, 264)) == "SYR507"
    assert code(text.format(240, 248), kernel="6.1") is None
    assert code(text.format(248, 264), kernel="6.1") == "SYR507"


def test_functions_that_are_not_called_one_after_the_other_share_the_stack() -> None:
    large = "*(u64 *)(r10 - 400) = 1\nr0 = 0\nexit\n"
    assert code(f"call a\ncall b\nr0 = 0\nexit\na:\n{large}b:\n{large}") is None


# -- results -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("sk_reuseport", "r0 = 1", None),
        ("sk_reuseport", "r0 = 2", "SYR513"),
        ("sk_reuseport", "call 7", "SYR513"),
        ("sk_reuseport", "call 7\nr0 &= 1", None),
        ("sk_reuseport", "r0 = r10", "SYR513"),
        ("xdp", "r0 = 77", None),
        ("socket_filter", "call 7", None),
        ("cgroup_skb", "r0 = 2", "SYR513"),
        ("cgroup_skb", "r0 = 1\nr0 <<= 32", "SYR513"),
    ],
)
def test_results_are_in_the_range_of_the_hook(kind: str, text: str, expected: str | None) -> None:
    assert code(f"{text}\nexit", kind) == expected


@pytest.mark.parametrize(("size", "expected"), [("0", None), ("16", None), ("17", "SYR506")])
def test_where_null_will_do_a_look_ups_result_needs_no_test(size: str, expected: str | None) -> None:
    text = f"{LOOK_UP}r1 = r0\nr2 = {size}\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nr0 = 0\nexit"
    assert code(text, "sched_cls") == expected


def test_printing_takes_no_more_arguments_than_it_needs() -> None:
    text = "*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\nr2 = 8\ncall 6\nr0 = 0\nexit"
    assert code(text, "kprobe") is None


@pytest.mark.parametrize(("place", "expected"), [(-16, None), (-12, "SYR524")])
def test_a_number_that_a_helper_writes_is_aligned(place: int, expected: str | None) -> None:
    text = (
        f"*(u64 *)(r10 - 8) = 49\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\nr4 = r10\nr4 += {place}\ncall 106\nr0 = 0\nexit"
    )
    assert code(text) == expected


def test_the_class_of_a_task_needs_no_packet() -> None:
    text = "r1 = 0\ncall 17\nr0 = 0\nexit"
    assert (code(text, "socket_filter"), code(text, "sched_cls")) == (None, "SYR512")


# -- maps that take one direction, or have a meaning of their own ------------------------------------------------------

_KEY = "*(u64 *)(r10 - 8) = 0\nr2 = r10\nr2 += -8\n"


@pytest.mark.parametrize(
    ("call", "name", "expected"),
    [
        ("call 1", "readable", None),
        ("r3 = r2\nr4 = 0\ncall 2", "readable", "SYR506"),
        ("call 3", "readable", "SYR506"),
        ("r3 = r2\nr4 = 0\ncall 2", "writable", None),
    ],
)
def test_a_helper_does_not_change_a_map_that_programs_only_read(call: str, name: str, expected: str | None) -> None:
    assert code(f"{_KEY}r1 = map({name}) ll\n{call}\nr0 = 0\nexit") == expected


@pytest.mark.parametrize(
    ("number", "name", "expected"),
    [(88, "queue", "SYR512"), (89, "queue", "SYR512"), (89, "bloom", "SYR512"), (87, "queue", None)],
)
def test_a_helper_adds_out_of_the_packet_and_takes_nothing_into_it(
    number: int, name: str, expected: str | None
) -> None:
    text = "r2 = *(u32 *)(r1 + 0)\nr4 = *(u32 *)(r1 + 4)\nr3 = r2\nr3 += 8\nif r3 > r4 goto out\n"
    text += f"r1 = map({name}) ll\nr3 = 0\ncall {number}\nout:\nr0 = 0\nexit"
    assert code(text, "xdp") == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("bloom", "writable", "SYR506"),
        ("bloom", "readable", None),
        ("queue", "writable", None),
        ("queue", "readable", "SYR506"),
    ],
)
def test_a_bloom_filter_is_asked_for_a_value_and_a_queue_gives_one(name: str, value: str, expected: str | None) -> None:
    text = f"{_KEY}r1 = map({value}) ll\ncall 1\nif r0 == 0 goto out\nr2 = r0\nr1 = map({name}) ll\ncall 89\n"
    assert code(f"{text}out:\nr0 = 0\nexit") == expected


@pytest.mark.parametrize(("kernel", "expected"), [("6.6", "SYR512"), ("6.12", None)])
def test_newer_kernels_look_for_a_socket_of_no_address(kernel: str, expected: str | None) -> None:
    text = "r2 = r10\nr2 += -8\n*(u64 *)(r10 - 8) = 0\nr3 = 0\nr4 = 0\nr5 = 0\ncall 84\n"
    text += "if r0 == 0 goto out\nr1 = r0\ncall 86\nout:\nr0 = 0\nexit"
    assert code(text, "xdp", kernel) == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("socket_filter", "r1 = 0\ncall 122", None),
        ("socket_filter", "r1 = 1\ncall 122", "SYR512"),
        ("socket_filter", "r1 = 0\ncall 47", "SYR512"),
        ("sk_lookup", "r2 = 0\nr3 = 0\ncall 124", None),
        ("sk_lookup", "r2 = *(u64 *)(r1 + 0)\nr3 = 0\ncall 124", None),
        ("sk_lookup", "r2 = r1\nr3 = 0\ncall 124", "SYR512"),
        ("sched_cls", "r2 = 0\nr3 = 0\ncall 124", "SYR512"),
        ("sk_reuseport", "r1 = 0\ncall 46", None),
        ("sk_reuseport", "r1 = *(u64 *)(r1 + 48)\ncall 46", None),
    ],
)
def test_null_for_a_context_or_a_socket_where_a_helper_takes_it(kind: str, text: str, expected: str | None) -> None:
    assert code(f"{text}\nr0 = 1\nexit", kind) == expected


@pytest.mark.parametrize(("second", "expected"), [("r7", "SYR512"), ("r10\nr4 += -8", None)])
def test_one_argument_at_most_is_of_what_was_borrowed(second: str, expected: str | None) -> None:
    text = "r1 = map(ring) ll\nr2 = 16\nr3 = 0\ncall 131\nif r0 == 0 goto out\nr7 = r0\nr1 = r7\nr2 = 8\nr3 = 0\n"
    text += f"r4 = {second}\ncall 106\nr1 = r7\nr2 = 0\ncall 133\nout:\nr0 = 0\nexit"
    assert code(text) == expected
