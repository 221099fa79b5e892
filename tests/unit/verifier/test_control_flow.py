"""What is wrong with a program before anything is asked of its registers."""

from __future__ import annotations

import pytest

from tests.unit.verifier.judging import code, verdict


@pytest.mark.parametrize(
    ("text", "expected", "slot"),
    [
        ("r0 = 0\nexit", None, -1),
        ("r0 = 0", "SYR502", 0),
        ("r0 = 0\ngoto -2", "SYR514", 0),
        ("goto +5\nr0 = 0\nexit", "SYR502", 0),
        ("goto -5\nr0 = 0\nexit", "SYR502", 0),
        ("r0 = 0\nif r0 == 0 goto +9\nexit", "SYR502", 1),
        ("r0 = 0\ngoto +1\nr0 = 0x123456789 ll\nexit", "SYR502", 1),
        ("r0 = 0\nexit\nr0 = 1\nexit", "SYR520", 2),
        (".slot 0xff, 0, 0, 0, 0\nexit", "SYR501", 0),
        (".slot 0xb7, 12, 0, 0, 0\nexit", "SYR501", 0),
        ("r0 = 0\n.slot 0x18, 0, 0, 0, 0", "SYR502", 1),
        ("call pc+9\nr0 = 0\nexit", "SYR502", 0),
        ("call pc-1\nexit", "SYR517", 0),
        ("call pc+1\nexit\ncall pc-1\nexit", "SYR517", 2),
    ],
)
def test_the_first_fault_is_found_at_its_place(text: str, expected: str | None, slot: int) -> None:
    found = verdict(text)
    assert (found.diagnostics[0].code if found.diagnostics else None, found.slot) == (expected, slot)


def test_an_empty_program_is_refused() -> None:
    assert code("") == "SYR502"


def chain(length: int) -> str:
    functions = [f"f{i}:\ncall f{i + 1}\nexit" for i in range(length - 1)]
    return "\n".join([*functions, f"f{length - 1}:\nr0 = 0\nexit"])


def test_calls_are_nested_as_deeply_as_kernels_permit() -> None:
    assert (code(chain(8)), code(chain(9))) == (None, "SYR517")


@pytest.mark.parametrize(
    ("text", "since", "before"),
    [
        ("r0 = 7\nr1 = 2\nr0 s/= r1\nexit", "6.6", "6.1"),
        ("r0 = 7\nr0 = (s8)r0\nexit", "6.6", "6.1"),
        ("r0 = 7\nr0 = bswap32 r0\nexit", "6.6", "6.1"),
        ("*(u64 *)(r10 - 8) = 1\nr0 = *(s8 *)(r10 - 8)\nexit", "6.6", "6.1"),
        ("r0 = 0\ngotol +0\nexit", "6.6", "6.1"),
        ("*(u64 *)(r10 - 8) = 1\nr0 = load_acquire((u64 *)(r10 - 8))\nexit", "6.18", "6.12"),
    ],
)
def test_newer_instructions_are_refused_for_older_kernels(text: str, since: str, before: str) -> None:
    assert (code(text, kernel=since), code(text, kernel=before)) == (None, "SYR521")


@pytest.mark.parametrize("text", ["r0 = 0\nmay_goto +0\nexit", "r0 = 0\n.slot 0xbf, 0, 0, 1, 1\nexit"])
def test_what_is_not_modelled_is_said_to_be_so(text: str) -> None:
    assert code(text) == "SYR519"


def test_code_that_values_never_reach_is_not_judged() -> None:
    assert code("r0 = 1\nif r0 == 1 goto out\nr0 = *(u8 *)(r9 + 0)\nout:\nexit") is None


NEVER = "r0 = 1\nif r0 == 1 goto out\n{}\nout:\nexit"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r9 /= 0", None),
        ("r10 = 1", None),
        (".slot 0xb7, 0, 3, 0, 0", "SYR501"),
        (".slot 0x18, 1, 1, 0, 99\n.slot 0, 0, 0, 0, 0", "SYR518"),
        ("r0 s/= r1", "SYR521"),
        (".slot 0x85, 0, 2, 0, 7", "SYR519"),
        (".slot 0x85, 0, 2, 0, 0", None),
    ],
)
def test_code_that_values_never_reach_is_one_that_every_kernel_would_take(text: str, expected: str | None) -> None:
    assert code(NEVER.format(text), kernel="6.1") == expected


def test_a_wrong_field_counts_where_control_comes_to_it() -> None:
    found = verdict("r1 = r2\n.slot 0xb7, 0, 3, 0, 0\nexit")
    assert (found.diagnostics[0].code, found.slot) == ("SYR504", 0)
    unknown = verdict("r1 = r2\n.slot 0xff, 0, 0, 0, 0\nr0 = 0\nexit")
    assert (unknown.diagnostics[0].code, unknown.slot) == ("SYR501", 1)


def test_a_circle_of_calls_is_found_where_it_closes_for_the_last_time() -> None:
    found = verdict("r1 = r2\ncall pc-2\nexit")
    assert (found.diagnostics[0].code, found.slot) == ("SYR504", 0)
    never = verdict(NEVER.format("call f\ngoto out\nf:\ncall f\nexit"))
    assert never.diagnostics[0].code in ("SYR517", "SYR502")
