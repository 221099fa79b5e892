"""Generated policies: expressions over every integer type, control flow, loops, maps and packet reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from syrupc.datagram import Datagram
from syrupc.spec import INT_TYPES, MapKind

_OPERATORS: Final = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>")
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_EDGES: Final = (
    0,
    1,
    2,
    7,
    8,
    63,
    64,
    65,
    255,
    256,
    65535,
    1 << 31,
    (1 << 32) - 1,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
)
_READS: Final = ("u8", "u16", "u32", "u64", "be16", "be32", "be64")


@dataclass(frozen=True)
class MapDeclaration:
    name: str
    kind: MapKind
    key: str
    value: str
    entries: int

    @property
    def source(self) -> str:
        types = self.value if self.kind.indexed else f"{self.key}, {self.value}"
        return f"{self.name} = syrup.{self.kind.value}({types}, {self.entries})"


MAPS: Final = (
    MapDeclaration("wide", MapKind.ARRAY, "u32", "u64", 4),
    MapDeclaration("signed", MapKind.ARRAY, "u32", "int", 4),
    MapDeclaration("small", MapKind.ARRAY, "u32", "i16", 3),
    MapDeclaration("half", MapKind.ARRAY, "u32", "u32", 3),
    MapDeclaration("own", MapKind.PER_CPU_ARRAY, "u32", "u64", 4),
    MapDeclaration("table", MapKind.HASH_MAP, "u32", "u64", 2),
    MapDeclaration("ledger", MapKind.HASH_MAP, "i16", "i32", 2),
)
_ATOMIC: Final = tuple(m for m in MAPS if m.value not in ("i16",))
HEADER: Final = (
    "import syrup",
    "from syrup import i8, i16, i32, u8, u16, u32, u64",
    "",
    *(m.source for m in MAPS),
    "",
    "",
    "@syrup.jit",
    "def policy(pkt: syrup.Packet) -> syrup.Executor:",
)


@dataclass
class _Writer:
    """The lines of a policy under construction, and the variables that are surely set at the current point."""

    lines: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=lambda: ["a", "b", "c"])
    indent: int = 1
    budget: int = 14

    def put(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)


@st.composite
def expressions(draw: st.DrawFn, variables: tuple[str, ...], depth: int = 2) -> str:
    """An integer expression over `variables`."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(_leaves(variables))
    inner = expressions(variables, depth - 1)
    kind = draw(st.integers(0, 20))
    if kind <= 5:
        left, right = draw(inner), draw(inner)
        if not any(map(str.isalpha, left + right)):
            # What is constant is computed exactly, and may be beyond 64 bits on the way: not what is tested here.
            left = draw(_variable_leaves(variables))
        return f"({left} {draw(st.sampled_from(_OPERATORS))} {right})"
    if kind == 6:
        return f"({draw(inner)} {draw(st.sampled_from(_COMPARISONS))} {draw(inner)})"
    if kind == 7:
        return f"({draw(st.sampled_from(('-', '~', 'not ', '+')))}{draw(inner)})"
    if kind == 8:
        return f"{draw(st.sampled_from(tuple(INT_TYPES)))}({draw(_variable_leaves(variables))})"
    if kind == 9:
        return f"({draw(inner)} if {draw(inner)} else {draw(inner)})"
    if kind == 10:
        return f"({draw(inner)} {draw(st.sampled_from(('and', 'or')))} {draw(inner)})"
    if kind == 11:
        return f"pkt.payload.{draw(st.sampled_from(_READS))}({draw(inner)})"
    if kind == 12:
        table, key = draw(st.sampled_from(MAPS)), draw(_keys(variables))
        return f"{table.name}.get({key}, {draw(inner)})" if draw(st.booleans()) else f"{table.name}[{key}]"
    if kind == 13:
        return f"{draw(st.sampled_from(('min', 'max')))}({draw(inner)}, {draw(_variable_leaves(variables))})"
    if kind == 14:
        return f"abs({draw(inner)})"
    if kind == 15:
        return f"({draw(inner)} {draw(st.sampled_from(('in', 'not in')))} {draw(_containers)})"
    if kind == 16:
        return draw(texts(variables))
    if kind == 17:
        return draw(st.sampled_from(_FIELDS))
    if kind == 18:
        return f"pkt.{draw(st.sampled_from(('udp', 'ip4', 'ip6')))}.{draw(st.sampled_from(_READS))}({draw(inner)})"
    low, mid, high = draw(inner), draw(inner), draw(inner)
    return f"({low} {draw(st.sampled_from(_COMPARISONS))} {mid} {draw(st.sampled_from(_COMPARISONS))} {high})"


