"""What the kernel's own verifier can conclude, by release: a proof must not need more than the oldest kernel has."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from syrupc.kernel.release import brought


@dataclass(frozen=True, slots=True)
class Reasoning:
    """One switch for each improvement that changes which programs load."""

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
    knows_present_keys: bool
    """Looking up a constant index that an array has gives its value, never null."""
    adds_wrapped: bool
    """A sum or difference that always wraps keeps its bounds."""
    follows_spilled_parts: bool
    """A number stored to the stack in less than eight bytes is known when it is read back."""
    reads_untouched_stack: bool
    """A privileged program may read stack bytes that it never wrote."""
    follows_sums: bool
    """A number and the same number plus a constant are narrowed together."""


_SINCE: Final = {
    "follows_spilled_parts": "5.16",  # 354e8f1970f8
    "reads_untouched_stack": "6.3",  # 6715df8d5d24
    "compares_ranges": "6.8",  # 67420501e868
    "mixes_widths": "6.8",  # d7f008738171
    "combines_unknown_bits": "6.10",
    "follows_sums": "6.11",
    "multiplies_signed": "6.14",
    "knows_present_keys": "6.14",
    "rounds_frames_to_16": "6.12",  # where programs are compiled to machine code, as they are by default
    "negates": "6.18",
    "adds_wrapped": "6.17",
}


def reasoning(kernel: tuple[int, int]) -> Reasoning:
    """What the verifier of that release can conclude."""
    return Reasoning(**{field.name: brought(_SINCE[field.name], kernel) for field in fields(Reasoning)})
