"""Statements of generated policies: a table of forms, each a function that writes lines.

Loops are short, because the kernel walks every turn of every path: a form asks `Writer.turns` before it makes more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from syrupc.spec import INT_TYPES
from tests.fuzz.expressions import (
    KEYED,
    OPERATORS,
    TABLES,
    assigned,
    condition,
    divisor,
    fetch_add,
    key,
    number,
    term,
)
from tests.fuzz.scope import Variable, Writer, storable, tame, weighted
from tests.fuzz.terms import NON_NEGATIVE, STORAGE, WIDE, Kind, Term, constant, joined, kind_of, mixable

Form = Callable[[Writer], None]

EXECUTORS: Final = 8
_MAX_TURNS: Final = 12
# Ways through a loop multiply with every turn: more turns than these have no branches in them.
_FEW_TURNS: Final = 3
_ATOMIC_OPERATORS: Final = ("+", "-", "&", "|", "^")
# Operators after which a variable of this kind still is of this kind.
_STEADY: Final = {
    Kind.NATURAL: ("+", "*", "//", "%", "&", "|", "^", "<<", ">>"),
    Kind.SIGNED: OPERATORS,
    Kind.WIDE: OPERATORS,
}


def body(w: Writer, statements: int) -> None:
    """So many statements, as long as the budget lasts."""
    for _ in range(statements):
        if w.budget <= 0:
            break
        w.budget -= 1
        w.choose(_STATEMENTS if w.turns <= _FEW_TURNS else _PLAIN)(w)
    if w.lines and w.lines[-1].endswith(":"):
        w.put("pass")


def _nested(w: Writer) -> None:
    body(w, w.choose((1, 1, 2, 3)))


# -- assignments -------------------------------------------------------------------------------------------------------


def _assign(w: Writer) -> None:
    target = w.target()
    value = number(w, 2, assigned(target))
    w.put(f"{target.name} = {value.text}")
    w.set(target, value)


def _augment(w: Writer) -> None:
    known = w.assignable()
    if not known:
        return _assign(w)
    target = w.choose(known)
    operator = w.choose(_STEADY[target.kind])
    kinds = NON_NEGATIVE if target.kind is Kind.NATURAL else mixable(target.kind)
    if target.kind is Kind.WIDE and operator in ("&", "%"):  # with an int it would give an int
        value = Term(f"({number(w, 1, WIDE).text} | 1)", Kind.WIDE)
    elif operator in ("//", "%"):
        value = divisor(w, 1, kinds)
    elif operator in ("<<", ">>"):
        value = constant(w.choose((0, 1, 3, 31, 32, 63, 64))) if w.one_in(2) else term(w, 1)
    else:
        value = number(w, 2, kinds)
    w.put(f"{target.name} {operator}= {value.text}")
    w.set(target, Term("", target.kind))
    return None


def _annotate(w: Writer) -> None:
    target = w.target()
    if target.kind is Kind.WIDE:
        value = number(w, 2, WIDE)
        w.put(f"{target.name}: u64 = {value.text}")
    elif w.one_in(2):
        value = number(w, 2, assigned(target))
        w.put(f"{target.name}: int = {value.text}")
    else:
        names = [n for n, kind in STORAGE.items() if kind in assigned(target) and n != "bool"]
        name = w.choose(names)
        value = Term(f"{name}({storable(w, term(w, 1), name).text})", STORAGE[name])
        w.put(f"{target.name}: {name} = {value.text}")
    w.set(target, value)


def _assign_several(w: Writer) -> None:
    """`a, b = x, y`, which a swap is, and `a = b = x`."""
    known = [v for v in w.assignable() if v.kind is not Kind.WIDE]
    if w.one_in(2) and len(known) > 1:
        one, other = w.choose(known), w.choose(known)
        if one.kind is other.kind:
            w.put(f"{one.name}, {other.name} = {other.name}, {one.name}")
            both = one.literals | other.literals
            w.set(one, Term("", one.kind, frozenset(both)))
            w.set(other, Term("", one.kind, frozenset(both)))
            return None
    one, other = w.target(), w.target()
    if w.one_in(2):
        values = [number(w, 1, assigned(each)) for each in (one, other)]
        w.put(f"{one.name}, {other.name} = {values[0].text}, {values[1].text}")
    else:
        kinds = assigned(one) if one.kind is other.kind else NON_NEGATIVE
        if Kind.WIDE in (one.kind, other.kind) and one.kind is not other.kind:
            return _assign(w)
        values = [number(w, 2, kinds)] * 2
        w.put(f"{one.name} = {other.name} = {values[0].text}")
    for variable, value in zip((one, other), values, strict=True):
        w.set(variable, value)
    return None


# -- maps --------------------------------------------------------------------------------------------------------------


def _store(w: Writer) -> None:
    table = w.file.map(KEYED)
    value = storable(w, term(w, 2), table.value)
    w.put(f"{table.name}[{key(w, table, 1).text}] = {value.text}")


def _update(w: Writer) -> None:
    """`m[k] op= v`: with some operators one atomic step, with the others a load and a store."""
    table = w.file.map(KEYED)
    operator = w.choose(_ATOMIC_OPERATORS if table.atomic and w.rnd.randrange(3) else OPERATORS)
    if operator in _ATOMIC_OPERATORS and not table.atomic:
        operator = "*"
    kind = STORAGE[table.value]
    where = key(w, table, 1)
    if operator in ("//", "%"):
        value = divisor(w, 1, mixable(kind))
    elif operator in ("<<", ">>"):
        value = constant(w.choose((0, 1, 3, 31, 63, 64))) if w.one_in(2) else term(w, 1)
    else:
        value = number(w, 2, mixable(kind))
    w.put(f"{table.name}[{where.text}] {operator}= {value.text}")


def _delete(w: Writer) -> None:
    table = w.file.map(TABLES)
    where = key(w, table, 1)
    if w.one_in(3):
        w.put(f"del {table.name}[{where.text}]")
    else:
        w.put(f"if {where.text} in {table.name}:")
        w.put(f"    del {table.name}[{where.text}]")


def _effect(w: Writer) -> None:
    """An expression for its effect alone, which may be a fault."""
    w.put(fetch_add(w, 1).text if w.rnd.randrange(4) else f"pkt.payload.u16({w.rnd.randrange(20)})")


# -- branches ----------------------------------------------------------------------------------------------------------


def _if(w: Writer) -> None:
    with w.block(f"if {condition(w, 2).text}:"):
        _nested(w)
    while w.one_in(3):
        with w.sometimes():
            test = condition(w, 1)
        with w.block(f"elif {test.text}:"):
            _nested(w)
    if w.one_in(2):
        with w.block("else:"):
            _nested(w)


def _match(w: Writer) -> None:
    with w.block(f"match {term(w, 1).text}:"):
        for _ in range(w.rnd.randrange(1, 3)):
            guard = ""
            if w.one_in(3):
                with w.sometimes():
                    guard = f" if {condition(w, 1).text}"
            with w.block(f"case {_pattern(w)}{guard}:"):
                _nested(w)
        if w.rnd.randrange(4):
            with w.block("case _:"):
                _nested(w)


def _pattern(w: Writer) -> str:
    patterns = []
    for _ in range(w.choose((1, 1, 2))):
        if w.one_in(5):
            found = w.file.constant()
            patterns.append(found.text if "." in found.text else "0")
        else:
            patterns.append(w.choose(("0", "1", "7", "-3", "255", "65536", str((1 << 64) - 1))))
    return " | ".join(patterns)


def _return_early(w: Writer) -> None:
    with w.block(f"if {condition(w, 2).text}:"):
        give(w)


def give(w: Writer) -> None:
    """A decision: most often an executor that there is."""
    value = tame(w, term(w, 1), 0, EXECUTORS - 1)
    form = w.rnd.randrange(10)
    if form < 4 and not value.constant:
        text = w.choose((f"{value.text} % 6", f"{value.text} & 7", f"{value.text} % {EXECUTORS + 1}"))
    elif form < 6:
        text = value.text
    elif form == 6:
        text = "syrup.PASS"
    elif form == 7:
        text = "syrup.DROP"
    else:
        special = w.choose(("syrup.DROP", "syrup.PASS"))
        test = condition(w, 1).text
        other = value.text if value.constant else f"{value.text} & 3"
        text = f"{special} if {test} else {other}" if w.one_in(2) else f"{other} if {test} else {special}"
    w.put(f"return {text}")


def _assert(w: Writer) -> None:
    likely = condition(w, 1).text
    w.put(f"assert {likely}" if w.one_in(3) else f"assert {likely} or pkt.payload.u8(0) < 250")


def _nothing(w: Writer) -> None:
    w.put(w.choose(("pass", '"""Nothing."""')))


# -- loops -------------------------------------------------------------------------------------------------------------


def _for(w: Writer) -> None:
    if w.loops >= 2:
        return _assign(w)
    room = max(_MAX_TURNS // w.turns, 1)
    source, kind, turns, sure = w.choose(_SOURCES)(w, room)
    variable = w.target() if w.one_in(4) else w.new(kind)
    if variable.kind is not joined(Kind.NATURAL, kind):
        variable = w.new(kind)
    with w.loop(f"for {variable.name} in {source}:", turns):
        w.set(variable, Term("", kind))
        _exits(w)
        _nested(w)
        _exits(w, 4)
    if sure:
        w.set(variable, Term("", kind))
    _loop_else(w)
    return None


def _over_range(w: Writer, room: int) -> tuple[str, Kind, int, bool]:
    turns = w.rnd.randrange(0, min(room, 7) + 1)
    if w.one_in(2):
        return f"range({turns})", Kind.NATURAL, turns, turns > 0
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
    return f"syrup.range({bound}, max={limit})", Kind.NATURAL, limit, False


_SOURCES: Final = weighted((3, _over_range), (1, _over_tuple), (2, _over_late_range))


def _exits(w: Writer, rarity: int = 3) -> None:
    """Perhaps a way out of the turn or of the loop."""
    if w.one_in(rarity):
        with w.block(f"if {condition(w, 1).text}:"):
            w.put(w.choose(("break", "continue")))


def _loop_else(w: Writer) -> None:
    if w.one_in(4):
        with w.block("else:"):
            _nested(w)


def _while(w: Writer) -> None:
    if w.loops >= 2:
        return _assign(w)
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
    return w.choose(("pkt.payload.u8(0)", "pkt.payload.u8(5)", "len(pkt.payload)", "pkt.src_port"))


def _turn(w: Writer) -> None:
    _exits(w)
    _nested(w)


_COUNTERS: Final = weighted((2, _count_down), (2, _count_up), (1, _halve), (1, _until_break))


def _long_loop(w: Writer) -> None:
    """Many turns of little work."""
    known = [v for v in w.assignable() if v.kind is not Kind.NATURAL]
    if not known or w.loops:
        return _assign(w)
    sum_ = w.choose(known)
    variable = w.new(Kind.NATURAL)
    with w.loop(f"for {variable.name} in range({w.choose((40, 100, 300))}):", _MAX_TURNS):
        w.set(variable, Term("", Kind.NATURAL))
        w.put(f"{sum_.name} {w.choose(('+', '^', '-'))}= {variable.name} * {w.rnd.randrange(1, 9)}")
        if w.one_in(2):
            w.put(f"{sum_.name} {w.choose(('*= 31', '<<= 1', '|= 1'))}")
    w.set(sum_, Term("", sum_.kind))
    return None


_PLAIN: Final = weighted(
    (6, _assign),
    (4, _augment),
    (2, _annotate),
    (2, _assign_several),
    (5, _store),
    (4, _update),
    (1, _effect),
    (1, _nothing),
)
_STATEMENTS: Final = weighted(
    (6, _assign),
    (4, _augment),
    (2, _annotate),
    (2, _assign_several),
    (5, _store),
    (4, _update),
    (2, _delete),
    (2, _effect),
    (5, _if),
    (2, _match),
    (3, _return_early),
    (2, _assert),
    (1, _nothing),
    (4, _for),
    (2, _while),
    (1, _long_loop),
)


def opening(w: Writer) -> None:
    """Two or three variables from the packet."""
    for _ in range(w.choose((2, 3, 3))):
        kind = w.choose((Kind.NATURAL, Kind.SIGNED, Kind.WIDE))
        variable: Variable = w.new(kind)
        value = _input(w, kind)
        w.put(f"{variable.name} = {value.text}")
        w.set(variable, value)


def _input(w: Writer, kind: Kind) -> Term:
    offset = w.rnd.randrange(8)
    if kind is Kind.WIDE:
        return Term(f"pkt.payload.{w.choose(('u64', 'be64'))}({offset})", kind)
    read = Term(f"pkt.payload.{w.choose(('u8', 'u16', 'be16', 'be32', 'u32'))}({offset})", Kind.NATURAL)
    if kind is Kind.NATURAL:
        return read
    casts = [n for n, k in STORAGE.items() if k is Kind.SIGNED and INT_TYPES[n].bits > 1]
    return Term(f"{w.choose(casts)}({read.text})", kind)
