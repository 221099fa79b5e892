"""Random programs around one helper call: what it is handed is mostly what it demands, and what it gives is used."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Final

from syrupc.kernel.helpers import HELPERS, Arg, Helper, Ret
from syrupc.kernel.helpers import helper as helper_of
from syrupc.kernel.map_types import MAP_TYPES
from syrupc.kernel.profiles import KernelProfile
from tests.properties.places import (
    ANY_NUMBER,
    ANY_WORD,
    CONSTANT,
    CONTEXT,
    MAPS,
    NULLABLE,
    PACKET,
    RECORD,
    SOCKET,
    VALUE,
    Sample,
    Writer,
    begin,
    map_of,
)

_AS_DEMANDED: Final = 0.85
_OFFERED: Final = 0.97
_OFFSETS: Final = (0, 2, 4, 8, 12, 14, 15, 16)
_STACK: Final = (-8, -16, -24, -32, -40, -64, -12, -4, -7, -128, -512, 0)
_SIZES: Final = (0, 1, 2, 4, 8, 16, 17, 20, 24, 36, 64, 512, -1, 0x20000000)


def sample(rnd: random.Random, kernel: KernelProfile) -> Sample:
    """One program of a random type with a call of a random helper."""
    record = rnd.random() < 0.1
    writer = begin(rnd, kernel, record)
    helper = _helper(writer)
    for register, arg in enumerate(helper.args, 1):
        writer.add(*_argument(writer, register, arg, helper))
    writer.add(f"call {helper.id}")
    if helper.id in _GIVES_BACK_RECORD:
        writer.record = False
    _use(writer, helper)
    writer.finish()
    return Sample(writer.subject(), helper.name, "\n".join(writer.lines))


_GIVES_BACK_RECORD: Final = frozenset({132, 133})


def _helper(writer: Writer) -> Helper:
    name = writer.type.name
    known = {number: found for number in HELPERS if (found := helper_of(number, name)) and _made(found)}
    offered = [h for number, h in known.items() if number in writer.kernel.offered[name]]
    return writer.rnd.choice(offered if writer.rnd.random() < _OFFERED else list(known.values()))


def _made(helper: Helper) -> bool:
    """Whether there is a value for each argument here."""
    objects = (Ret.KERNEL_OBJECT, Ret.KERNEL_OBJECT_OR_NULL)
    return helper.ret not in objects and all(arg in _VALUES for arg in helper.args)


# -- arguments ---------------------------------------------------------------------------------------------------------


def _argument(writer: Writer, register: int, arg: Arg, helper: Helper) -> list[str]:
    """Lines that put something into the register."""
    rnd, r = writer.rnd, f"r{register}"
    if rnd.random() < _AS_DEMANDED:
        if arg is Arg.MAP:
            return _map(r, writer, helper)
        return _VALUES[arg](r, writer)
    other = rnd.choice((None, *_VALUES.values()))
    return other(r, writer) if other else []  # or what the register held before


def _map(r: str, writer: Writer, helper: Helper | None = None) -> list[str]:
    fitting = [m.name for m in MAPS if helper is None or helper.id in MAP_TYPES[m.type].helpers]
    return [f"{r} = {map_of(writer.rnd.choice(fitting or [m.name for m in MAPS]))}"]


def _number(r: str, writer: Writer) -> list[str]:
    return [f"{r} = {writer.rnd.choice((0, 0, 1, 5, -1, 0x7FFFFFFF, ANY_WORD, ANY_NUMBER))}"]


def _context(r: str, writer: Writer) -> list[str]:
    moved = writer.rnd.random() < 0.05
    return [f"{r} = {CONTEXT}", *([f"{r} += {writer.rnd.choice((0, 4, -4))}"] if moved else [])]


def _context_or_null(r: str, writer: Writer) -> list[str]:
    return _null(r, writer) if writer.rnd.random() < 0.3 else _context(r, writer)


def _null(r: str, _writer: Writer) -> list[str]:
    return [f"{r} = 0"]


def _memory(r: str, writer: Writer, nullable: bool = False) -> list[str]:
    rnd = writer.rnd
    kind = rnd.random()
    if nullable and kind < 0.3:
        return _null(r, writer)
    if writer.packet and kind < 0.45:
        return _moved(r, writer, PACKET)
    if kind < 0.6:
        return _moved(r, writer, VALUE)
    if kind < 0.65:
        return _moved(r, writer, CONSTANT)
    if writer.record and kind < 0.75:
        return _moved(r, writer, RECORD)
    if kind < 0.69:
        return [f"{r} = {NULLABLE}"]
    return [f"{r} = r10", f"{r} += {rnd.choice(_STACK)}"]


def _moved(r: str, writer: Writer, place: str) -> list[str]:
    """A pointer, often moved, now and then by a number that is bounded or is not."""
    rnd = writer.rnd
    kind = rnd.random()
    if kind < 0.5:
        return [f"{r} = {place}"]
    if kind < 0.9:
        return [f"{r} = {place}", f"{r} += {rnd.choice(_OFFSETS)}"]
    return [f"r0 = {ANY_NUMBER}", f"r0 &= {rnd.choice((3, 7, 8, 15, -1))}", f"{r} = {place}", f"{r} += r0"]


def _stack(r: str, writer: Writer) -> list[str]:
    return [f"{r} = r10", f"{r} += {writer.rnd.choice(_STACK)}"] if writer.rnd.random() < 0.8 else _null(r, writer)


def _size(r: str, writer: Writer) -> list[str]:
    rnd = writer.rnd
    return rnd.choice(
        (
            [f"{r} = {rnd.choice(_SIZES)}"],
            [f"{r} = {rnd.choice(_SIZES)}"],
            [f"{r} = {ANY_WORD}", f"{r} &= {rnd.choice((7, 15, 31, 63, 0xFFFF))}"],
            [f"{r} = {ANY_WORD}", f"{r} &= 7", f"{r} += 1"],
            [f"{r} = {ANY_WORD}", f"if {r} > {rnd.choice((4, 8, 16, 64))} goto out"],
            [f"{r} = {ANY_NUMBER}", f"{r} s>>= 60"],
            [f"{r} = {ANY_WORD}"],
        )
    )


def _socket(r: str, writer: Writer) -> list[str]:
    return [f"{r} = {SOCKET if writer.socket else writer.rnd.choice((CONTEXT, VALUE, PACKET))}"]


def _socket_or_null(r: str, writer: Writer) -> list[str]:
    return _null(r, writer) if writer.rnd.random() < 0.3 else _socket(r, writer)


def _record(r: str, writer: Writer) -> list[str]:
    return _moved(r, writer, RECORD if writer.record else VALUE) if writer.rnd.random() < 0.1 else [f"{r} = {RECORD}"]


def _callback(r: str, writer: Writer) -> list[str]:
    writer.calls_back = True
    return [f"{r} = code(turn) ll"]


_POSSIBLY_NULL: Final = partial(_memory, nullable=True)
_VALUES: Final[dict[Arg, Callable[[str, Writer], list[str]]]] = {
    Arg.ANY: _number,
    Arg.CTX: _context,
    Arg.CTX_OR_NULL: _context_or_null,
    Arg.MAP: _map,
    Arg.SIZE: _size,
    Arg.SIZE_OR_ZERO: _size,
    Arg.ALLOC_SIZE: _size,
    Arg.MEM_OR_NULL: _POSSIBLY_NULL,
    Arg.MEM_OUT_OR_NULL: _POSSIBLY_NULL,
    Arg.VALUE_OR_NULL: _POSSIBLY_NULL,
    Arg.STACK_OR_NULL: _stack,
    Arg.SOCK_COMMON: _socket,
    Arg.BTF_SOCK_COMMON: _socket,
    Arg.SOCKET: _socket,
    Arg.BTF_SOCK_COMMON_OR_NULL: _socket_or_null,
    Arg.SOCKET_OR_NULL: _socket_or_null,
    Arg.RINGBUF_MEM: _record,
    Arg.CALLBACK: _callback,
} | dict.fromkeys(
    (Arg.KEY, Arg.VALUE, Arg.VALUE_OUT, Arg.MEM, Arg.MEM_OUT, Arg.OUT_4, Arg.OUT_8, Arg.IN_16, Arg.IN_20, Arg.IN_40),
    _memory,
)


# -- afterwards --------------------------------------------------------------------------------------------------------


def _use(writer: Writer, helper: Helper) -> None:
    """Use the result, and what was written; give back what was borrowed, mostly."""
    rnd = writer.rnd
    if helper.acquires and rnd.random() < 0.8:
        writer.add("if r0 == 0 goto done", "r1 = r0")
        _read(writer, "r1")
        writer.add("r1 = r0", "r2 = 0", f"call {132 if helper.ret is Ret.MEM_OR_NULL else 86}", "done:")
        return
    kind = rnd.random()
    if kind < 0.25:
        if rnd.random() < 0.8:
            writer.add("if r0 == 0 goto done")
        _read(writer, "r0")
        writer.add("done:")
    elif kind < 0.4:  # as an index
        writer.add(f"r0 &= {rnd.choice((7, 15, 16))}", "r1 = r10", "r1 += -16", "r1 += r0", "r3 = *(u8 *)(r1 + 0)")
    elif kind < 0.5:
        _read(writer, PACKET)
    elif kind < 0.6:
        writer.add("r2 = *(u64 *)(r10 - 8)", "r2 = *(u64 *)(r10 - 16)")
    elif kind < 0.7:  # a written number as an index
        writer.add("r2 = *(u64 *)(r10 - 16)", "if r2 > 15 goto done", "r1 = r10", "r1 += -16", "r1 += r2")
        writer.add("r3 = *(u8 *)(r1 + 0)", "done:")
    elif kind < 0.75:
        writer.add(f"r1 = {VALUE}")
        _read(writer, "r1")
    elif kind < 0.8:  # a range of the result that helpers promise
        writer.add("if r0 s>= 0 goto done", "r0 += 4096", f"if r0 s< {rnd.choice((0, -4096))} goto done", "r1 = r10")
        writer.add("r0 s>>= 12", "r1 += r0", f"r3 = *(u8 *)(r1 - {rnd.choice((1, 8))})", "done:")


def _read(writer: Writer, base: str) -> None:
    width = writer.rnd.choice((8, 16, 32, 32, 64))
    writer.add(f"r2 = *(u{width} *)({base} + {writer.rnd.choice((0, 0, 4, 8))})")
