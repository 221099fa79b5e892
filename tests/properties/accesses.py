"""Random programs that read and write every region, with offsets and indices made in many ways."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from syrupc.isa.structure import encoding_faults
from syrupc.kernel.contexts import CONTEXTS, Gives
from syrupc.kernel.profiles import KernelProfile
from tests.properties.places import (
    ANY_NUMBER,
    ANY_WORD,
    CONSTANT,
    CONTEXT,
    NULLABLE,
    PACKET,
    SOCKET,
    VALUE,
    WORDS,
    Sample,
    Writer,
    begin,
    map_of,
)

_WIDTHS: Final = (8, 16, 32, 64)
_MOST: Final = 3


def sample(rnd: random.Random, kernel: KernelProfile) -> Sample:
    """One program of a random type with a few accesses of random kinds."""
    writer, kinds = begin(rnd, kernel), []
    for number in range(rnd.randrange(1, _MOST + 1)):
        access = rnd.choice(_ACCESSES)
        kinds.append(access.__name__.strip("_"))
        access(writer, f"skip{number}")
        writer.add(f"skip{number}:")
    writer.finish()
    subject = writer.subject()
    assert not encoding_faults(subject.insns)
    text = "\n".join(writer.lines)
    return Sample(subject, " and ".join(sorted(set(kinds))), text)


# -- numbers as indices: in r0 -----------------------------------------------------------------------------------------


def _index(writer: Writer, skip: str) -> None:
    """A number in r0 that is bounded, or nearly."""
    rnd = writer.rnd
    writer.add(f"r0 = {rnd.choice((ANY_NUMBER, ANY_WORD))}")
    for _ in range(rnd.randrange(3)):
        writer.add(*rnd.choice(_COMPUTATIONS)(rnd))
    bound = rnd.choice((1, 3, 7, 8, 12, 15, 16))
    writer.add(
        *rnd.choice(
            (
                (f"r0 &= {bound}",),
                (f"if r0 > {bound} goto {skip}",),
                (f"if w0 > {bound} goto {skip}",),
                (f"if w0 > {bound} goto {skip}", "w0 = w0"),
                (f"if r0 s> {bound} goto {skip}", f"if r0 s< {rnd.choice((0, -1))} goto {skip}"),
                (f"if w0 s> {bound} goto {skip}", f"if w0 s< 0 goto {skip}", "w0 = w0"),
                (f"r1 = {bound}", f"if r1 < r0 goto {skip}"),
                (f"if r0 & {~bound} goto {skip}",),
                (f"r0 %= {bound}",),
                (f"w0 s%= {bound}",),
                ("r0 >>= 60",),
                ("r0 s>>= 61",),
                (f"if r0 != {bound} goto {skip}",),
                ("w0 >>= 29",),
            )
        )
    )
    if rnd.random() < 0.3:
        writer.add(*rnd.choice(_COMPUTATIONS)(rnd))


def _signed(rnd: random.Random) -> tuple[str, ...]:
    letter, bits = rnd.choice((("r", 8), ("r", 16), ("r", 32), ("w", 8), ("w", 16)))
    return (f"{letter}0 = (s{bits}){letter}0",)


def _negated(rnd: random.Random) -> tuple[str, ...]:
    letter = rnd.choice("rw")
    return (f"{letter}0 = -{letter}0",)


def _with_constant(rnd: random.Random) -> tuple[str, ...]:
    operation = rnd.choice(("+=", "-=", "*=", "|=", "^=", "&=", "/=", "%=", "s/=", "s%="))
    return (f"{rnd.choice('rw')}0 {operation} {rnd.choice((1, 2, 3, 4, 8, 15, -1, -8))}",)


def _shifted(rnd: random.Random) -> tuple[str, ...]:
    return (f"{rnd.choice('rw')}0 {rnd.choice(('<<=', '>>=', 's>>='))} {rnd.choice((1, 4, 8, 16, 31))}",)


def _with_register(rnd: random.Random) -> tuple[str, ...]:
    letter = rnd.choice("rw")
    return (f"{letter}0 {rnd.choice(('+=', '-=', '^=', '|=', '&=', '*=', '>>='))} {letter}{rnd.choice((0, 7, 8))}",)


def _stored(rnd: random.Random) -> tuple[str, ...]:
    """To the stack and back, perhaps a part, perhaps with its sign."""
    out, back, at = rnd.choice(_WIDTHS), rnd.choice(_WIDTHS), rnd.choice((0, 0, 0, 4))
    sign = rnd.choice("us") if back < 64 else "u"
    return f"*(u{out} *)(r10 - 120) = r0", f"r0 = *({sign}{back} *)(r10 - {120 - at})"


# Without byte swaps: what kernels know of their results differs between patch releases of one version.
_COMPUTATIONS: Final[tuple[Callable[[random.Random], tuple[str, ...]], ...]] = (
    _signed,
    _negated,
    _with_constant,
    _shifted,
    _with_register,
    _stored,
)


# -- accesses ----------------------------------------------------------------------------------------------------------


def _touch(writer: Writer, base: str, offset: int) -> None:
    """Read, write, or change as one step."""
    rnd, width = writer.rnd, writer.rnd.choice(_WIDTHS)
    cell = f"*(u{width} *)({base} {offset:+d})".replace("+", "+ ").replace("-", "- ")
    kind = rnd.random()
    if kind < 0.45:
        writer.add(f"r2 = {cell}")
    elif kind < 0.55 and width < 64:
        writer.add(f"r2 = {cell.replace('u', 's', 1)}")
    elif kind < 0.8:
        writer.add(f"{cell} = {rnd.choice((ANY_NUMBER, ANY_WORD, '7'))}")
    else:
        wide = rnd.random() < 0.5
        letter, cell = ("r", cell.replace(f"u{width}", "u64")) if wide else ("w", cell.replace(f"u{width}", "u32"))
        inner = cell[1:]
        writer.add(f"{letter}2 = {letter}8", "r0 = 0")
        writer.add(
            rnd.choice(
                (
                    f"lock {cell} {rnd.choice(('+=', '|=', '&=', '^='))} {letter}2",
                    f"{letter}2 = atomic_fetch_{rnd.choice(('add', 'or', 'and', 'xor'))}({inner}, {letter}2)",
                    f"{letter}2 = atomic_xchg({inner}, {letter}2)",
                    f"{letter}0 = atomic_cmpxchg({inner}, {letter}0, {letter}2)",
                )
            )
        )


def _context(writer: Writer, _skip: str) -> None:
    rnd, size = writer.rnd, min(CONTEXTS[writer.type.name].size, 200)
    writer.add(f"r1 = {CONTEXT}")
    moved = rnd.choice((0, 0, 0, 4, 8)) if rnd.random() < 0.5 else 0
    if moved:
        writer.add(f"r1 += {moved}")
    offset = rnd.randrange(size + 8)
    _touch(writer, "r1", offset & ~3 if rnd.random() < 0.8 else offset)


def _socket(writer: Writer, skip: str) -> None:
    rnd = writer.rnd
    writer.add(f"r1 = {SOCKET if writer.socket else VALUE}")
    cast = rnd.choice((None, 95, 96, 98))
    if cast and cast in writer.kernel.offered[writer.type.name]:
        writer.add(f"call {cast}", *([f"if r0 == 0 goto {skip}"] if rnd.random() < 0.9 else []), "r1 = r0")
    width = rnd.choice(_WIDTHS)
    writer.add(f"r2 = *(u{width} *)(r1 + {rnd.randrange(0, 120 * 8 // width) * width // 8})")


def _value(writer: Writer, skip: str) -> None:
    _index(writer, skip)
    writer.add(f"r1 = {VALUE}", "r1 += r0")
    _touch(writer, "r1", writer.rnd.choice((0, 0, 0, 1, 4, 8, -1)))


def _maybe_value(writer: Writer, skip: str) -> None:
    writer.add(f"r1 = {NULLABLE}")
    test = writer.rnd.choice(("if r1 == 0", "if r1 != 0", "if r1 s> 0", "r2 = 0\nif r1 == r2", None))
    if test:
        writer.add(f"{test} goto {skip}")
    _touch(writer, "r1", 0)


def _stack(writer: Writer, skip: str) -> None:
    _index(writer, skip)
    writer.add("r1 = r10", f"r1 += {writer.rnd.choice((-16, -24, -64, -128, -224))}", "r1 += r0")
    _touch(writer, "r1", writer.rnd.choice((0, 0, -8, 4)))


def _fixed_stack(writer: Writer, _skip: str) -> None:
    distance = writer.rnd.choice((*WORDS, 4, 12, 6, 208, 212, 300, 512, 516))
    _touch(writer, "r10", -distance)


def _packet(writer: Writer, skip: str) -> None:
    rnd = writer.rnd
    writer.add(f"r1 = {PACKET}")
    if rnd.random() < 0.5:
        _index(writer, skip)
        writer.add("r1 += r0")
        ends = [f for f in CONTEXTS[writer.type.name].fields if f.gives is Gives.PACKET_END]
        if ends and rnd.random() < 0.7:
            writer.add(f"r3 = *(u{8 * ends[0].size} *)({CONTEXT} + {ends[0].offset})")
            writer.add("r2 = r1", "r2 += 8", f"if r2 > r3 goto {skip}")
    _touch(writer, "r1", rnd.choice((0, 0, 1, 4, 8)))


def _metadata(writer: Writer, skip: str) -> None:
    rnd = writer.rnd
    fields = [f for f in CONTEXTS[writer.type.name].fields if f.gives is Gives.PACKET_META]
    writer.add(f"r1 = *(u32 *)({CONTEXT} + {fields[0].offset if fields else 0})", "r2 = r1", "r2 += 8")
    writer.add(f"if r2 > {rnd.choice((PACKET, PACKET, 'r1'))} goto {skip}")
    _touch(writer, "r1", rnd.choice((0, 0, 4, 8)))


def _constant(writer: Writer, _skip: str) -> None:
    """A number that never changes, as an index."""
    rnd = writer.rnd
    width = rnd.choice(_WIDTHS)
    writer.add(
        f"r1 = {CONSTANT}",
        f"r0 = *({rnd.choice('us') if width < 64 else 'u'}{width} *)(r1 + {rnd.choice((0, 0, 3, 4, 8))})",
    )
    writer.add(f"r1 = {VALUE}", "r1 += r0", "r2 = *(u8 *)(r1 + 0)")


def _tail_call(writer: Writer, _skip: str) -> None:
    rnd = writer.rnd
    name = rnd.choice(("programs", "programs", "programs", "array"))
    writer.add(f"r1 = {CONTEXT}", f"r2 = {map_of(name)}", f"r3 = {rnd.choice((0, 3, 4, ANY_WORD))}", "call 12")


def _packet_load(writer: Writer, skip: str) -> None:
    rnd = writer.rnd
    width = rnd.choice((8, 16, 32))
    where = rnd.choice(("0", "12", "r7 + 4", "r8 + 0"))
    writer.add(f"r0 = *(u{width} *)skb[{where}]", f"if r0 > {rnd.choice((7, 255))} goto {skip}")
    writer.add(f"r1 = {VALUE}", "r1 += r0", "r2 = *(u8 *)(r1 + 0)")


def _nested(writer: Writer, skip: str) -> None:
    """A map out of a map, and a value out of that."""
    rnd = writer.rnd
    writer.add("*(u32 *)(r10 - 100) = 0", "r2 = r10", "r2 += -100", f"r1 = {map_of('maps')}", "call 1")
    if rnd.random() < 0.9:
        writer.add(f"if r0 == 0 goto {skip}")
    writer.add("r1 = r0", "r2 = r10", "r2 += -100", "call 1")
    if rnd.random() < 0.9:
        writer.add(f"if r0 == 0 goto {skip}")
    writer.add("r1 = r0")
    _touch(writer, "r1", rnd.choice((0, 8, 12, 16)))


def _pointer_kept(writer: Writer, _skip: str) -> None:
    """A pointer goes to the stack and comes back, whole or not."""
    rnd = writer.rnd
    writer.add(f"*(u64 *)(r10 - 112) = {rnd.choice((CONTEXT, PACKET, 'r10'))}")
    if rnd.random() < 0.4:
        writer.add(f"*(u{rnd.choice((8, 32, 64))} *)(r10 - {rnd.choice((112, 108, 105))}) = 0")
    writer.add(f"r1 = *(u{rnd.choice((64, 64, 32, 8))} *)(r10 - {rnd.choice((112, 112, 112, 108))})")
    if rnd.random() < 0.5:
        _touch(writer, "r1", rnd.choice((0, 0, -8, 4)))


def _pointers(writer: Writer, skip: str) -> None:
    """Arithmetic and comparisons of pointers."""
    rnd = writer.rnd
    first, second = (rnd.choice((CONTEXT, PACKET, "r10", VALUE, NULLABLE, ANY_NUMBER)) for _ in range(2))
    writer.add(f"r1 = {first}", f"r2 = {second}")
    writer.add(
        rnd.choice(
            (
                "r1 -= r2",
                "r1 += r2",
                "r1 &= r2",
                "w1 += w2",
                "r1 = -r1",
                f"if r1 > r2 goto {skip}",
                f"if r1 == r2 goto {skip}",
            )
        )
    )
    if rnd.random() < 0.4:
        _touch(writer, rnd.choice(("r1", "r2")), 0)


_ACCESSES: Final[tuple[Callable[[Writer, str], None], ...]] = (
    _context,
    _context,
    _socket,
    _socket,
    _value,
    _value,
    _maybe_value,
    _stack,
    _stack,
    _fixed_stack,
    _packet,
    _packet,
    _metadata,
    _constant,
    _tail_call,
    _packet_load,
    _nested,
    _pointer_kept,
    _pointers,
)
