"""The language's integers as plain Python: policies run as functions, over numbers that wrap as the language says."""

from __future__ import annotations

import ast
import operator
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syrupc.spec import DROP, INT, INT_TYPES, PASS, U64, FaultKind, IntType

M64: Final = (1 << 64) - 1


class Num(int):
    """A value of the language: `int` (signed, 64 bits) or `u64`."""

    unsigned: bool

    def __new__(cls, value: int, unsigned: bool | None = None) -> Num:
        if unsigned is None:
            unsigned = _unsigned(value)
        number = super().__new__(cls, (U64 if unsigned else INT).wrap(int(value)))
        number.unsigned = unsigned
        return number


def _unsigned(*values: int) -> bool:
    return any(v.unsigned if isinstance(v, Num) else v > INT.maximum for v in values)


def _binary(compute: Callable[[int, int], int]) -> tuple[Callable[..., Num], Callable[..., Num]]:
    def forward(left: int, right: int) -> Num:
        return Num(compute(int(left), int(right)), _unsigned(left, right))

    def reflected(right: int, left: int) -> Num:
        return forward(left, right)

    return forward, reflected


def _shift_left(value: int, count: int) -> int:
    if count < 0:
        raise ValueError("negative shift count")
    return value << count if count < 64 else 0


def _shift_right(value: int, count: int) -> int:
    if count < 0:
        raise ValueError("negative shift count")
    return value >> min(count, 64)


for _name, _compute in {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
}.items():
    _forward, _reflected = _binary(_compute)
    setattr(Num, f"__{_name}__", _forward)
    setattr(Num, f"__r{_name}__", _reflected)


def _shift(compute: Callable[[int, int], int]) -> tuple[Callable[..., Num], Callable[..., Num]]:
    # The result is of the kind of what is shifted, whatever counts.
    def forward(value: int, count: int) -> Num:
        return Num(compute(int(value), int(count)), _unsigned(value))

    def reflected(count: int, value: int) -> Num:
        return forward(value, count)

    return forward, reflected


for _name, _compute in {"lshift": _shift_left, "rshift": _shift_right}.items():
    _forward, _reflected = _shift(_compute)
    setattr(Num, f"__{_name}__", _forward)
    setattr(Num, f"__r{_name}__", _reflected)

for _name, _unary in {"neg": operator.neg, "invert": operator.invert, "pos": operator.pos}.items():
    setattr(Num, f"__{_name}__", lambda v, _unary=_unary: Num(_unary(int(v)), _unsigned(v)))


class ShortError(IndexError):
    """A read past the end."""


class NoHeaderError(LookupError):
    """A header that the packet does not have."""


