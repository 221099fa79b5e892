"""What a policy under construction knows: its lines, and the variables that are surely set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from syrupc.spec import INT_TYPES, STORED_TYPES, MapKind
from tests.fuzz.file import File, Map, Struct
from tests.fuzz.terms import ANY, NON_NEGATIVE, STORAGE, Kind, Term, constant, fits

T = TypeVar("T")

_NAMES: Final = "abcxyzpqrstuvw"


DECISION: Final = "syrup.Executor"
"""What a policy returns."""

# Ways through a loop multiply with every turn: more turns than these have no branches in them.
_FEW_TURNS: Final = 3

TermForm: TypeAlias = "Callable[[Writer, int], Term]"
RecordForm: TypeAlias = "Callable[[Writer, Struct, int], str | None]"
StatementForm: TypeAlias = "Callable[[Writer], None]"


@dataclass(slots=True)
class Variable:
    """A local variable: its kind never changes, `literals` are the constants that were ever assigned to it."""

    name: str
    kind: Kind
    literals: set[int] = field(default_factory=set)

    @property
    def term(self) -> Term:
        return Term(self.name, self.kind, frozenset(self.literals))


@dataclass(eq=False, slots=True)
class Reference:
    """A variable for what `lookup` gives. It is `ended` by whatever may add entries to its map or remove them."""

    name: str
    table: Map
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """What functions are made of: tables of forms, in which each is as often as it shall be met.

    `leaves` need no other terms, `plain` are statements without branches. A form of `records` that cannot give a record
    of a struct gives None. `looked_up` are the kinds of maps that references are made of.
    """

    leaves: tuple[TermForm, ...]
    records: tuple[RecordForm, ...]
    looked_up: tuple[MapKind, ...]
    terms: tuple[TermForm, ...]
    plain: tuple[StatementForm, ...]
    statements: tuple[StatementForm, ...]


class Writer:
    """The lines of one function, and what may be used at the current point.

    A policy decides; a helper function returns values of the types that `returns` names. `payload` is what the bytes of
    the datagram are called, if the function sees them; `packet`, whether it sees all of `pkt`.
    """

    def __init__(
        self,
        file: File,
        grammar: Grammar,
        budget: int,
        *,
        packet: bool = True,
        payload: str | None = "pkt.payload",
        returns: tuple[str, ...] = (DECISION,),
    ) -> None:
        self.file, self.rnd, self.grammar = file, file.rnd, grammar
        self.packet, self.payload, self.returns = packet, payload, returns
        self.lines: list[str] = []
        self.variables: dict[str, Variable] = {}
        self.records: dict[str, Struct] = {}
        # Those that are tested.
        self.references: list[Reference] = []
        # The maps that gain or lose entries.
        self.changes: set[str] = set()
        self.budget = budget
        self.indent = 1
        self.loops = 0
        # How often the innermost block is run, at most: the turns of the loops around it, multiplied.
        self.turns = 1
        # Variables that a loop counts with: whoever assigned them might never end it.
        self.held: set[str] = set()
        # Inside of what is evaluated only sometimes a walrus sets nothing for certain.
        self.unsure = False
        # What the helper functions cost that are called from here, as lines that are walked.
        self.called = 0
        self.large: set[str] = set()
        self._all: dict[str, Variable] = {}
        self._all_records: dict[str, Struct] = {}
        self._all_references: list[Reference] = []

    # -- choices -------------------------------------------------------------------------------------------------------

    def one_in(self, n: int) -> bool:
        return self.rnd.randrange(n) == 0

    def choose(self, choices: Sequence[T]) -> T:
        return choices[self.rnd.randrange(len(choices))]

    # -- lines ---------------------------------------------------------------------------------------------------------

    def put(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """An indented block after which no more is known to be set than before it."""
        self.put(header)
        known, records, references = dict(self.variables), dict(self.records), list(self.references)
        self.indent += 1
        yield
        self.indent -= 1
        self.variables, self.records = known, records
        self.references = [ref for ref in references if not ref.ended]

    @contextmanager
    def loop(self, header: str, turns: int, held: Iterable[str] = ()) -> Iterator[None]:
        """The body of a loop."""
        before, self.held = self.held, self.held | set(held)
        self.loops, self.turns = self.loops + 1, self.turns * max(turns, 1)
        with self.block(header):
            # An earlier turn may have changed the map.
            self.references = [ref for ref in self.references if ref.table.kind.indexed]
            yield
        self.loops, self.turns, self.held = self.loops - 1, self.turns // max(turns, 1), before

    # -- variables -----------------------------------------------------------------------------------------------------

    def readable(self) -> list[Variable]:
        return list(self.variables.values())

    def assignable(self) -> list[Variable]:
        """Variables that are set and may be set anew."""
        return [v for v in self.variables.values() if v.name not in self.held]

    def target(self) -> Variable:
        """A variable to assign: one that is set, one that is set on some paths, or a new one."""
        known = [v for v in self._all.values() if v.name not in self.held]
        if known and (self.rnd.randrange(4) or len(self._all) >= len(_NAMES)):
            return self.choose(known)
        return self.new(self.choose((Kind.NATURAL, Kind.SIGNED, Kind.SIGNED, Kind.WIDE)))

    def new(self, kind: Kind) -> Variable:
        """A new variable, not yet set."""
        number = len(self._all)
        name = _NAMES[number] if number < len(_NAMES) else f"v{number}"
        self._all[name] = made = Variable(name, Kind.NATURAL if kind is Kind.BIT else kind)
        return made

    def parameter(self, name: str, kind: Kind) -> None:
        """A variable that the function is called with."""
        made = Variable(name, Kind.NATURAL if kind is Kind.BIT else kind)
        self._all[name] = self.variables[name] = made

    def set(self, variable: Variable, value: Term) -> None:
        """The variable has this value now."""
        variable.literals |= value.literals
        self.variables[variable.name] = variable

    def new_record(self, struct: Struct) -> str:
        """A variable for records of the struct: one that there is, or a new one; not yet set."""
        known = [name for name, of in self._all_records.items() if of is struct]
        if known and self.rnd.randrange(2):
            return self.choose(known)
        name = f"record_{len(self._all_records)}"
        self._all_records[name] = struct
        return name

    def new_reference(self, table: Map) -> Reference:
        """A reference into the map, not yet tested. Outside of loops its variable may be one that there is."""
        names = list(dict.fromkeys(ref.name for ref in self._all_references))
        known = [ref.name for ref in self._all_references if ref.table is table]
        name = self.choose(known) if known and not self.loops and self.one_in(3) else f"ref_{len(names)}"
        self._end(lambda ref: ref.name == name)
        made = Reference(name, table)
        self._all_references.append(made)
        return made

    def open(self, ref: Reference) -> None:
        """The reference is tested now."""
        if not ref.ended:
            self.references.append(ref)

    def close(self, ref: Reference) -> None:
        self.references = [each for each in self.references if each is not ref]

    def change(self, *tables: str) -> None:
        """These maps may gain or lose entries now."""
        self.changes |= set(tables)
        self._end(lambda ref: ref.table.kind.keyed and ref.table.name in tables)

    def _end(self, which: Callable[[Reference], bool]) -> None:
        for ref in filter(which, self._all_references):
            ref.ended = True
        self.references = [ref for ref in self.references if not ref.ended]

    @contextmanager
    def sometimes(self) -> Iterator[None]:
        """What is generated meanwhile is evaluated only sometimes."""
        before, self.unsure = self.unsure, True
        yield
        self.unsure = before


# -- what functions are made of ----------------------------------------------------------------------------------------


def term(w: Writer, depth: int) -> Term:
    """Any expression of at most this depth."""
    form = w.choose(w.grammar.leaves if depth <= 0 or w.one_in(5) else w.grammar.terms)
    return form(w, depth)


def number(w: Writer, depth: int, kinds: Sequence[Kind] = ANY) -> Term:
    """An expression of one of these kinds."""
    return as_kind(w, term(w, depth), kinds)


def record(w: Writer, struct: Struct, depth: int) -> str:
    """An expression that gives a record of the struct."""
    while (found := w.choose(w.grammar.records)(w, struct, depth)) is None:
        pass
    return found


def variable(w: Writer) -> Term:
    """A variable that is set; the number zero where there is none."""
    known = w.readable()
    return w.choose(known).term if known else constant(0)


def body(w: Writer, statements: int) -> None:
    """So many statements, as long as the budget lasts."""
    for _ in range(statements):
        if w.budget <= 0:
            break
        w.budget -= 1
        w.choose(w.grammar.statements if w.turns <= _FEW_TURNS else w.grammar.plain)(w)
    if w.lines and w.lines[-1].endswith(":"):
        w.put("pass")


def nested(w: Writer) -> None:
    """A block of few statements."""
    body(w, w.choose((1, 1, 2, 3)))


# -- making a term fit where it goes -----------------------------------------------------------------------------------


def as_kind(w: Writer, term: Term, kinds: Sequence[Kind]) -> Term:
    """The term, or a cast of it, of one of these kinds."""
    if term.kind in kinds:
        return term
    wanted = Kind.NATURAL if tuple(kinds) == NON_NEGATIVE else w.choose(kinds)
    casts = [name for name, kind in STORAGE.items() if kind is wanted]
    name = w.choose(casts)
    if wanted is Kind.NATURAL and term.kind is Kind.SIGNED and not term.constant and w.one_in(4):
        return Term(f"abs({term.text})", wanted)
    return Term(f"{name}({tame(w, term, INT_TYPES[name].minimum, INT_TYPES[name].maximum).text})", wanted)


def tame(w: Writer, term: Term, low: int, high: int) -> Term:
    """The term, or another one that the compiler cannot take for a constant out of these bounds."""
    if term.within(low, high):
        return term
    if term.constant:
        return constant(w.choose([v for v in (0, 1, high, low, min(high, 100)) if low <= v <= high]))
    mask = w.choose([m for m in (1, 3, 7, 255, 65535) if m <= high] or [0])
    return Term(f"({term.text} & {mask})", Kind.NATURAL)


def storable(w: Writer, term: Term, type_name: str) -> Term:
    """What an entry of this type can be set to."""
    if all(fits(value, type_name) for value in term.literals):
        return term
    kind = STORED_TYPES[type_name]
    return tame(w, term, kind.minimum, kind.maximum)
