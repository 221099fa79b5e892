"""What the kernel's own verifier can conclude, by release: a proof must not need more than the oldest kernel has."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Final

from syrupc.kernel.release import brought


@dataclass(frozen=True, slots=True, eq=False)
class Reasoning:
    """One switch for each improvement that changes which programs load.

    There is one for each release, so it is told from another by what it is and not by what it says: what the verifier
    concludes is remembered under it.
    """

    compares_ranges: bool
    """A comparison of two unknown numbers narrows both."""
    mixes_widths: bool
    """64-bit bounds follow from 32-bit ones, and the reverse."""
    combines_unknown_bits: bool
    """`|`, `^` and `*` with an unknown second operand keep something."""
    multiplies_signed: bool
    """A product of numbers that may be negative keeps its bounds."""
    negates: bool
    """A negated number keeps its bounds."""
    rounds_frames_to_16: bool
    """A frame's stack counts in steps of 16 bytes, none for none; before, in steps of 32, at least one."""
    tells_unequal: bool
    """A number that cannot be a constant is known to differ from it."""
    tells_bits_apart: bool
    """Two numbers that differ in a known bit are known to differ."""
    walks_signs_apart: bool
    """A number that is 0 or -1 is walked as each of them where a constant masks it: so compilers choose by a sign."""
    follows_swaps: bool
    """What is known of a number's bits is known of them in another order of bytes."""
    sees_dead_ways: bool
    """A way on which nothing is left of a number is not gone."""
    joins_null_tests: bool
    """A pointer that may be null and equals one that is not is not null either."""
    decides_constant_first: bool
    """A comparison of a constant with a number is decided like the reverse."""
    follows_into_functions: bool
    """Which numbers matter is told apart also in programs of several functions."""
    links_zero_extended: bool
    """A number and its 32-bit copy are narrowed together where the high half is zero."""
    links_spilled: bool
    """A number and its copy on the stack are narrowed together."""
    compares_loops_exactly: bool
    """A loop is endless only if nothing at all changes, not also if nothing changes that has mattered so far."""
    keeps_unbounded: bool
    """A number of which nothing is known is still the same one when it is read back from the stack."""
    reads_spilled_parts: bool
    """A part of a number on the stack is known when it is read."""
    falls_into_loops: bool
    """A loop may be entered in its middle."""
    keeps_packet_in_tail_call: bool
    """Packet pointers survive a tail call that failed."""
    knows_present_keys: bool
    """Looking up a constant index that an array has gives its value, never null."""
    adds_wrapped: bool
    """A sum or difference that always wraps keeps its bounds."""
    follows_spilled_parts: bool
    """A number stored to the stack in less than eight bytes is known when it is read back."""
    reads_untouched_stack: bool
    """A privileged program may read stack bytes that it never wrote."""
    follows_sums: bool
    """A number and the same number plus a positive constant are narrowed together."""
    follows_differences: bool
    """So are a number and the same number minus a constant."""
    follows_six: bool
    """Six at most of what a comparison narrows together are; it parts the rest from them."""


_SINCE: Final = {
    "follows_spilled_parts": "5.16",  # 354e8f1970f8
    "reads_untouched_stack": "6.3",  # 6715df8d5d24
    "compares_ranges": "6.8",  # 67420501e868
    "mixes_widths": "6.8",  # d7f008738171
    "combines_unknown_bits": "6.10",
    "follows_sums": "6.11",
    "follows_differences": "6.18",  # in stable releases of 6.18 only
    "follows_six": "6.12",  # 4bf79f9be434
    "multiplies_signed": "6.14",
    "knows_present_keys": "6.14",
    "tells_unequal": "6.2",  # 13fbcee55706
    "joins_null_tests": "6.2",  # befae75856ab
    "decides_constant_first": "6.4",  # 953d9f5beaf7
    "follows_into_functions": "6.4",
    "links_zero_extended": "6.6",
    "compares_loops_exactly": "6.7",
    "links_spilled": "6.8",  # 713274f1f2c8
    "keeps_unbounded": "6.9",  # e67ddd9b1cff
    "reads_spilled_parts": "6.9",  # c1e6148cb4f8
    "falls_into_loops": "6.12",
    "keeps_packet_in_tail_call": "6.18",
    "rounds_frames_to_16": "6.12",  # where programs are compiled to machine code, as they are by default
    "negates": "6.18",
    "adds_wrapped": "6.17",
    "tells_bits_apart": "6.18",
    "sees_dead_ways": "6.18",  # in stable releases of 6.18 only
    "follows_swaps": "6.18",  # in stable releases of 6.18 only
    "walks_signs_apart": "6.18",  # bffacdb80b93, in stable releases of 6.18 only
}


@cache
def reasoning(kernel: tuple[int, int]) -> Reasoning:
    """What the verifier of that release can conclude."""
    return Reasoning(**{field.name: brought(_SINCE[field.name], kernel) for field in fields(Reasoning)})
