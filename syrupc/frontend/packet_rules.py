"""The typing rules of packets: what a policy sees of one at its hooks, and what operations on views take and give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from numba.core import types

from syrupc.frontend.operands import TypeFailure, describe, operand
from syrupc.frontend.types import (
    BOOLEAN,
    NON_NEGATIVE,
    Bytes,
    InputType,
    Int,
    Lit,
    Method,
    View,
    integer,
)
from syrupc.kernel.headers import HEADERS, HeaderField
from syrupc.kernel.hooks import HOOKS
from syrupc.spec import I32, U8, U16, U32, U64, Input, IntType

Rule = Callable[..., types.Type]


# -- attributes --------------------------------------------------------------------------------------------------------


def attributes(kind: InputType | View) -> Mapping[str, types.Type]:
    """What follows a dot behind a packet, or a part of one."""
    if isinstance(kind, InputType):
        return _ATTRIBUTES[kind.kind] | {name: View(name) for name in HEADERS if not _blind(kind, name)}
    methods = {name: Method(f"view.{name}", kind) for name in VIEW_METHODS}
    return methods | ({f.name: _field(f) for f in kind.header.fields} if kind.header else {})


def require_seen(kind: types.Type, name: str) -> None:
    """Fails for a header that a hook of the policy does not see."""
    blind = _blind(kind, name) if isinstance(kind, InputType) and name in HEADERS else ()
    if not blind:
        return
    title = HEADERS[name].title
    seeing = [f"`{hook.name}`" for hook in HOOKS.values() if name in hook.headers]
    raise TypeFailure(
        "SYR210",
        f"the hook `{blind[0]}` does not see the {title}",
        notes=(f"hooks that do: {', '.join(seeing) or 'none in this release'}",),
        help=(f"there a packet has {', '.join(f'`{h}`' for h in ('payload', *HOOKS[blind[0]].headers))}",),
    )


def _blind(kind: InputType, header: str) -> tuple[str, ...]:
    return tuple(name for name in kind.hooks if header not in HOOKS[name].headers)


def _field(field: HeaderField) -> Int:
    fits = next((t for t in (U8, U16, U32, NON_NEGATIVE, U64) if field.bits <= t.bits), None)
    assert fits is not None
    return Int(fits)


# -- operations of views -----------------------------------------------------------------------------------------------


def _read(values: IntType) -> Rule:
    def rule(view: View, *offsets: types.Type) -> types.Type:
        if len(offsets) != 1:
            message = f"a read takes 1 argument, the offset, not {len(offsets)}"
            raise TypeFailure("SYR205", message, help=("for example `pkt.payload.u32(8)`",))
        (offset,) = offsets
        number = operand(offset, 1, 2)
        if isinstance(number, Lit) and not 0 <= number.value <= view.longest - values.size:
            what = view.header.title if view.header else "datagram"
            raise TypeFailure(
                "SYR202",
                f"no {what} has bytes at {number.value}",
                operands=("", "always past the end") if number.value > 0 else ("", "negative"),
                notes=(f"offsets count from 0, and no {what} carries more than {view.longest} bytes",),
                help=("the last byte of a view is at `len(view) - 1`",),
            )
        return integer(values)

    return rule


def _length(view: types.Type) -> types.Type:
    if not isinstance(view, View):
        raise TypeFailure(
            "SYR203",
            f"`len` of {describe(view)}",
            operands=(describe(view),),
            help=("the length of the data is `len(pkt.payload)`",),
        )
    return Int(NON_NEGATIVE)


def _starts_with(_view: View, *arguments: types.Type) -> types.Type:
    if len(arguments) != 1:
        message = f"`startswith` takes 1 argument, a bytes constant, not {len(arguments)}"
        raise TypeFailure("SYR205", message, help=('for example `pkt.payload.startswith(b"GET ")`',))
    if not isinstance(arguments[0], Bytes):
        words = describe(arguments[0])
        message = f"`startswith` takes a bytes constant, not {words}"
        raise TypeFailure("SYR203", message, operands=("", words), help=("a byte is compared so: `.u8(0) == {1}`",))
    return BOOLEAN


def _find(_view: View, byte: types.Type, _most: types.Type) -> types.Type:
    if isinstance(byte, Bytes):
        _require_byte(len(byte.value) == 1, repr(byte.value))
        return Int(I32)
    number = operand(byte, 1, 2)
    if isinstance(number, Lit):
        _require_byte(U8.holds(number.value), str(number.value))
    elif not number.fits(U8):
        raise TypeFailure(
            "SYR203",
            "`find` looks for a byte, and this may be no byte",
            operands=("", "not surely 0 to 255"),
            help=("take its lowest byte: `u8({1})`",),
        )
    return Int(I32)


def _require_byte(holds: bool, text: str) -> None:
    if not holds:
        help_line = 'write a number from 0 to 255, or a bytes constant of one byte: `b" "`'
        raise TypeFailure("SYR202", f"{text} is not one byte", operands=("", "not one byte"), help=(help_line,))


def _equals(view: types.Type, start: types.Type, stop: types.Type, _constant: Bytes) -> types.Type:
    if not isinstance(view, View):
        words = describe(view)
        help_line = 'the bytes of a packet are its views: `pkt.payload[0:4] == b"GET "`'
        raise TypeFailure("SYR203", f"a slice of {words}", operands=(words,), help=(help_line,))
    _require_bound(start, 1)
    if stop != types.none:
        _require_bound(stop, 2)
    return BOOLEAN


def _require_bound(bound: types.Type, position: int) -> None:
    number = operand(bound, position, 3)
    if not (isinstance(number, Lit) or number.non_negative):
        raise TypeFailure(
            "SYR203",
            "the bound of a slice may be negative",
            operands=tuple(describe(bound) if i == position else "" for i in range(3)),
            notes=("a negative bound counts from the end, so which it is must be known when the policy is compiled",),
            help=(f"`u64({{{position}}})` if it cannot be negative here",),
        )


READS: Final[Mapping[str, IntType]] = {
    "u8": U8,
    "u16": U16,
    "u32": U32,
    "u64": U64,
    "be16": U16,
    "be32": U32,
    "be64": U64,
}
"""Method of a view -> what it reads."""

VIEW_METHODS: Final = (*READS, "startswith", "find")

_ATTRIBUTES: Final[Mapping[Input, dict[str, types.Type]]] = {
    Input.PACKET: {
        "payload": View("payload"),
        "src_port": Int(U16),
        "dst_port": Int(U16),
        "flow_hash": Int(U32),
        "ip_version": Int(U8),
    },
}

RULES: Final[dict[str, Rule]] = {
    **{f"view.{name}": _read(values) for name, values in READS.items()},
    "view.len": _length,
    "view.startswith": _starts_with,
    "view.find": _find,
    "view.equals": _equals,
}
"""Operation -> its rule."""
