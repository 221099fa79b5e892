"""Records in generated policies: where they come from, where they go, and what is read from them."""

from __future__ import annotations

from tests.fuzz.expressions import KEYED, READABLE, condition, key
from tests.fuzz.file import Struct
from tests.fuzz.scope import Writer, record, storable, tame, term
from tests.fuzz.terms import LAID, Kind, Term

# -- where they come from ----------------------------------------------------------------------------------------------


def variable(w: Writer, struct: Struct, _depth: int) -> str | None:
    known = [name for name, of in w.records.items() if of is struct]
    return w.choose(known) if known else None


def made(w: Writer, struct: Struct, depth: int) -> str:
    """`Request(1, port=2)`."""
    values = []
    named = False
    for field in struct.parameters:
        named = named or w.one_in(4)
        if field.type in LAID:
            value = storable(w, term(w, min(depth - 1, 1)), field.type).text
        else:
            value = record(w, w.file.structs[field.type], depth - 1)
        values.append(f"{field.name}={value}" if named else value)
    return f"{struct.name}({', '.join(values)})"


def read(w: Writer, struct: Struct, depth: int) -> str | None:
    """A record that lies in the packet."""
    if w.payload is None:
        return None
    form = w.rnd.randrange(4)
    if form == 0 and depth > 0:
        offset = f", {tame(w, term(w, depth - 1), 0, 1000).text} & 15"
    else:
        offset = "" if form == 1 else f", {'o=' if w.one_in(4) else ''}{w.rnd.randrange(12)}"
    return f"{w.payload}.read({struct.name}{offset})"


def item(w: Writer, struct: Struct, depth: int) -> str | None:
    if depth <= 0:
        return None
    table = w.file.known(READABLE, lambda m: m.value == struct.name)
    return f"{table.name}[{key(w, table, depth - 1).text}]" if table else None


def get(w: Writer, struct: Struct, depth: int) -> str | None:
    table = w.file.known(READABLE, lambda m: m.value == struct.name)
    if depth <= 0 or table is None:
        return None
    where = key(w, table, depth - 1)
    return f"{table.name}.get({where.text}, {record(w, struct, depth - 1)})"


def ternary(w: Writer, struct: Struct, depth: int) -> str | None:
    if depth <= 0:
        return None
    test = condition(w, depth - 1)
    with w.sometimes():
        return f"({record(w, struct, depth - 1)} if {test.text} else {record(w, struct, depth - 1)})"


def inner(w: Writer, struct: Struct, depth: int) -> str | None:
    """A record inside another one."""
    places = [
        (name, field)
        for name, of in w.records.items()
        for field in of.fields
        if field.type == struct.name and (field.count is None or depth > 0)
    ]
    if not places:
        return None
    name, field = w.choose(places)
    return f"{name}.{field.name}" + (f"[{index(w, field.count, depth - 1)}]" if field.count else "")


# -- what is read from them --------------------------------------------------------------------------------------------


def field(w: Writer, depth: int) -> Term:
    """A number in a record: most often in that of a variable, else in an entry of a map."""
    if w.records and w.rnd.randrange(4):
        name = w.choose(tuple(w.records))
        return part(w, w.records[name], name, depth - 1)
    table = w.file.known(READABLE, lambda m: m.value in w.file.structs)
    if table is None:
        return term(w, depth - 1)
    return part(w, w.file.structs[table.value], f"{table.name}[{key(w, table, depth - 1).text}]", depth - 1)


def part(w: Writer, struct: Struct, base: str, depth: int) -> Term:
    """A number inside what `base` is the text of."""
    text, kind = place(w, struct, base, depth)
    return Term(text, LAID[kind])


def place(w: Writer, struct: Struct, base: str, depth: int) -> tuple[str, str]:
    """The same, as its text and its type."""
    chosen = w.choose(struct.fields)
    text = f"{base}.{chosen.name}" + (f"[{index(w, chosen.count, depth - 1)}]" if chosen.count else "")
    return (text, chosen.type) if chosen.type in LAID else place(w, w.file.structs[chosen.type], text, depth)


def index(w: Writer, count: int, depth: int) -> str:
    """An index of elements: most often of one that there is."""
    if w.one_in(2):
        return str(w.rnd.randrange(count))
    found = term(w, depth)
    if found.constant or w.one_in(6):
        return tame(w, found, 0, count - 1).text
    return w.choose((f"{found.text} % {count}", f"{found.text} & {1 if count < 3 else 3}"))


def hashed(w: Writer, depth: int) -> Term:
    """The hash of a record, or of a number."""
    if w.file.structs and w.one_in(2):
        return Term(f"syrup.hash({record(w, w.file.struct(), depth - 1)})", Kind.NATURAL)
    return Term(f"syrup.hash({term(w, depth - 1).text})", Kind.NATURAL)


# -- where they go -----------------------------------------------------------------------------------------------------


def assign(w: Writer) -> None:
    struct = w.file.struct()
    value = record(w, struct, 2)
    name = w.new_record(struct)
    w.put(f"{name}: {struct.name} = {value}" if w.one_in(6) else f"{name} = {value}")
    w.records[name] = struct


def store(w: Writer) -> None:
    """A record into a map, where there is none yet into a new one."""
    table = w.file.map(KEYED, lambda m: m.value in w.file.structs)
    value = record(w, w.file.structs[table.value], 2)
    w.put(f"{table.name}[{key(w, table, 1).text}] = {value}")
    w.change(table.name)
