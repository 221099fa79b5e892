"""References of generated policies: what `lookup` gives, tested in all the ways that there are, and used after that."""

from __future__ import annotations

from typing import Final

from tests.fuzz.expressions import ATOMIC_OPERATORS, KEYED, condition, divisor, key
from tests.fuzz.file import NATIVE
from tests.fuzz.scope import Reference, Writer, nested, number, record, storable, term
from tests.fuzz.statements import assign, computed, give
from tests.fuzz.structs import part, place
from tests.fuzz.terms import LAID, Term, constant, mixable

_COPIED: Final = ("//", "%", "*", "<<", ">>")


def through(w: Writer, depth: int) -> Term:
    """What is read through a reference."""
    if not w.references:
        return term(w, depth - 1)
    ref = w.choose(w.references)
    if ref.table.value in LAID:
        return Term(f"{ref.name}.value", LAID[ref.table.value])
    return part(w, w.file.structs[ref.table.value], ref.name, depth - 1)


def look_up(w: Writer) -> None:
    """A lookup, and what comes of it where there is the key."""
    table = w.file.map(w.grammar.looked_up)
    found = f"{table.name}.lookup({key(w, table, 1).text})"
    ref = w.new_reference(table)
    form = w.rnd.randrange(6)
    if form == 0:
        _if_bound_inside(w, ref, found)
        return
    w.put(f"{ref.name} = {found}")
    match form:
        case 1 if not w.loops:
            w.put(f"assert {ref.name} is not None")
        case 2:
            _leave(w, f"{ref.name} is None")
        case 3:
            with w.block(f"if {ref.name} is None:"):
                nested(w)
                w.put("continue" if w.loops and w.one_in(2) else "return" if not w.returns else _given(w))
        case _:
            _if(w, ref, f"if {ref.name} is not None:")
            return
    w.open(ref)


def _given(w: Writer) -> str:
    """A `return` as a line."""
    give(w)
    return w.lines.pop().strip()


def _leave(w: Writer, test: str) -> None:
    with w.block(f"if {test}:"):
        give(w)


def _if_bound_inside(w: Writer, ref: Reference, found: str) -> None:
    """`if (ref := m.lookup(k)) is not None and …:`."""
    test = f"({ref.name} := {found}) is not None"
    w.open(ref)
    with w.sometimes():
        more = f" and {condition(w, 1).text}" if w.one_in(2) else ""
    w.close(ref)
    _if(w, ref, f"if {test}{more}:")


def _if(w: Writer, ref: Reference, header: str) -> None:
    with w.block(header):
        w.open(ref)
        for _ in range(w.choose((1, 1, 2))):
            w.choose((write, update, update))(w)
        nested(w)
    if w.one_in(3):
        with w.block("else:"):
            nested(w)


def write(w: Writer) -> None:
    """`ref.field = value`."""
    if not w.references:
        return assign(w)
    ref = w.choose(w.references)
    if ref.table.value in LAID:
        value = storable(w, term(w, 2), ref.table.value).text
        if ref in w.references:  # what is stored may have called what ends it
            w.put(f"{ref.name}.value = {value}")
        return None
    struct = w.file.structs[ref.table.value]
    inner = [f for f in struct.fields if f.type in w.file.structs and f.count is None]
    if inner and w.one_in(2):
        field = w.choose(inner)
        value = record(w, w.file.structs[field.type], 1)
        if ref in w.references:
            w.put(f"{ref.name}.{field.name} = {value}")
        return None
    text, kind = place(w, struct, ref.name, 1)
    value = storable(w, term(w, 1), kind).text
    if ref in w.references:
        w.put(f"{text} = {value}")
    return None


def update(w: Writer) -> None:
    """`ref.field += value`: one atomic step with some operators, with the others a load and a store."""
    if not w.references:
        return assign(w)
    ref = w.choose(w.references)
    if ref.table.value in LAID:
        text, kind = f"{ref.name}.value", ref.table.value
    else:
        text, kind = place(w, w.file.structs[ref.table.value], ref.name, 1)
    atomic = kind in NATIVE or ref.table.kind.per_cpu
    operator = w.choose(ATOMIC_OPERATORS if atomic and w.rnd.randrange(3) else _COPIED)
    if operator in ("//", "%"):
        value = divisor(w, 1, mixable(LAID[kind]))
    elif operator in ("<<", ">>"):
        value = constant(w.choose((0, 1, 3, 31, 63, 64))) if w.one_in(2) else term(w, 1)
    else:
        value = number(w, 1, mixable(LAID[kind]))
    if ref in w.references:
        value = computed(w, ref.table, text, value)
        w.put(f"{text} {operator}= {value.text}")
    return None


def compare_swap(w: Writer, depth: int) -> Term:
    """An atomic exchange that gives the old value."""
    table = w.file.map(KEYED, lambda m: m.value in NATIVE)
    where = key(w, table, depth - 1)
    old = term(w, depth - 1) if w.one_in(2) else constant(0)
    new = storable(w, term(w, depth - 1), table.value)
    kind = LAID[table.value]
    return Term(f"{table.name}.compare_swap({where.text}, {old.text}, {new.text})", kind)


def swap(w: Writer) -> None:
    """The same for its effect alone."""
    w.put(compare_swap(w, 1).text)
