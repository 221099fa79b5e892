"""Text -> instructions: the inverse of `syrupc.isa.text`, with labels and comments for programs written by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import wide_load
from syrupc.isa.insn import Insn
from syrupc.isa.structure import encoding_faults
from syrupc.isa.text import ALU_SIGNS, ATOMIC_SIGNS, FETCH_NAMES, JUMP_SIGNS, SIGNED_ALU_SIGNS, WIDE_NAMES


def parse_insn(text: str) -> tuple[Insn, ...]:
    """The one or two slots of one instruction. Raises `ValueError` if `text` is not an instruction."""
    text = " ".join(text.split())
    for pattern, build in _FORMS:
        match = pattern.fullmatch(text)
        if match:
            return _checked(build(match), text)
    raise ValueError(f"not an instruction: {text!r}")


def _checked(insns: tuple[Insn, ...], text: str) -> tuple[Insn, ...]:
    faults = () if text.startswith(".slot") else encoding_faults(insns)
    if faults:
        raise ValueError(f"not an instruction: {text!r} ({faults[0].reason})")
    return insns


def parse_program(text: str) -> tuple[Insn, ...]:
    """A program of one instruction a line.

    `;` and `//` begin comments; `name:` on a line of its own is a label, which `goto`, `gotol`, `may_goto`, `call` and
    `code(…)` may name in place of a distance. Raises `ValueError` with the line.
    """
    lines = _instructions(text)
    labels = _label_slots(lines)
    insns: list[Insn] = []
    for number, line in lines:
        if _LABEL.fullmatch(line):
            continue
        try:
            insns.extend(parse_insn(_resolve(line, labels, len(insns))))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return tuple(insns)


_COMMENT: Final = re.compile(r"(;|//).*")
_LABEL: Final = re.compile(r"([A-Za-z_]\w*):")
_REFERENCE: Final = re.compile(r"\b(?P<verb>goto |gotol |may_goto |call |code\()(?P<name>[A-Za-z_]\w*)(?=\) ll$|$)")


def _instructions(text: str) -> list[tuple[int, str]]:
    """Line number and text of the lines that say something."""
    stripped = ((number, _COMMENT.sub("", line).strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in stripped if line]


def _label_slots(lines: list[tuple[int, str]]) -> dict[str, int]:
    labels: dict[str, int] = {}
    slot = 0
    for number, line in lines:
        label = _LABEL.fullmatch(line)
        if label is None:
            slot += 2 if line.endswith(" ll") else 1
        elif label[1] in labels:
            raise ValueError(f"line {number}: label {label[1]!r} is set twice")
        else:
            labels[label[1]] = slot
    return labels


def _resolve(line: str, labels: dict[str, int], slot: int) -> str:
    """`line` with the label it names, if any, replaced by the distance from `slot`."""
    reference = _REFERENCE.search(line)
    if reference is None:
        return line
    if reference["name"] not in labels:
        raise ValueError(f"no label {reference['name']!r}")
    distance = f"{labels[reference['name']] - slot - 1:+d}"
    prefix = "pc" if reference["verb"] == "call " else ""
    return line[: reference.start("name")] + prefix + distance + line[reference.end("name") :]


# -- operands ----------------------------------------------------------------------------------------------------------

_NUMBER: Final = r"[+-]?(?:0x[0-9a-fA-F]+|[0-9]+)"
_PLACE: Final = r"(?P<bits>8|16|32|64) \*\)\(r(?P<base>\d+) (?P<off>[+-] (?:0x[0-9a-fA-F]+|[0-9]+))\)"
_CELL: Final = rf"\(u{_PLACE}"
_SIZE_BITS: Final = {8: op.B, 16: op.H, 32: op.W, 64: op.DW}


def _number(text: str, low: int = -(1 << 31), high: int = (1 << 31) - 1) -> int:
    value = int(text.replace(" ", ""), 0 if "x" in text else 10)
    if not low <= value <= high:
        raise ValueError(f"{text} is not between {low} and {high}")
    return value


def _off(text: str) -> int:
    return _number(text, -(1 << 15), (1 << 15) - 1)


def _imm(match: re.Match[str]) -> int:
    """The immediate; beside a 32-bit register it may be written unsigned."""
    if match["letter"] == "r":
        return _number(match["imm"])
    value = _number(match["imm"], high=(1 << 32) - 1)
    return value - (1 << 32) if value >> 31 > 0 else value


def _size(match: re.Match[str]) -> int:
    return _SIZE_BITS[int(match["bits"])]


def _inverse(table: dict[int, str]) -> dict[str, int]:
    return {text: number for number, text in table.items()}


_ALU: Final = _inverse(ALU_SIGNS)
_SIGNED_ALU: Final = _inverse(SIGNED_ALU_SIGNS)
_JUMP: Final = _inverse(JUMP_SIGNS)
_ATOMIC: Final = _inverse(ATOMIC_SIGNS)
_WIDE: Final = _inverse(WIDE_NAMES)
_READ_MODIFY_WRITE: Final = {
    "xchg": op.XCHG,
    "cmpxchg": op.CMPXCHG,
    **{f"fetch_{name}": operation | op.FETCH for operation, name in FETCH_NAMES.items()},
}

# -- one builder a form ------------------------------------------------------------------------------------------------


def _slot(m: re.Match[str]) -> tuple[Insn, ...]:
    opcode, dst, src, off, imm = (_number(m[name]) for name in ("opcode", "dst", "src", "off", "imm"))
    return (Insn(opcode, dst, src, off, imm),)


def _exit(_match: re.Match[str]) -> tuple[Insn, ...]:
    return (Insn(op.JMP | op.EXIT),)


def _goto(m: re.Match[str]) -> tuple[Insn, ...]:
    if m["verb"] == "gotol":
        return (Insn(op.JMP32 | op.JA, imm=_number(m["target"])),)
    return (Insn(op.JMP | (op.JA if m["verb"] == "goto" else op.JCOND), off=_off(m["target"])),)


def _branch(m: re.Match[str]) -> tuple[Insn, ...]:
    opcode = (op.JMP if m["letter"] == "r" else op.JMP32) | _JUMP[m["op"]]
    if m["src"] is not None:
        return (Insn(opcode | op.X, int(m["dst"]), int(m["src"]), _off(m["target"])),)
    return (Insn(opcode, int(m["dst"]), 0, _off(m["target"]), _imm(m)),)


def _call_helper(m: re.Match[str]) -> tuple[Insn, ...]:
    return (Insn(op.JMP | op.CALL, imm=_number(m["imm"])),)


def _call_local(m: re.Match[str]) -> tuple[Insn, ...]:
    return (Insn(op.JMP | op.CALL, 0, op.CALL_LOCAL, 0, _number(m["imm"])),)


def _call_kfunc(m: re.Match[str]) -> tuple[Insn, ...]:
    return (Insn(op.JMP | op.CALL, 0, op.CALL_KFUNC, _off(m["off"]), _number(m["imm"])),)


def _wide_number(m: re.Match[str]) -> tuple[Insn, ...]:
    return wide_load(int(m["dst"]), _number(m["imm"], -(1 << 63), (1 << 64) - 1))


def _wide_named(m: re.Match[str]) -> tuple[Insn, ...]:
    first = Insn(op.WIDE, int(m["dst"]), _WIDE[m["name"]], 0, _number(m["imm"]))
    return first, Insn(0, 0, 0, 0, _number(m["high"] or "0"))


def _packet_load(m: re.Match[str]) -> tuple[Insn, ...]:
    mode = op.ABS if m["src"] is None else op.IND
    return (Insn(op.LD | mode | _size(m), 0, int(m["src"] or 0), 0, _number(m["imm"])),)


def _load(m: re.Match[str]) -> tuple[Insn, ...]:
    mode = op.MEM if m["sign"] == "u" else op.MEMSX
    return (Insn(op.LDX | mode | _size(m), int(m["dst"]), int(m["base"]), _off(m["off"])),)


def _store(m: re.Match[str]) -> tuple[Insn, ...]:
    if m["src"] is not None:
        return (Insn(op.STX | op.MEM | _size(m), int(m["base"]), int(m["src"]), _off(m["off"])),)
    return (Insn(op.ST | op.MEM | _size(m), int(m["base"]), 0, _off(m["off"]), _number(m["imm"])),)


def _atomic(m: re.Match[str], base: int, register: int, operation: int) -> tuple[Insn, ...]:
    return (Insn(op.STX | op.ATOMIC | _size(m), base, register, _off(m["off"]), operation),)


def _combine(m: re.Match[str], operation: int) -> tuple[Insn, ...]:
    if (m["letter"] == "r") != (m["bits"] == "64"):
        raise ValueError(f"{m['letter']}{m['src']} beside {m['bits']} bits of memory")
    return _atomic(m, int(m["base"]), int(m["src"]), operation)


def _lock(m: re.Match[str]) -> tuple[Insn, ...]:
    return _combine(m, _ATOMIC[m["op"]])


def _fetch(m: re.Match[str]) -> tuple[Insn, ...]:
    return _combine(m, _READ_MODIFY_WRITE[m["name"]])


def _load_acquire(m: re.Match[str]) -> tuple[Insn, ...]:
    return _atomic(m, int(m["dst"]), int(m["base"]), op.LOAD_ACQUIRE)


def _store_release(m: re.Match[str]) -> tuple[Insn, ...]:
    return _atomic(m, int(m["base"]), int(m["src"]), op.STORE_RELEASE)


def _alu(m: re.Match[str]) -> tuple[Insn, ...]:
    off = op.SIGNED if m["op"] in _SIGNED_ALU else 0
    opcode = (op.ALU64 if m["letter"] == "r" else op.ALU) | (_SIGNED_ALU if off else _ALU)[m["op"]]
    if m["src"] is not None:
        return (Insn(opcode | op.X, int(m["dst"]), int(m["src"]), off),)
    return (Insn(opcode, int(m["dst"]), 0, off, _imm(m)),)


def _negate(m: re.Match[str]) -> tuple[Insn, ...]:
    return (Insn((op.ALU64 if m["letter"] == "r" else op.ALU) | op.NEG, int(m["dst"])),)


def _extend(m: re.Match[str]) -> tuple[Insn, ...]:
    opcode = (op.ALU64 if m["letter"] == "r" else op.ALU) | op.MOV | op.X
    return (Insn(opcode, int(m["dst"]), int(m["src"]), int(m["bits"])),)


def _cast(m: re.Match[str]) -> tuple[Insn, ...]:
    spaces = _number(m["to"], 0, 0x7FFF) << 16 | _number(m["from"], 0, 0xFFFF)
    return (Insn(op.ALU64 | op.MOV | op.X, int(m["dst"]), int(m["src"]), op.ADDR_SPACE_CAST, spaces),)


def _swap(m: re.Match[str]) -> tuple[Insn, ...]:
    opcode = {"bswap": op.ALU64, "le": op.ALU | op.TO_LE, "be": op.ALU | op.TO_BE}[m["name"]] | op.END
    return (Insn(opcode, int(m["dst"]), imm=int(m["bits"])),)


def _alternatives(table: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, table), key=len, reverse=True))


_DST: Final = r"(?P<letter>[rw])(?P<dst>\d+)"
_SRC: Final = rf"(?:(?P=letter)(?P<src>\d+)|(?P<imm>{_NUMBER}))"
_SELF: Final = r"(?P<letter>[rw])(?P<src>\d+)"
_TARGET: Final = rf"(?P<target>{_NUMBER})"

_PATTERNS: Final[tuple[tuple[str, Callable[[re.Match[str]], tuple[Insn, ...]]], ...]] = (
    (rf"{_DST} (?P<op>{_alternatives(_ALU | _SIGNED_ALU)}) {_SRC}", _alu),
    (rf"if {_DST} (?P<op>{_alternatives(_JUMP)}) {_SRC} goto {_TARGET}", _branch),
    (rf"r(?P<dst>\d+) = \*\((?P<sign>[us]){_PLACE}", _load),
    (rf"\*{_CELL} = (?:r(?P<src>\d+)|(?P<imm>{_NUMBER}))", _store),
    (rf"r(?P<dst>\d+) = (?P<imm>{_NUMBER}) ll", _wide_number),
    (
        rf"r(?P<dst>\d+) = (?P<name>{_alternatives(_WIDE)})\((?P<imm>{_NUMBER})(?:, (?P<high>{_NUMBER}))?\) ll",
        _wide_named,
    ),
    (rf"call (?:\w+#)?(?P<imm>{_NUMBER})", _call_helper),
    (rf"call pc(?P<imm>{_NUMBER})", _call_local),
    (rf"call kfunc\((?P<imm>{_NUMBER}), (?P<off>{_NUMBER})\)", _call_kfunc),
    (r"exit", _exit),
    (rf"(?P<verb>goto|gotol|may_goto) {_TARGET}", _goto),
    (rf"{_DST} = -(?P=letter)(?P=dst)", _negate),
    (rf"{_DST} = \(s(?P<bits>8|16|32)\)(?P=letter)(?P<src>\d+)", _extend),
    (r"r(?P<dst>\d+) = addr_space_cast\(r(?P<src>\d+), (?P<to>\d+), (?P<from>\d+)\)", _cast),
    (r"r(?P<dst>\d+) = (?P<name>be|le|bswap)(?P<bits>16|32|64) r(?P=dst)", _swap),
    (rf"lock \*{_CELL} (?P<op>{_alternatives(_ATOMIC)}) (?P<letter>[rw])(?P<src>\d+)", _lock),
    (r"r(?P<dst>\d+) = load_acquire\(" + _CELL + r"\)", _load_acquire),
    (rf"store_release\({_CELL}, r(?P<src>\d+)\)", _store_release),
    (rf"(?P<letter>[rw])0 = atomic_(?P<name>cmpxchg)\({_CELL}, (?P=letter)0, (?P=letter)(?P<src>\d+)\)", _fetch),
    (rf"{_SELF} = atomic_(?P<name>{_alternatives(_READ_MODIFY_WRITE)})\({_CELL}, (?P=letter)(?P=src)\)", _fetch),
    (
        r"r0 = \*\(u(?P<bits>8|16|32) \*\)skb\[(?:r(?P<src>\d+) )?(?P<imm>[+-]? ?(?:0x[0-9a-fA-F]+|[0-9]+))\]",
        _packet_load,
    ),
    (r"\.slot (?P<opcode>\w+), (?P<dst>\d+), (?P<src>\d+), (?P<off>-?\d+), (?P<imm>-?\d+)", _slot),
)
_FORMS: Final = tuple((re.compile(pattern), build) for pattern, build in _PATTERNS)
