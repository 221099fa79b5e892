"""What the kernel's verifier says when it refuses a program, and the codes that say the same."""

from __future__ import annotations

import re
from typing import Final

_REASONS: Final = (
    (r"invalid mem access '\w+_or_null'", {"SYR505"}),
    (r"!read_ok", {"SYR504"}),
    (r"uses reserved fields|unknown opcode|invalid shift|frame pointer is read only|div by zero", {"SYR501"}),
    (r"pointer arithmetic on \w+_or_null", {"SYR505", "SYR510"}),
    (r"invalid size of register (fill|spill)", {"SYR507", "SYR509"}),
    (r"invalid sock(_common)? access|BPF_ATOMIC \w+ (from|into) R\d+ \w+ is not allowed", {"SYR509"}),
    (r"negative offset ctx ptr", {"SYR508", "SYR512"}),
    (r"must be referenced", {"SYR523"}),
    (r"the call stack of \d+ frames is too deep", {"SYR517"}),
    (r"type=\w+_or_null expected=", {"SYR505", "SYR512"}),
    (r"BPF_LD_\[ABS\|IND\]", {"SYR509"}),
    (r"cannot use helper|invalid func|GPL-only", {"SYR511"}),
    (r"invalid access to packet|R\d+ offset is outside of the packet", {"SYR503"}),
    (r"invalid (read from|write to|access to|indirect|variable-offset|zero-size).*stack", {"SYR504", "SYR507"}),
    (r"invalid access to map value", {"SYR506"}),
    (r"invalid access to memory", {"SYR522"}),
    (
        r"(min|max) value is (negative|outside)|unbounded (memory access|min value)",
        {"SYR503", "SYR506", "SYR507", "SYR510", "SYR512", "SYR522"},
    ),
    (
        r"makes .* pointer be out of bounds|math between|pointer (arithmetic|offset)|prohibited|tried to (add|sub)",
        {"SYR510"},
    ),
    (r"invalid mem access '", {"SYR505", "SYR509"}),
    (r"unreachable insn", {"SYR520"}),
    (r"infinite loop", {"SYR514"}),
    (r"too large|too complex|sequence of \d+ jumps", {"SYR514", "SYR516"}),
    (
        r"type=\w+ expected=|expected pointer to|helper access to the packet|be a known constant|invalid zero-sized",
        {"SYR512"},
    ),
    (r"invalid bpf_context access|dereference of modified ctx", {"SYR508"}),
    (r"At program exit the register R0|should have been in|R0 is not", {"SYR513"}),
    (r"misaligned", {"SYR524"}),
    (r"Unreleased reference|reference leak", {"SYR523"}),
    (r"jump out of range|last insn is not|jumps? into the middle", {"SYR502"}),
    (r"leaks addr|partial|size of register spill|corrupt spilled|cannot spill pointers to stack", {"SYR507", "SYR509"}),
)


def codes_of(reason: str) -> frozenset[str]:
    """The codes that say what the kernel says; none for words that are not known here."""
    return next((frozenset(codes) for pattern, codes in _REASONS if re.search(pattern, reason)), frozenset())


ALL_CODES: Final = frozenset(code for _, codes in _REASONS for code in codes)