_WORDS: Final = ("get ", "set ", "key1", " ", "\r\n", "0", "getgetget")
_words = st.lists(st.sampled_from(_WORDS), max_size=3).map("".join)
_constants = st.one_of(_words, _words.map(lambda text: text * 9)).map(lambda text: repr(text.encode()))


@st.composite
def texts(draw: st.DrawFn, variables: tuple[str, ...]) -> str:
    """Comparing and searching the bytes of a view."""
    view = draw(st.sampled_from(("payload", "payload", "payload", "udp", "ip4", "ip6")))
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return f"pkt.{view}.startswith({draw(_constants)})"
    if kind == 1:
        known = st.sampled_from((" ", "\n", "1", "\x7f")).map(lambda text: repr(text.encode()))
        byte = draw(st.one_of(known, st.sampled_from(("0", "116", "pkt.payload.u8(1)", "pkt.ip4.ttl"))))
        return f"pkt.{view}.find({byte}, max={draw(st.sampled_from((1, 5, 8, 24, 64, 100)))})"
    some = st.sampled_from(("pkt.payload.u8(0) & 7", "len(pkt.payload) // 2", "pkt.src_port >> 12", *variables))
    bounds = st.one_of(st.just(""), st.integers(-9, 24).map(str), st.integers(-9, 24).map(str), some)
    constant = draw(st.one_of(_constants, st.just("b'\\x7f\\0'")))
    operands = [f"pkt.{view}[{draw(bounds)}:{draw(bounds)}]", constant]
    left, right = draw(st.permutations(operands))
    return f"({left} {draw(st.sampled_from(('==', '!=')))} {right})"


_FIELDS: Final = (
    "pkt.ip_version",
    "pkt.dst_port",
    "len(pkt.udp)",
    "len(pkt.ip4)",
    "len(pkt.ip6)",
    *(f"pkt.udp.{name}" for name in ("src_port", "dst_port", "length", "checksum")),
    *(f"pkt.ip4.{name}" for name in ("version", "ihl", "tos", "total_length", "flags_fragment", "ttl", "protocol")),
    *(f"pkt.ip4.{name}" for name in ("id", "checksum", "src", "dst")),
    *(f"pkt.ip6.{name}" for name in ("version", "traffic_class", "flow_label", "payload_length", "next_header")),
    *(f"pkt.ip6.{name}" for name in ("hop_limit", "src_high", "src_low", "dst_high", "dst_low")),
)

_containers = st.sampled_from(
    ("(1, 7, 255)", "(0, -3, 65)", "range(5)", "range(-4, 200, 3)", "range(9, -9, -2)", "table")
)


def _leaves(variables: tuple[str, ...]) -> st.SearchStrategy[str]:
    literals = st.one_of(st.sampled_from(_EDGES), st.integers(0, 300)).map(str)
    negative = st.integers(1, 1 << 63).map(lambda n: f"(-{n})")
    some = _variable_leaves(variables)
    return st.one_of(some, some, some, some, literals, literals, negative)


def _variable_leaves(variables: tuple[str, ...]) -> st.SearchStrategy[str]:
    views = ("len(pkt.payload)", "pkt.src_port", "pkt.flow_hash", "pkt.payload.u8(0)", "pkt.payload.be32(3)")
    return st.sampled_from((*variables, *variables, *views))