class View:
    """Bytes that are compared and searched as Python does it."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, part: slice) -> bytes:
        return self.data[part]

    def startswith(self, prefix: bytes) -> Num:
        return Num(self.data.startswith(prefix))

    def find(self, byte: int | bytes, *, max: int) -> Num:
        return Num(self.data.find(byte, 0, max))


def _reader(size: int, order: Any) -> Callable[[View, int], Num]:
    def read(view: View, offset: int) -> Num:
        if offset < 0 or offset + size > len(view.data):
            raise ShortError
        return Num(int.from_bytes(view.data[offset : offset + size], order), size == 8)

    return read


for _name, _size, _order in (
    ("u8", 1, "little"),
    ("u16", 2, "little"),
    ("u32", 4, "little"),
    ("u64", 8, "little"),
    ("be16", 2, "big"),
    ("be32", 4, "big"),
    ("be64", 8, "big"),
):
    setattr(View, _name, _reader(_size, _order))


class Udp(View):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.src_port, self.dst_port, self.length, self.checksum = map(Num, struct.unpack(">4H", data))


class Ip4(View):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        first, *others = map(Num, struct.unpack(">BBHHHBBHII", data[:20]))
        self.version, self.ihl = first >> 4, first & 15
        self.tos, self.total_length, self.id, self.flags_fragment, *others = others
        self.ttl, self.protocol, self.checksum, self.src, self.dst = others


class Ip6(View):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        first, self.payload_length, self.next_header, self.hop_limit = map(Num, struct.unpack(">IHBB", data[:8]))
        self.version, self.traffic_class, self.flow_label = first >> 28, first >> 20 & 255, first & 0xFFFFF
        addresses = (Num(half, True) for half in struct.unpack(">4Q", data[8:]))
        self.src_high, self.src_low, self.dst_high, self.dst_low = addresses


class Packet:
    """A packet of its bytes from the IP header and from the UDP header on."""

    def __init__(self, network: bytes, segment: bytes, flow_hash: int) -> None:
        self._network = network
        self.ip_version = Num(network[0] >> 4)
        self.udp, self.payload, self.flow_hash = Udp(segment[:8]), View(segment[8:]), Num(flow_hash)
        self.src_port, self.dst_port = self.udp.src_port, self.udp.dst_port

    @property
    def ip4(self) -> Ip4:
        if self.ip_version != 4:
            raise NoHeaderError
        return Ip4(self._network)

    @property
    def ip6(self) -> Ip6:
        if self.ip_version != 6:
            raise NoHeaderError
        return Ip6(self._network)


class MapFullError(Exception):
    """No room for another key."""


class Table:
    """A map of the language over plain integers."""

    def __init__(self, key: IntType, value: IntType, entries: int, indexed: bool) -> None:
        self.key, self.value, self.entries, self.indexed = key, value, entries, indexed
        self.content: dict[int, int] = dict.fromkeys(range(entries), 0) if indexed else {}

    def read(self, key: int) -> Num:
        if int(key) not in self.content:
            raise IndexError if self.indexed else KeyError
        return Num(self.content[int(key)], self.value is U64)

    __getitem__ = read

    def __setitem__(self, key: int, value: int) -> None:
        if self.indexed:
            self.read(key)
        elif not self.key.holds(int(key)):
            raise KeyError
        elif int(key) not in self.content and len(self.content) >= self.entries:
            raise MapFullError
        self.content[int(key)] = self.value.wrap(int(value))

    def __delitem__(self, key: int) -> None:
        self.read(key)
        del self.content[int(key)]

    def __contains__(self, key: int) -> bool:
        return int(key) in self.content

    def get(self, key: int, default: int) -> Num:
        return self.read(key) if key in self else Num(default)

    def fetch_add(self, key: int, value: int) -> Num:
        old = self.read(key)
        self.content[int(key)] = self.value.wrap(int(old) + int(value))
        return old


def _least(*values: int) -> Num:
    return Num(min(map(int, values)), _unsigned(*values))


def _greatest(*values: int) -> Num:
    return Num(max(map(int, values)), _unsigned(*values))


def _absolute(value: int) -> Num:
    return Num(abs(int(value)), _unsigned(value))


def _capped(n: int, *, max: int) -> range:
    if n > max:
        raise ValueError("too many turns")
    return range(int(n))


class _Numbers(ast.NodeTransformer):
    """Makes every literal and every truth value a number of the language, and every decision tell its line."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, int):
            return ast.copy_location(_call("Num", node), node)
        return node

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(_call("Num", node), node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        assert node.value is not None
        line = ast.Constant(node.value.lineno)
        self.generic_visit(node)
        node.value = ast.Tuple([node.value, line], ast.Load())
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return ast.copy_location(_call("Num", ast.Constant(-node.operand.value)), node)
        self.generic_visit(node)
        return ast.copy_location(_call("Num", node), node) if isinstance(node.op, ast.Not) else node


def _call(name: str, argument: ast.expr) -> ast.expr:
    return ast.fix_missing_locations(ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [argument], []), argument))


@dataclass(frozen=True)
class Outcome:
    """What a policy did: its decision (an index, PASS or DROP), the fault that ended it (kind and line), the maps."""

    decision: int
    fault: tuple[FaultKind, int] | None
    maps: Mapping[str, Mapping[int, int]]


_FAULTS: Final = {
    ShortError: FaultKind.SHORT_PACKET,
    NoHeaderError: FaultKind.NO_HEADER,
    KeyError: FaultKind.KEY,
    IndexError: FaultKind.INDEX,
    ZeroDivisionError: FaultKind.ZERO_DIVISION,
    ValueError: FaultKind.VALUE,
    AssertionError: FaultKind.ASSERTION,
    MapFullError: FaultKind.MAP_FULL,
}


def _cast(kind: IntType) -> Callable[[int], Num]:
    return lambda value: Num(kind.wrap(int(value)), kind is U64)


class Reference:
    """A policy file whose policies run as Python. Maps keep their content from one call to the next."""

    def __init__(self, text: str, name: str, maps: Mapping[str, Table], executors: int) -> None:
        self.maps, self.executors = maps, executors
        tree = ast.parse(text)
        (function,) = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
        function.decorator_list, function.returns = [], None
        for argument in function.args.args:
            argument.annotation = None
        module = ast.Module([_Numbers().visit(function)], [])
        scope: dict[str, Any] = {"Num": Num, "syrup": _Syrup, **maps}
        scope |= {"min": _least, "max": _greatest, "abs": _absolute}
        scope |= {n: _cast(k) for n, k in INT_TYPES.items()}
        exec(compile(ast.fix_missing_locations(module), "policy", "exec"), scope)
        self.function = scope[name]

    def run(self, packet: Packet) -> Outcome:
        decision, fault = PASS, None
        try:
            decision, line = self.function(packet)
        except tuple(_FAULTS) as error:
            fault = (_FAULTS[type(error)], _line(error))
        else:
            if decision not in (PASS, DROP) and not 0 <= decision < self.executors:
                fault, decision = (FaultKind.NO_EXECUTOR, line), PASS
        return Outcome(int(decision), fault, {n: dict(t.content) for n, t in self.maps.items()})


class _Syrup:
    PASS, DROP = PASS, DROP
    range = staticmethod(_capped)


def _line(error: BaseException) -> int:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "policy":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
