"""Expressions that look at packets: reads, header fields, and text that is compared and searched."""

from __future__ import annotations

from typing import Final

from tests.fuzz.file import weighted
from tests.fuzz.scope import Writer, variable
from tests.fuzz.terms import READS, Kind, Term

WORDS: Final = (b"get ", b"set ", b"key1", b" ", b"\r\n", b"0", b"getgetget")

_UDP_HEADER: Final = 8
_VIEWS: Final = weighted((6, "payload"), (1, "udp"), (1, "ip4"), (1, "ip6"))
_FIELDS: Final = {
    "udp": ("src_port", "dst_port", "length", "checksum"),
    "ip4": (
        *("version", "ihl", "tos", "total_length", "id", "flags_fragment"),
        *("ttl", "protocol", "checksum", "src", "dst"),
    ),
    "ip6": ("version", "traffic_class", "flow_label", "payload_length", "next_header", "hop_limit"),
}
_ADDRESSES: Final = ("src_high", "src_low", "dst_high", "dst_low")
"""Fields of an IPv6 header that are u64."""


def fixed_read(w: Writer, _depth: int) -> Term:
    """A read at a constant offset."""
    if w.payload is None:
        return variable(w)
    read = w.choose(tuple(READS))
    view = _view(w) if w.one_in(4) else w.payload
    end = _UDP_HEADER + 1 - int(read.lstrip("ube")) // 8 if view.endswith("udp") else 20
    return Term(f"{view}.{read}({w.rnd.randrange(end)})", READS[read])


def length(w: Writer, _depth: int) -> Term:
    return variable(w) if w.payload is None else Term(f"len({_view(w)})", Kind.NATURAL)


def _view(w: Writer) -> str:
    """The payload or a header."""
    return f"pkt.{w.choose(_VIEWS)}" if w.packet else w.payload or ""


def field(w: Writer, _depth: int) -> Term:
    """What is known of a packet beside its payload."""
    if not w.packet:
        return variable(w)
    if w.rnd.randrange(4):
        return Term(f"pkt.{w.choose(('src_port', 'dst_port', 'flow_hash', 'ip_version'))}", Kind.NATURAL)
    view = w.choose(tuple(_FIELDS))
    if view == "ip6" and w.one_in(2):
        return Term(f"pkt.ip6.{w.choose(_ADDRESSES)}", Kind.WIDE)
    return Term(f"pkt.{view}.{w.choose(_FIELDS[view])}", Kind.NATURAL)


def text(w: Writer, _depth: int) -> Term:
    """A comparison of bytes, or a search for one."""
    if w.payload is None:
        return variable(w)
    view = _view(w)
    match w.rnd.randrange(3):
        case 0:
            return Term(f"{view}.startswith({_constant(w)})", Kind.BIT)
        case 1:
            byte = w.choose(('b" "', 'b"\\n"', 'b"1"', 'b"\\x7f"', "0", "116", f"{w.payload}.u8(1)", f"{view}.u8(1)"))
            return Term(f"{view}.find({byte}, max={w.choose((1, 5, 8, 24, 64, 100))})", Kind.SIGNED)
    part, constant = f"{view}[{_bound(w)}:{_bound(w)}]", _constant(w)
    operands = (part, constant) if w.one_in(2) else (constant, part)
    return Term(f"({operands[0]} {w.choose(('==', '!='))} {operands[1]})", Kind.BIT)


def _constant(w: Writer) -> str:
    if w.one_in(8):
        return "b'\\x7f\\0'"
    word = b"".join(w.choose(WORDS) for _ in range(w.rnd.randrange(4)))
    return w.file.text(word * (9 if w.one_in(6) else 1))


def _bound(w: Writer) -> str:
    """An end of a slice."""
    match w.rnd.randrange(4):
        case 0:
            return ""
        case 1 | 2:
            return str(w.rnd.randrange(-9, 24))
    some = [v.name for v in w.readable() if v.kind is Kind.NATURAL]
    return w.choose((*some, f"{w.payload}.u8(0) & 7", f"len({w.payload}) // 2", f"{w.payload}.be16(0) >> 12"))
