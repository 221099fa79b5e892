"""Statements of generated policies: functions that each write one of a form."""

from __future__ import annotations

from typing import Final

from syrupc.spec import INT_TYPES
from tests.fuzz.expressions import (
    ATOMIC_OPERATORS,
    KEYED,
    OPERATORS,
    TABLES,
    annotated,
    assigned,
    condition,
    divisor,
    fetch_add,
    key,
)
from tests.fuzz.file import Map
from tests.fuzz.scope import DECISION, Variable, Writer, nested, number, record, storable, tame, term
from tests.fuzz.terms import LAID, NON_NEGATIVE, STORAGE, WIDE, Kind, Term, constant, mixable

EXECUTORS: Final = 8
_CHANGING: Final = ("fetch_add", "compare_swap", "lookup")
# Operators after which a variable of this kind still is of this kind.
_STEADY: Final = {
    Kind.NATURAL: ("+", "*", "//", "%", "&", "|", "^", "<<", ">>"),
    Kind.SIGNED: OPERATORS,
    Kind.WIDE: OPERATORS,
}


# -- assignments -------------------------------------------------------------------------------------------------------


def assign(w: Writer) -> None:
    target = w.target()
    value = number(w, 2, assigned(target))
    w.put(f"{target.name} = {value.text}")
    w.set(target, value)


def augment(w: Writer) -> None:
    known = w.assignable()
    if not known:
        return assign(w)
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


def annotate(w: Writer) -> None:
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


def assign_several(w: Writer) -> None:
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
            return assign(w)
        values = [number(w, 2, kinds)] * 2
        w.put(f"{one.name} = {other.name} = {values[0].text}")
    for variable, value in zip((one, other), values, strict=True):
        w.set(variable, value)
    return None


# -- maps --------------------------------------------------------------------------------------------------------------


def store(w: Writer) -> None:
    table = w.file.map(KEYED)
    if table.value in w.file.structs:
        value = Term(record(w, w.file.structs[table.value], 1), Kind.NATURAL)
    else:
        value = storable(w, term(w, 2), table.value)
    w.put(f"{table.name}[{key(w, table, 1).text}] = {value.text}")
    w.change(table.name)


def update(w: Writer) -> None:
    """`m[k] op= v`: with some operators one atomic step, with the others a load and a store."""
    table = w.file.map(KEYED, lambda m: m.value in LAID)
    operator = w.choose(ATOMIC_OPERATORS if table.atomic and w.rnd.randrange(3) else OPERATORS)
    if operator in ATOMIC_OPERATORS and not table.atomic:
        operator = "*"
    kind = LAID[table.value]
    where = key(w, table, 1)
    if operator in ("//", "%"):
        value = divisor(w, 1, mixable(kind))
    elif operator in ("<<", ">>"):
        value = constant(w.choose((0, 1, 3, 31, 63, 64))) if w.one_in(2) else term(w, 1)
    else:
        value = number(w, 2, mixable(kind))
    value = computed(w, table, where.text, value)
    w.put(f"{table.name}[{where.text}] {operator}= {value.text}")


def computed(w: Writer, table: Map, place: str, value: Term) -> Term:
    """The value to update a place with: one that may change the map itself is computed before, in a variable."""
    changing = (*(f"{table.name}.{method}(" for method in _CHANGING), *(f"{helper.name}(" for helper in w.file.helpers))
    if ":=" in place or not any(each in value.text for each in changing):
        return value
    held = w.new(value.kind)
    w.put(f"{held.name} = {value.text}")
    w.set(held, value)
    return held.term


def delete(w: Writer) -> None:
    table = w.file.map(TABLES)
    where = key(w, table, 1)
    if w.one_in(3):
        more = f", {table.name}[{key(w, table, 0).text}]" if w.one_in(4) else ""
        w.put(f"del {table.name}[{where.text}]{more}")
    else:
        w.put(f"if {where.text} in {table.name}:")
        w.put(f"    del {table.name}[{where.text}]")
    w.change(table.name)


def effect(w: Writer) -> None:
    """An expression for its effect alone, which may be a fault."""
    read = w.payload is not None and w.one_in(4)
    w.put(f"{w.payload}.u16({w.rnd.randrange(20)})" if read else fetch_add(w, 1).text)


# -- branches ----------------------------------------------------------------------------------------------------------


def branch(w: Writer) -> None:
    with w.block(f"if {condition(w, 2).text}:"):
        nested(w)
    while w.one_in(3):
        with w.sometimes():
            test = condition(w, 1)
        with w.block(f"elif {test.text}:"):
            nested(w)
    if w.one_in(2):
        with w.block("else:"):
            nested(w)


def match_cases(w: Writer) -> None:
    with w.block(f"match {term(w, 1).text}:"):
        for _ in range(w.rnd.randrange(1, 3)):
            guard = ""
            if w.one_in(3):
                with w.sometimes():
                    guard = f" if {condition(w, 1).text}"
            with w.block(f"case {_pattern(w)}{guard}:"):
                nested(w)
        if w.rnd.randrange(4):
            with w.block("case _:"):
                nested(w)


def _pattern(w: Writer) -> str:
    patterns = []
    for _ in range(w.choose((1, 1, 2))):
        if w.one_in(5):
            found = w.file.constant()
            patterns.append(found.text if "." in found.text else "0")
        else:
            patterns.append(w.choose(("0", "1", "7", "-3", "255", "65536", str((1 << 64) - 1))))
    return " | ".join(patterns)


def return_early(w: Writer) -> None:
    with w.block(f"if {condition(w, 2).text}:"):
        give(w)


def give(w: Writer) -> None:
    """The end of a function, with its results."""
    if w.returns == (DECISION,):
        return _decide(w)
    values = ", ".join(annotated(w, 1, name).text for name in w.returns)
    w.put(f"return {values}" if values else "return")
    return None


def _decide(w: Writer) -> None:
    """A decision: most often an executor that there is."""
    form = w.rnd.randrange(10)
    if form < 6:
        value = _executor(w)
        if form < 4 and not value.constant:
            text = w.choose((f"{value.text} % 6", f"{value.text} & 7", f"{value.text} % {EXECUTORS + 1}"))
        else:
            text = value.text
    elif form < 8:
        text = w.choose(("syrup.PASS", "syrup.DROP"))
    else:
        special = w.choose(("syrup.DROP", "syrup.PASS"))
        test = condition(w, 1).text
        with w.sometimes():
            value = _executor(w)
        other = value.text if value.constant else f"{value.text} & 3"
        text = f"{special} if {test} else {other}" if w.one_in(2) else f"{other} if {test} else {special}"
    w.put(f"return {text}")


def _executor(w: Writer) -> Term:
    return tame(w, term(w, 1), 0, EXECUTORS - 1)


def assertion(w: Writer) -> None:
    likely = condition(w, 1).text
    test = likely if w.one_in(3) or w.payload is None else f"{likely} or {w.payload}.u8(0) < 250"
    w.put(f'assert {test}, "likely"' if w.one_in(4) else f"assert {test}")


def trace(w: Writer) -> None:
    """A line with up to three numbers."""
    values = [term(w, 1).text for _ in range(w.rnd.randrange(4))]
    form = " ".join(w.choose(("{}", "is {},", "[{}]")) for _ in values) or "here"
    w.put(f"syrup.trace({', '.join([repr(form), *values])})")


def nothing(w: Writer) -> None:
    w.put(w.choose(("pass", '"""Nothing."""')))


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
