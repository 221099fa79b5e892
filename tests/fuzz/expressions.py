"""Expressions of generated policies: a table of forms, each a function that writes one with its type.

What a form needs of other forms it asks of `term` and `number`, so that everything nests in everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from syrupc.spec import INT_TYPES, MapKind
from tests.fuzz.packets import field, fixed_read, length, text
from tests.fuzz.scope import EDGES, Map, Variable, Writer, as_kind, storable, tame, weighted
from tests.fuzz.terms import (
    ANY,
    INTS,
    NON_NEGATIVE,
    READS,
    STORAGE,
    WIDE,
    Kind,
    Term,
    arithmetic,
    constant,
    joined,
    kind_of,
    mixable,
)

ARRAYS: Final = (MapKind.ARRAY, MapKind.ARRAY, MapKind.PER_CPU_ARRAY)
TABLES: Final = (MapKind.HASH_MAP,)
KEYED: Final = (*ARRAYS, *TABLES)
OPERATORS: Final = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>")
COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
MAX_OFFSET: Final = 65519

Form = Callable[[Writer, int], Term]


def term(w: Writer, depth: int) -> Term:
    """Any expression of at most this depth."""
    form = w.choose(_LEAVES if depth <= 0 or w.one_in(5) else _FORMS)
    return form(w, depth)


def number(w: Writer, depth: int, kinds: Sequence[Kind] = ANY) -> Term:
    """An expression of one of these kinds."""
    return as_kind(w, term(w, depth), kinds)


def key(w: Writer, table: Map, depth: int) -> Term:
    """A key for a map: most often one that is there, sometimes one that cannot be."""
    if w.one_in(4):
        return tame(w, term(w, depth), *_keys(table))
    if w.one_in(3):
        return constant(w.rnd.randrange(min(table.entries, 2 if table.key == "bool" else 127)))
    found = term(w, depth)
    if found.constant:
        return tame(w, found, *_keys(table))
    limit = table.entries if table.kind.indexed else 3
    form = w.choose((f"({found.text} % {limit})", f"({found.text} & {1 if limit < 4 else 3})"))
    return Term(form, Kind.NATURAL)


def _keys(table: Map) -> tuple[int, int]:
    """The constants that may stand as a key."""
    if table.kind.indexed:
        return 0, table.entries - 1
    return INT_TYPES[table.key].minimum, INT_TYPES[table.key].maximum


# -- leaves ------------------------------------------------------------------------------------------------------------


def _variable(w: Writer, _depth: int) -> Term:
    known = w.readable()
    return w.choose(known).term if known else _literal(w, 0)


def _literal(w: Writer, _depth: int) -> Term:
    if w.one_in(20):
        value = w.one_in(2)
        return Term(str(value), Kind.BIT, frozenset((int(value),)), True)
    if w.one_in(3):
        return constant(w.choose(EDGES))
    if w.one_in(4):
        return constant(-(w.choose(EDGES) % (1 << 63)))
    return constant(w.rnd.randrange(10))


def _named_constant(w: Writer, _depth: int) -> Term:
    return w.file.constant()


def _folded(w: Writer, depth: int) -> Term:
    """An expression of constants alone: its value is exact, and must fit 64 bits in the end."""
    left, right = _literal(w, 0), _literal(w, 0)
    operator = w.choose(OPERATORS)
    (a,), (b,) = left.literals, right.literals
    if not (operator in ("//", "%") and b == 0) and not (operator in ("<<", ">>") and not 0 <= b <= 70):
        value = int(eval(f"({a}) {operator} ({b})"))
        if -(1 << 63) <= value < 1 << 64:
            return Term(f"({left.text} {operator} {right.text})", kind_of(value), frozenset((value,)), True)
    return _variable(w, depth)


def _outside(w: Writer, depth: int) -> Term:
    if not w.file.worldly:
        return field(w, depth)
    name = w.choose(("random", "now_ns", "cpu"))
    return Term(f"syrup.{name}()", Kind.WIDE if name == "now_ns" else Kind.NATURAL)


_LEAVES: Final = weighted(
    (12, _variable),
    (4, _literal),
    (1, _named_constant),
    (1, _folded),
    (3, fixed_read),
    (1, length),
    (2, field),
    (1, _outside),
)


# -- operators ---------------------------------------------------------------------------------------------------------


def _binary(w: Writer, depth: int) -> Term:
    operator = w.choose(OPERATORS)
    left = term(w, depth - 1)
    if operator in ("<<", ">>"):
        right = _shift_count(w, depth - 1)
    elif operator in ("//", "%"):
        right = divisor(w, depth - 1, mixable(left.kind))
    else:
        right = number(w, depth - 1, mixable(left.kind))
    if left.constant and right.constant:  # the value might not fit; see `_folded`
        left = as_kind(w, _variable_term(w), mixable(right.kind))
    return Term(f"({left.text} {operator} {right.text})", arithmetic(operator, left.kind, right.kind))


def _variable_term(w: Writer) -> Term:
    known = w.readable()
    return w.choose(known).term if known else length(w, 0)


def divisor(w: Writer, depth: int, kinds: Sequence[Kind]) -> Term:
    """A number that is rarely zero."""
    if w.one_in(2):
        value = w.choose((1, 2, 3, 7, 8, 10, 255, 1 << 33))
        return constant(-value if Kind.SIGNED in kinds and w.one_in(4) else value)
    found = number(w, depth, kinds)
    if found.constant or w.one_in(5):
        return found
    return Term(f"({found.text} | 1)", arithmetic("|", found.kind, Kind.NATURAL))


def _shift_count(w: Writer, depth: int) -> Term:
    if w.one_in(2):
        return constant(w.choose((0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 65)))
    found = term(w, depth)
    if found.constant or w.one_in(6):
        return found
    form = w.choose((f"({found.text} & 63)", f"({found.text} % 70)", f"({found.text} & 7)"))
    return Term(form, Kind.NATURAL)


def _power(w: Writer, depth: int) -> Term:
    base = number(w, depth - 1)
    if base.constant:
        base = _variable_term(w)
    return Term(f"({base.text} ** {w.rnd.randrange(6)})", arithmetic("**", base.kind, Kind.NATURAL))


def _unary(w: Writer, depth: int) -> Term:
    operator = w.choose(("-", "~", "+", "not "))
    operand = term(w, depth - 1)
    if operator == "not ":
        return Term(f"(not {operand.text})", Kind.BIT)
    if operand.constant:
        operand = _variable_term(w)
    if operator == "+":
        return Term(f"(+{operand.text})", joined(operand.kind, Kind.NATURAL), operand.literals)
    return Term(f"({operator}{operand.text})", Kind.WIDE if operand.kind is Kind.WIDE else Kind.SIGNED)


def comparison(w: Writer, depth: int) -> Term:
    """One comparison or a chain; numbers of all kinds compare exactly."""
    text = f"{term(w, depth - 1).text} {w.choose(COMPARISONS)} {term(w, depth - 1).text}"
    if w.one_in(4):
        with w.sometimes():
            for _ in range(w.rnd.randrange(1, 3)):
                text += f" {w.choose(COMPARISONS)} {term(w, depth - 1).text}"
    return Term(f"({text})", Kind.BIT)


def _logic(w: Writer, depth: int) -> Term:
    operator = w.choose((" and ", " or "))
    terms = [term(w, depth - 1)]
    with w.sometimes():
        for _ in range(w.choose((1, 1, 2))):
            terms.append(number(w, depth - 1, mixable(joined(*(t.kind for t in terms)))))
    literals = frozenset().union(*(t.literals for t in terms))
    return Term(f"({operator.join(t.text for t in terms)})", joined(*(t.kind for t in terms)), literals)


def _ternary(w: Writer, depth: int) -> Term:
    test = condition(w, depth - 1)
    with w.sometimes():
        body = term(w, depth - 1)
        other = number(w, depth - 1, mixable(body.kind))
    literals = body.literals | other.literals
    return Term(f"({body.text} if {test.text} else {other.text})", joined(body.kind, other.kind), literals)


def condition(w: Writer, depth: int) -> Term:
    """Something to decide by: most often a comparison."""
    return comparison(w, depth) if w.one_in(2) else term(w, depth)


def _membership(w: Writer, depth: int) -> Term:
    left = term(w, depth - 1)
    operator = w.choose((" in ", " in ", " not in "))
    return Term(f"({left.text}{operator}{_container(w)})", Kind.BIT)


def _container(w: Writer) -> str:
    match w.rnd.randrange(4):
        case 0:
            return w.file.map(KEYED).name
        case 1:
            return w.choose(("range(5)", "range(-4, 200, 3)", "range(9, -9, -2)", "range(2, 70000)", "range(3, 3)"))
    return w.file.tuple()[0]


def _walrus(w: Writer, depth: int) -> Term:
    """An assignment inside an expression; where that is not surely evaluated, to a variable that is set anyhow."""
    known = list(w.assignable())
    variable: Variable
    if known and (w.unsure or not w.one_in(3)):
        variable = w.choose(known)
    elif w.unsure:
        return term(w, depth - 1)
    else:
        variable = w.new(w.choose((Kind.NATURAL, Kind.SIGNED, Kind.WIDE)))
    value = number(w, depth - 1, assigned(variable))
    w.set(variable, value)
    return Term(f"({variable.name} := {value.text})", value.kind, value.literals)


def assigned(variable: Variable) -> Sequence[Kind]:
    """What a variable can be set to."""
    return {Kind.WIDE: WIDE, Kind.SIGNED: INTS}.get(variable.kind, NON_NEGATIVE)


# -- calls -------------------------------------------------------------------------------------------------------------


def _cast(w: Writer, depth: int) -> Term:
    name = w.choose(tuple(STORAGE))
    value = term(w, depth - 1)
    return Term(f"{name}({storable(w, value, name).text})", STORAGE[name])


def _choice(w: Writer, depth: int) -> Term:
    terms = [term(w, depth - 1)]
    for _ in range(w.choose((1, 1, 2))):
        terms.append(number(w, depth - 1, mixable(joined(*(t.kind for t in terms)))))
    kind = joined(Kind.NATURAL, *(t.kind for t in terms))
    return Term(f"{w.choose(('min', 'max'))}({', '.join(t.text for t in terms)})", kind)


def _absolute(w: Writer, depth: int) -> Term:
    value = term(w, depth - 1)
    return Term(f"abs({value.text})", Kind.WIDE if value.kind is Kind.WIDE else Kind.NATURAL)


def _read(w: Writer, depth: int) -> Term:
    """A read at an offset that is known late."""
    read = w.choose(tuple(READS))
    offset = term(w, depth - 1)
    if w.one_in(5):
        return Term(f"pkt.payload.{read}({tame(w, offset, 0, MAX_OFFSET).text})", READS[read])
    bound = w.choose((f"{offset.text} & 7", f"{offset.text} % 13", f"{offset.text} & 15"))
    return Term(f"pkt.payload.{read}({bound})", READS[read])


# -- maps --------------------------------------------------------------------------------------------------------------


def _item(w: Writer, depth: int) -> Term:
    table = w.file.map(KEYED)
    return Term(f"{table.name}[{key(w, table, depth - 1).text}]", STORAGE[table.value])


def _get(w: Writer, depth: int) -> Term:
    table = w.file.map((*TABLES, *TABLES, *ARRAYS))
    kind = STORAGE[table.value]
    where = key(w, table, depth - 1)
    default = number(w, depth - 1, mixable(kind))
    return Term(f"{table.name}.get({where.text}, {default.text})", joined(Kind.NATURAL, kind, default.kind))


def fetch_add(w: Writer, depth: int) -> Term:
    """An atomic addition that gives the old value."""
    table = w.file.map(KEYED, lambda m: m.atomic)
    where = key(w, table, depth - 1)
    change = number(w, depth - 1, mixable(STORAGE[table.value]))
    return Term(f"{table.name}.fetch_add({where.text}, {change.text})", STORAGE[table.value])


_FORMS: Final = weighted(
    (12, _binary),
    (1, _power),
    (3, _unary),
    (4, comparison),
    (2, _logic),
    (2, _ternary),
    (2, _membership),
    (1, _walrus),
    (3, _cast),
    (2, _choice),
    (1, _absolute),
    (2, _read),
    (1, text),
    (3, _item),
    (2, _get),
    (1, fetch_add),
)
