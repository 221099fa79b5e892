"""Expressions of generated policies: functions that each write one of a form, with its type.

What a form needs of other forms it asks of `term` and `number`, so that everything nests in everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from syrupc.spec import INT_TYPES, STORED_TYPES, MapKind
from tests.fuzz.file import EDGES, Map
from tests.fuzz.packets import field, length
from tests.fuzz.scope import Variable, Writer, as_kind, number, record, storable, tame, term, variable
from tests.fuzz.terms import (
    INTS,
    LAID,
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
TABLES: Final = (*(MapKind.HASH_MAP,) * 3, MapKind.LRU_HASH_MAP, MapKind.PER_CPU_HASH_MAP)
KEYED: Final = (*(MapKind.ARRAY, MapKind.PER_CPU_ARRAY) * 2, *ARRAYS, *TABLES)
READABLE: Final = (*KEYED, MapKind.LPM_TRIE)
OPERATORS: Final = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>")
ATOMIC_OPERATORS: Final = ("+", "-", "&", "|", "^")
COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
MAX_OFFSET: Final = 65519


def key(w: Writer, table: Map, depth: int) -> Term:
    """A key for a map: most often one that is there, sometimes one that cannot be."""
    if table.key in w.file.structs:
        return Term(record(w, w.file.structs[table.key], depth), Kind.NATURAL)
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
    return STORED_TYPES[table.key].minimum, STORED_TYPES[table.key].maximum


# -- leaves ------------------------------------------------------------------------------------------------------------


def readable(w: Writer, _depth: int) -> Term:
    return variable(w) if w.readable() else literal(w, 0)


def literal(w: Writer, _depth: int) -> Term:
    if w.one_in(20):
        value = w.one_in(2)
        return Term(str(value), Kind.BIT, frozenset((int(value),)), True)
    if w.one_in(3):
        return constant(w.choose(EDGES))
    if w.one_in(4):
        return constant(-(w.choose(EDGES) % (1 << 63)))
    return constant(w.rnd.randrange(10))


def named_constant(w: Writer, _depth: int) -> Term:
    return w.file.constant()


def folded(w: Writer, depth: int) -> Term:
    """An expression of constants alone: its value is exact, and must fit 64 bits in the end."""
    left, right = literal(w, 0), literal(w, 0)
    operator = w.choose(OPERATORS)
    (a,), (b,) = left.literals, right.literals
    if not (operator in ("//", "%") and b == 0) and not (operator in ("<<", ">>") and not 0 <= b <= 70):
        value = int(eval(f"({a}) {operator} ({b})"))
        if -(1 << 63) <= value < 1 << 64:
            return Term(f"({left.text} {operator} {right.text})", kind_of(value), frozenset((value,)), True)
    return readable(w, depth)


def element(w: Writer, depth: int) -> Term:
    """An element of a tuple of constants, by an index that is a constant or known late."""
    spelling, values = w.file.tuple()
    found = term(w, depth - 1) if depth > 0 else constant(0)
    if found.constant:
        index = w.rnd.randrange(-len(values), len(values))
        return Term(f"{spelling}[{index}]", kind_of(values[index]), frozenset((values[index],)), True)
    text = tame(w, found, 0, len(values) - 1).text
    if w.rnd.randrange(4):
        text = w.choose((f"{text} % {len(values)}", f"-({text} & 3)", f"{text} & 3"))
    return Term(f"{spelling}[{text}]", joined(*map(kind_of, values)))


def outside(w: Writer, depth: int) -> Term:
    if not w.file.worldly:
        return field(w, depth)
    name = w.choose(("random", "now_ns", "cpu"))
    return Term(f"syrup.{name}()", Kind.WIDE if name == "now_ns" else Kind.NATURAL)


# -- operators ---------------------------------------------------------------------------------------------------------


def binary(w: Writer, depth: int) -> Term:
    operator = w.choose(OPERATORS)
    left = term(w, depth - 1)
    if operator in ("<<", ">>"):
        right = _shift_count(w, depth - 1)
    elif operator in ("//", "%"):
        right = divisor(w, depth - 1, mixable(left.kind))
    else:
        right = number(w, depth - 1, mixable(left.kind))
    if left.constant and right.constant:  # the value might not fit; see `_folded`
        left = as_kind(w, _some_variable(w), mixable(right.kind))
        if left.constant:
            return right
    return Term(f"({left.text} {operator} {right.text})", arithmetic(operator, left.kind, right.kind))


def _some_variable(w: Writer) -> Term:
    return variable(w) if w.readable() else length(w, 0)


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


def power(w: Writer, depth: int) -> Term:
    base = number(w, depth - 1)
    if base.constant:
        base = _some_variable(w)
    if base.constant:
        return base
    return Term(f"({base.text} ** {w.rnd.randrange(6)})", arithmetic("**", base.kind, Kind.NATURAL))


def unary(w: Writer, depth: int) -> Term:
    operator = w.choose(("-", "~", "+", "not "))
    operand = term(w, depth - 1)
    if operator == "not ":
        known = frozenset(int(not value) for value in operand.literals) if operand.constant else frozenset[int]()
        return Term(f"(not {operand.text})", Kind.BIT, known, operand.constant)
    if operand.constant:
        operand = _some_variable(w)
    if operand.constant:
        return operand
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


def logic(w: Writer, depth: int) -> Term:
    operator = w.choose((" and ", " or "))
    terms = [term(w, depth - 1)]
    with w.sometimes():
        for _ in range(w.choose((1, 1, 2))):
            terms.append(number(w, depth - 1, mixable(joined(*(t.kind for t in terms)))))
    literals = frozenset().union(*(t.literals for t in terms))
    return Term(f"({operator.join(t.text for t in terms)})", joined(*(t.kind for t in terms)), literals)


def ternary(w: Writer, depth: int) -> Term:
    test = condition(w, depth - 1)
    with w.sometimes():
        body = term(w, depth - 1)
        other = number(w, depth - 1, mixable(body.kind))
    literals = body.literals | other.literals
    return Term(f"({body.text} if {test.text} else {other.text})", joined(body.kind, other.kind), literals)


def condition(w: Writer, depth: int) -> Term:
    """Something to decide by: most often a comparison."""
    return comparison(w, depth) if w.one_in(2) else term(w, depth)


def membership(w: Writer, depth: int) -> Term:
    operator = w.choose((" in ", " in ", " not in "))
    if w.one_in(4):
        table = w.file.map(READABLE)
        left = term(w, depth - 1) if table.key in LAID else key(w, table, depth - 1)
        return Term(f"({left.text}{operator}{table.name})", Kind.BIT)
    return Term(f"({term(w, depth - 1).text}{operator}{_container(w)})", Kind.BIT)


def _container(w: Writer) -> str:
    if w.one_in(3):
        return w.choose(("range(5)", "range(-4, 200, 3)", "range(9, -9, -2)", "range(2, 70000)", "range(3, 3)"))
    return w.file.tuple()[0]


def walrus(w: Writer, depth: int) -> Term:
    """An assignment inside an expression; where that is not surely evaluated, to a variable that is set anyhow."""
    known = list(w.assignable())
    target: Variable
    if known and (w.unsure or not w.one_in(3)):
        target = w.choose(known)
    elif w.unsure:
        return term(w, depth - 1)
    else:
        target = w.new(w.choose((Kind.NATURAL, Kind.SIGNED, Kind.WIDE)))
    value = number(w, depth - 1, assigned(target))
    w.set(target, value)
    return Term(f"({target.name} := {value.text})", value.kind, value.literals)


def assigned(target: Variable) -> Sequence[Kind]:
    """What a variable can be set to."""
    return {Kind.WIDE: WIDE, Kind.SIGNED: INTS}.get(target.kind, NON_NEGATIVE)


def annotated(w: Writer, depth: int, name: str) -> Term:
    """A value that the annotation allows, which never converts. Of a record the kind means nothing."""
    if name in w.file.structs:
        return Term(record(w, w.file.structs[name], depth), Kind.NATURAL)
    match name:
        case "u64":
            return number(w, depth, WIDE)
        case "int":
            found = number(w, depth, INTS)
            return found if found.constant or w.one_in(2) else Term(f"int({found.text})", Kind.SIGNED)
        case "bool":
            return Term(f"bool({term(w, depth).text})", Kind.BIT)
    if w.one_in(5):
        return constant(w.choose((0, 1, INT_TYPES[name].minimum, INT_TYPES[name].maximum)))
    return Term(f"{name}({storable(w, term(w, depth), name).text})", STORAGE[name])


# -- calls -------------------------------------------------------------------------------------------------------------


def cast(w: Writer, depth: int) -> Term:
    name = w.choose(tuple(STORAGE))
    value = term(w, depth - 1)
    spelt = f"syrup.{name}" if name not in ("int", "bool") and w.one_in(8) else name
    return Term(f"{spelt}({storable(w, value, name).text})", STORAGE[name])


def choice(w: Writer, depth: int) -> Term:
    terms = [term(w, depth - 1)]
    for _ in range(w.choose((1, 1, 2))):
        terms.append(number(w, depth - 1, mixable(joined(*(t.kind for t in terms)))))
    kind = joined(Kind.NATURAL, *(t.kind for t in terms))
    return Term(f"{w.choose(('min', 'max'))}({', '.join(t.text for t in terms)})", kind)


def absolute(w: Writer, depth: int) -> Term:
    value = term(w, depth - 1)
    return Term(f"abs({value.text})", Kind.WIDE if value.kind is Kind.WIDE else Kind.NATURAL)


def read(w: Writer, depth: int) -> Term:
    """A read at an offset that is known late."""
    if w.payload is None:
        return term(w, depth - 1)
    read = w.choose(tuple(READS))
    offset = term(w, depth - 1)
    if w.one_in(5):
        return Term(f"{w.payload}.{read}({tame(w, offset, 0, MAX_OFFSET).text})", READS[read])
    bound = w.choose((f"{offset.text} & 7", f"{offset.text} % 13", f"{offset.text} & 15"))
    return Term(f"{w.payload}.{read}({bound})", READS[read])


# -- maps --------------------------------------------------------------------------------------------------------------


def item(w: Writer, depth: int) -> Term:
    table = w.file.map(READABLE, lambda m: m.value in LAID)
    return Term(f"{table.name}[{key(w, table, depth - 1).text}]", LAID[table.value])


def get(w: Writer, depth: int) -> Term:
    table = w.file.map((*TABLES, *READABLE), lambda m: m.value in LAID)
    kind = LAID[table.value]
    where = key(w, table, depth - 1)
    default = number(w, depth - 1, mixable(kind))
    return Term(f"{table.name}.get({where.text}, {default.text})", joined(Kind.NATURAL, kind, default.kind))


def fetch_add(w: Writer, depth: int) -> Term:
    """An atomic addition that gives the old value."""
    table = w.file.map(KEYED, lambda m: m.atomic)
    where = key(w, table, depth - 1)
    change = number(w, depth - 1, mixable(LAID[table.value]))
    return Term(f"{table.name}.fetch_add({where.text}, {change.text})", LAID[table.value])