def _keys(variables: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Mostly present, sometimes not, sometimes not even a key. (A literal that is none would be rejected.)"""
    some = _variable_leaves(variables)
    small = st.integers(0, 2).map(str)
    return st.one_of(small, some.map(lambda v: f"{v} % 4"), some.map(lambda v: f"{v} & 1"), some)


@st.composite
def policies(draw: st.DrawFn) -> str:
    """The text of a policy file with one policy, `policy`."""
    writer = _Writer()
    for name in writer.variables:
        read, offset = draw(st.sampled_from(_READS)), draw(st.integers(0, 6))
        narrow = draw(st.sampled_from(("", "", *INT_TYPES)))
        value = f"pkt.payload.{read}({offset})"
        writer.put(f"{name} = {narrow}({value})" if narrow else f"{name} = {value}")
    _block(draw, writer, loops=2)
    writer.put(f"return {draw(_decisions(tuple(writer.variables)))}")
    return "\n".join((*HEADER, *writer.lines)) + "\n"


@st.composite
def readers(draw: st.DrawFn) -> str:
    """A policy that stores what it finds in packets, and does nothing else."""
    views = st.one_of(texts(()), texts(()), st.sampled_from(_FIELDS))
    lines = [f"    signed[{place}] = int({draw(views)})" for place in range(4)]
    return "\n".join((*HEADER, *lines, "    return 1")) + "\n"


@st.composite
def _decisions(draw: st.DrawFn, variables: tuple[str, ...]) -> str:
    value = draw(expressions(variables, 1))
    return draw(st.sampled_from((f"{value} % 6", value, "syrup.PASS", f"syrup.DROP if {value} else {value} & 3")))


def _block(draw: st.DrawFn, writer: _Writer, loops: int) -> None:
    for _ in range(draw(st.integers(1, 4))):
        writer.budget -= 1
        if writer.budget < 0:
            writer.put("pass")
            return
        _statement(draw, writer, loops)


def _statement(draw: st.DrawFn, writer: _Writer, loops: int) -> None:
    variables = tuple(writer.variables)
    value = expressions(variables, 2)
    kind = draw(st.integers(0, 15))
    if kind <= 2:
        name = draw(st.sampled_from((*variables[:3], "x", "y")))
        writer.put(f"{name} = {draw(value)}")
        if name not in writer.variables:
            writer.variables.append(name)
    elif kind == 3:
        operator = draw(st.sampled_from(_OPERATORS))
        writer.put(f"{draw(st.sampled_from(variables[:3]))} {operator}= {draw(value)}")
    elif kind <= 5:
        table, key = draw(st.sampled_from(MAPS)), draw(_keys(variables))
        writer.put(f"{table.name}[{key}] = {draw(value)}")
    elif kind == 6:
        table, key = draw(st.sampled_from(_ATOMIC)), draw(_keys(variables))
        writer.put(f"{table.name}[{key}] {draw(st.sampled_from(('+', '-', '&', '|', '^', '*', '>>')))}= {draw(value)}")
    elif kind == 7:
        table, key = draw(st.sampled_from(_ATOMIC)), draw(_keys(variables))
        writer.put(f"a = {table.name}.fetch_add({key}, {draw(value)})")
    elif kind == 8:
        _conditional(draw, writer, loops)
    elif kind == 9 and loops:
        _loop(draw, writer, loops)
    elif kind == 12:
        writer.put(f"a, b = {draw(value)}, {draw(st.sampled_from(variables))}")
    elif kind == 13:
        _match(draw, writer, loops)
    elif kind == 14:
        writer.put(f"assert {draw(value)}")
    elif kind == 15 and loops:
        _drain(draw, writer)
    elif kind == 10:
        table = draw(st.sampled_from(("table", "ledger")))
        key = draw(_keys(variables))
        writer.put(f"if {key} in {table}:")
        writer.put(f"    del {table}[{key}]")
    else:
        writer.put(f"if {draw(value)}:")
        writer.put(f"    return {draw(_decisions(variables))}")


def _conditional(draw: st.DrawFn, writer: _Writer, loops: int) -> None:
    known = list(writer.variables)
    writer.put(f"if {draw(expressions(tuple(known), 2))}:")
    _nested(draw, writer, known, loops)
    if draw(st.booleans()):
        writer.put(f"elif {draw(expressions(tuple(known), 1))}:")
        _nested(draw, writer, known, loops)
    if draw(st.booleans()):
        writer.put("else:")
        _nested(draw, writer, known, loops)


def _loop(draw: st.DrawFn, writer: _Writer, loops: int) -> None:
    known = list(writer.variables)
    start, turns, step = draw(st.integers(-3, 3)), draw(st.integers(0, 5)), draw(st.sampled_from((1, 1, 2, -1)))
    name = f"i{loops}"
    source = draw(
        st.sampled_from(
            (
                f"range({start}, {start + turns * step}, {step})",
                f"range({start}, {start + turns * step}, {step})",
                "range(9)",
                "(3, 0, 300, -1)",
                f"syrup.range({draw(st.sampled_from(known))} & 15, max=9)",
            )
        )
    )
    writer.put(f"for {name} in {source}:")
    writer.variables.append(name)
    writer.indent += 1
    if draw(st.booleans()):
        exit_ = draw(st.sampled_from(("break", "continue")))
        writer.put(f"if {draw(expressions(tuple(writer.variables), 1))}:")
        writer.put(f"    {exit_}")
    writer.indent -= 1
    _nested(draw, writer, [*known, name], loops - 1)
    writer.variables = known


def _match(draw: st.DrawFn, writer: _Writer, loops: int) -> None:
    known = list(writer.variables)
    writer.put(f"match {draw(expressions(tuple(known), 1))}:")
    writer.indent += 1
    for pattern in draw(st.lists(st.sampled_from(("0", "1 | 7", "-3 | 255")), unique=True, max_size=2)):
        guard = f" if {draw(expressions(tuple(known), 1))}" if draw(st.booleans()) else ""
        writer.put(f"case {pattern}{guard}:")
        _nested(draw, writer, known, loops)
    writer.put("case _:")
    _nested(draw, writer, known, loops)
    writer.indent -= 1


def _drain(draw: st.DrawFn, writer: _Writer) -> None:
    """A `while` that surely ends."""
    name = draw(st.sampled_from(("x", "y")))
    writer.put(f"{name} = u8({draw(st.sampled_from(writer.variables))}) >> 2")
    writer.put(f"while {name} > 0:")
    writer.put(f"    {name} -= {draw(st.integers(1, 5))}")
    writer.put(f"    a = {draw(expressions(tuple(writer.variables), 1))}")
    if name not in writer.variables:
        writer.variables.append(name)


def _nested(draw: st.DrawFn, writer: _Writer, known: list[str], loops: int) -> None:
    writer.indent += 1
    writer.variables = list(known)
    _block(draw, writer, loops)
    writer.indent -= 1
    writer.variables = [v for v in known if v in known]


_messages = st.lists(st.sampled_from(_WORDS), max_size=30).map("".join).map(str.encode)
_payloads = st.one_of(st.binary(max_size=24), st.binary(min_size=16, max_size=24), _messages)


SOURCES: Final = ("127.0.0.1", "127.9.0.7", "::1")
"""Where datagrams come from."""


@st.composite
def datagrams(draw: st.DrawFn) -> Datagram:
    """Datagrams as they arrive on loopback, some with a part of their payload in pages."""
    payload = draw(_payloads)
    source = draw(st.sampled_from(SOURCES))
    newer = ":" in source
    return Datagram(
        payload,
        draw(st.integers(0, 65535)),
        draw(st.integers(0, 0xFFFFFFFF)),
        source=source,
        destination="::1" if newer else draw(st.sampled_from(("127.0.0.1", "127.0.0.9"))),
        ttl=draw(st.integers(1, 255)),
        tos=draw(st.sampled_from((0, 4, 0xB8, 0xFC))),
        options=b"" if newer else draw(st.sampled_from((b"", b"", b"\1\1\1\0", b"\1" * 11 + b"\0"))),
        linear=draw(st.one_of(st.none(), st.integers(8, 8 + len(payload)))),
    )
