"""The meaning of a policy file, as Python: its policies run as functions, over numbers that wrap as the language says.

The text is what the compiler gets, and CPython runs it: only integers are replaced by those of the language, and what
stands for the outside (packet, maps, chance, time) by the plain models here and in `tables`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from syrupc.spec import DROP, PASS, STORED_TYPES, U64, FaultKind, IntType
from tests.fuzz.numbers import Num, greatest, is_unsigned, least
from tests.fuzz.numerals import FILE, rewrite
from tests.fuzz.records import AnyElements, hashed, struct
from tests.fuzz.tables import DECLARATIONS, Contents, MapFullError
from tests.fuzz.views import NoHeaderError, Packet, ShortError


@dataclass
class World:
    """What a policy takes from outside during one decision."""

    chance: int = 0
    clock: int = 0
    cpu: int = 0


class NoExecutorError(Exception):
    """A decision for an executor that there is not."""


class EndlessError(Exception):
    """A `while` that does not end."""


@dataclass(frozen=True)
class Outcome:
    """What a policy did: its decision (an index, PASS or DROP), the fault that ended it (kind and line), the maps, and
    the lines that it traced."""

    decision: int
    fault: tuple[FaultKind, int] | None
    maps: Mapping[str, Any]
    trace: tuple[str, ...]


_FAULTS: Final = {
    ShortError: FaultKind.SHORT_PACKET,
    NoHeaderError: FaultKind.NO_HEADER,
    KeyError: FaultKind.KEY,
    IndexError: FaultKind.INDEX,
    ZeroDivisionError: FaultKind.ZERO_DIVISION,
    ValueError: FaultKind.VALUE,
    AssertionError: FaultKind.ASSERTION,
    MapFullError: FaultKind.MAP_FULL,
    NoExecutorError: FaultKind.NO_EXECUTOR,
}


_MAX_TURNS: Final = 100_000


@dataclass
class Reference:
    """A policy file whose policies run as Python. Maps keep their content from one call to the next."""

    text: str
    executors: int
    world: World = field(default_factory=World)
    tables: dict[str, Contents] = field(default_factory=dict)

    def __post_init__(self) -> None:
        module = rewrite(ast.parse(self.text))
        self._scope: dict[str, Any] = {**_BUILTINS, **_TYPES}
        self._scope |= {"_turn": self._turn, "_decided": self._decided}
        self._scope["syrup"] = SimpleNamespace(**self._names())
        exec(compile(module, FILE, "exec", dont_inherit=True), self._scope)
        self.tables = {name: value for name, value in self._scope.items() if isinstance(value, Contents)}

    def run(self, policy: str, packet: Packet) -> Outcome:
        """One decision."""
        decision, fault, self._turns, self._traced = PASS, None, 0, []
        try:
            decision = self._scope[policy](packet)
        except tuple(_FAULTS) as error:
            fault = (_FAULTS[type(error)], _line(error))
        maps = {name: table.snapshot() for name, table in self.tables.items()}
        return Outcome(int(decision), fault, maps, tuple(self._traced))

    def _trace(self, form: str, *values: int) -> None:
        self._traced.append(form.format(*map(int, values)))

    def _decided(self, decision: int) -> int:
        if decision not in (PASS, DROP) and not 0 <= decision < self.executors:
            raise NoExecutorError
        return decision

    def _turn(self, test: int) -> int:
        self._turns += 1
        if self._turns > _MAX_TURNS:
            raise EndlessError
        return test

    def _names(self) -> dict[str, Any]:
        world = self.world
        return {
            "PASS": PASS,
            "DROP": DROP,
            "Packet": Packet,
            "Executor": int,
            "jit": lambda function: function,
            "func": lambda function: function,
            "range": _capped,
            "random": lambda: Num(world.chance),
            "now_ns": lambda: Num(world.clock, True),
            "cpu": lambda: Num(world.cpu),
            **DECLARATIONS,
            "struct": struct,
            "Elements": AnyElements,
            "elements": int,
            "hash": hashed,
            "trace": self._trace,
            **_TYPES,
        }


@dataclass(frozen=True)
class _Cast:
    """`u32`: converts, annotates, and is a type in declarations."""

    kind: IntType

    def __call__(self, value: int) -> Num:
        return Num(self.kind.wrap(int(value)), self.kind is U64)


_TYPES: Final = {name: _Cast(kind) for name, kind in STORED_TYPES.items()}


def _capped(n: int, *, max: int) -> Iterable[Num]:
    if n > max:
        raise ValueError("too many turns")
    return (Num(i) for i in range(int(n)))


def _each(values: Iterable[int]) -> Iterator[Num]:
    """The elements of a tuple or range, all of the type that holds them all."""
    found = list(values)
    unsigned = is_unsigned(*found)
    return (Num(value, unsigned) for value in found)


def _element(values: Sequence[int], index: int) -> Num:
    """One of a tuple of constants, of the type that holds them all."""
    return Num(values[index], is_unsigned(*values))


def _joined(value: Any, unsigned: Callable[[], bool]) -> Any:
    """One of several values, of the type that holds them all. `PASS` and `DROP` are no numbers, and nor are records."""
    return (
        value if not isinstance(value, int) or value in (PASS, DROP) else Num(value, is_unsigned(value) or unsigned())
    )


def _wide(value: object) -> bool:
    if isinstance(value, tuple):
        return is_unsigned(*value)
    return (isinstance(value, Contents) and value.wide) or (isinstance(value, int) and is_unsigned(value))


_BUILTINS: Final = {
    "_number": Num,
    "_each": _each,
    "_element": _element,
    "_joined": _joined,
    "_wide": _wide,
    "min": least,
    "max": greatest,
    "len": lambda view: Num(len(view)),
}


def _line(error: BaseException) -> int:
    """The line of the policy file that raised."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
