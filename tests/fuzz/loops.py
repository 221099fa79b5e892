"""Loops of generated policies.

They are short, because the kernel walks every turn of every path: a form asks `Writer.turns` before it makes more.
"""

from __future__ import annotations

from typing import Final

from tests.fuzz.expressions import condition
from tests.fuzz.file import weighted
from tests.fuzz.scope import Writer, nested, term
from tests.fuzz.statements import assign
from tests.fuzz.terms import Kind, Term, constant, joined, kind_of

_MAX_TURNS: Final = 12


def for_loop(w: Writer) -> None:
    if w.loops >= 2:
        return assign(w)
    room = max(_MAX_TURNS // w.turns, 1)
    source, kind, turns, sure = w.choose(_SOURCES)(w, room)
    variable = w.target() if w.one_in(4) else w.new(kind)
    if variable.kind is not joined(Kind.NATURAL, kind):
        variable = w.new(kind)
    with w.loop(f"for {variable.name} in {source}:", turns):
        w.set(variable, Term("", kind))
        _exits(w)
        nested(w)
        _exits(w, 4)
    if sure:
        w.set(variable, Term("", kind))
    _loop_else(w)
    return None


def _over_range(w: Writer, room: int) -> tuple[str, Kind, int, bool]:
    turns = w.rnd.randrange(0, min(room, 7) + 1)
    if w.one_in(2):
        return f"range({w.file.bound(turns)})", Kind.NATURAL, turns, turns > 0
    start, step = w.rnd.randrange(-3, 4), w.choose((1, 2, -1, 300))
    stop = start + turns * step
    text = f"range({start}, {stop})" if step == 1 else f"range({start}, {stop}, {step})"
    values = range(start, stop, step)
    negative = any(v < 0 for v in values)
    return text, Kind.SIGNED if negative else Kind.NATURAL, turns, turns > 0


def _over_tuple(w: Writer, _room: int) -> tuple[str, Kind, int, bool]:
    spelling, values = w.file.tuple()
    return spelling, joined(*map(kind_of, values)), len(values), bool(values)


def _over_late_range(w: Writer, room: int) -> tuple[str, Kind, int, bool]:
    limit = w.rnd.randrange(1, min(room, 6 if w.loops == 0 else 3) + 1)
    count = term(w, 1)
    bound = count.text if w.one_in(5) and not count.constant else f"{count.text} % {limit + w.one_in(4) + 1}"
    return f"syrup.range({bound}, max={w.file.bound(limit)})", Kind.NATURAL, limit, False


_SOURCES: Final = weighted((3, _over_range), (1, _over_tuple), (2, _over_late_range))


def _exits(w: Writer, rarity: int = 3) -> None:
    """Perhaps a way out of the turn or of the loop."""
    if w.one_in(rarity):
        with w.block(f"if {condition(w, 1).text}:"):
            w.put(w.choose(("break", "continue")))


def _loop_else(w: Writer) -> None:
    if w.one_in(4):
        with w.block("else:"):
            nested(w)


def while_loop(w: Writer) -> None:
    if w.loops >= 2:
        return assign(w)
    w.choose(_COUNTERS)(w, max(_MAX_TURNS // w.turns, 1))
    _loop_else(w)
    return None


def _count_down(w: Writer, room: int) -> None:
    counter, bits = w.new(Kind.SIGNED), 3 if room >= 8 else 2 if room >= 4 else 1
    w.put(f"{counter.name} = {_byte(w)} & {(1 << bits) - 1}")
    w.set(counter, Term("", Kind.SIGNED))
    with w.loop(f"while {counter.name} > 0:", (1 << bits) - 1, (counter.name,)):
        w.put(f"{counter.name} -= {w.rnd.randrange(1, 4)}")
        _turn(w)


def _count_up(w: Writer, room: int) -> None:
    counter, turns = w.new(Kind.NATURAL), w.rnd.randrange(1, min(room, 8) + 1)
    w.put(f"{counter.name} = 0")
    w.set(counter, constant(0))
    step = w.rnd.randrange(1, 4)
    test = w.choose((f"while {counter.name} < {turns * step}:", f"while {counter.name} != {turns * step}:"))
    with w.loop(test, turns, (counter.name,)):
        w.put(f"{counter.name} += {step}")
        _turn(w)


def _halve(w: Writer, room: int) -> None:
    counter, bits = w.new(Kind.NATURAL), min(room, 6)
    w.put(f"{counter.name} = {_byte(w)} & {(1 << bits) - 1}")
    w.set(counter, Term("", Kind.NATURAL))
    with w.loop(f"while {counter.name}:", bits, (counter.name,)):
        w.put(f"{counter.name} {w.choose(('>>= 1', '//= 2', '>>= 2'))}")
        _turn(w)


def _until_break(w: Writer, room: int) -> None:
    counter, turns = w.new(Kind.NATURAL), w.rnd.randrange(1, min(room, 8) + 1)
    w.put(f"{counter.name} = 0")
    w.set(counter, constant(0))
    with w.loop("while True:", turns, (counter.name,)):
        w.put(f"{counter.name} += 1")
        w.put(f"if {counter.name} > {turns}:")
        w.put("    break")
        _turn(w)


def _byte(w: Writer) -> str:
    if w.payload is None:
        return w.choose([v.name for v in w.readable() if v.kind is Kind.NATURAL] or ["3"])
    return w.choose((f"{w.payload}.u8(0)", f"{w.payload}.u8(5)", f"len({w.payload})", f"{w.payload}.be16(0)"))


def _turn(w: Writer) -> None:
    _exits(w)
    nested(w)


_COUNTERS: Final = weighted((2, _count_down), (2, _count_up), (1, _halve), (1, _until_break))


def long_loop(w: Writer) -> None:
    """Many turns of little work."""
    known = [v for v in w.assignable() if v.kind is not Kind.NATURAL]
    if not known or w.loops:
        return assign(w)
    sum_ = w.choose(known)
    variable = w.new(Kind.NATURAL)
    with w.loop(f"for {variable.name} in range({w.choose((40, 100, 300))}):", _MAX_TURNS):
        w.set(variable, Term("", Kind.NATURAL))
        w.put(f"{sum_.name} {w.choose(('+', '^', '-'))}= {variable.name} * {w.rnd.randrange(1, 9)}")
        if w.one_in(2):
            w.put(f"{sum_.name} {w.choose(('*= 31', '<<= 1', '|= 1'))}")
    w.set(sum_, Term("", sum_.kind))
    return None
