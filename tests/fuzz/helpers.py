"""Helper functions of generated policy files: written when one is first called, and called again from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.fuzz.expressions import annotated, assigned
from tests.fuzz.file import Helper, Struct
from tests.fuzz.scope import DECISION, Writer, body, storable, term
from tests.fuzz.statements import assign, give
from tests.fuzz.terms import STORAGE, Term

_COSTLY: Final = 150
"""Lines that are walked in all helpers that one function calls: the kernel walks every call of its own."""

_NUMBERS: Final = ("int", "int", "int", "u64", "u64", "u32", "u32", "u8", "u16", "i16", "i32", "bool")
_NAMES: Final = ("left", "right", "extra", "more")
_LONG: Final = 16
"""Statements without branches that make a helper large."""
_SIZES: Final = (1, 2, 2, 3, 5, 12)


def call(w: Writer, depth: int) -> Term:
    """A call of a helper that gives one number."""
    helper = _some(w, lambda h: len(h.results) == 1 and h.results[0] in STORAGE, (w.choose(_NUMBERS),))
    return Term(_called(w, helper, depth - 1), STORAGE[helper.results[0]]) if helper else term(w, depth - 1)


def call_for_record(w: Writer, struct: Struct, depth: int) -> str | None:
    helper = _some(w, lambda h: h.results == (struct.name,), (struct.name,)) if depth > 0 else None
    return _called(w, helper, depth - 1) if helper else None


def call_for_effect(w: Writer) -> None:
    helper = _some(w, lambda h: h.results != (DECISION,) and len(h.results) < 2, ())
    if helper is None:
        return assign(w)
    w.put(_called(w, helper, 1))
    return None


def unpack(w: Writer) -> None:
    """`a, b = helper(x)`."""
    results = tuple(_kind(w) for _ in range(w.choose((2, 2, 3))))
    helper = _some(w, lambda h: len(h.results) > 1, results)
    if helper is None:
        return assign(w)
    text = _called(w, helper, 1)
    names: list[str] = []
    for result in helper.results:
        if result in w.file.structs:
            names.append(w.new_record(w.file.structs[result]))
            w.records[names[-1]] = w.file.structs[result]
            continue
        suited = [v for v in w.assignable() if STORAGE[result] in assigned(v) and v.name not in names]
        target = w.choose(suited) if suited and w.one_in(2) else w.new(STORAGE[result])
        names.append(target.name)
        w.set(target, Term("", STORAGE[result]))
    w.put(f"{', '.join(names)} = {text}")
    return None


def decide(w: Writer) -> None:
    """A decision that a helper makes."""
    decides = w.returns == (DECISION,) and w.one_in(4)
    helper = _some(w, lambda h: h.results == (DECISION,), (DECISION,)) if decides else None
    if helper is None:
        return give(w)
    w.put(f"return {_called(w, helper, 1)}")
    return None


def call_again(w: Writer) -> None:
    """A second call of a large helper: then it stays a function of the object."""
    known = [h for h in w.file.helpers if h.name in w.large and h.results != (DECISION,)]
    if not known or w.turns > 1:
        return assign(w)
    w.put(_called(w, w.choose(known), 1))
    return None


def _called(w: Writer, helper: Helper, depth: int) -> str:
    w.called += helper.cost
    text = f"{helper.name}({', '.join(_argument(w, helper, name, depth) for name in helper.parameters)})"
    w.change(*helper.changes)
    if helper.large:
        w.large.add(helper.name)
    return text


def _argument(w: Writer, helper: Helper, name: str, depth: int) -> str:
    match name:
        case "syrup.Packet":
            return "pkt"
        case "syrup.View":
            return str(w.payload)
        case "bool" | "u64":
            return annotated(w, depth, name).text
    if helper.large:  # of the same type in every call, or each has a function of its own
        return f"{name}({storable(w, term(w, depth), name).text})"
    return annotated(w, depth, name).text


def _some(w: Writer, suits: Callable[[Helper], bool], results: tuple[str, ...]) -> Helper | None:
    """A helper that can be called here, or a new one with these results."""
    room = (_COSTLY - w.called) // w.turns
    known = [h for h in w.file.helpers if suits(h) and h.cost <= room and _within_reach(w, h)]
    if known and (w.file.helpers_begun >= w.file.most_helpers or w.rnd.randrange(3)):
        return w.choose(known)
    if w.file.helpers_begun >= w.file.most_helpers or w.turns > 1:
        return None
    made = _new(w, results)
    w.file.helpers.append(made)
    return made if made.cost <= room else None


def _within_reach(w: Writer, helper: Helper) -> bool:
    """Whether the caller has what the helper looks at."""
    return (w.packet or "syrup.Packet" not in helper.parameters) and (
        w.payload is not None or "syrup.View" not in helper.parameters
    )


def _new(w: Writer, results: tuple[str, ...]) -> Helper:
    """A helper function, which may make others on the way."""
    file = w.file
    name, file.helpers_begun = f"helper_{file.helpers_begun}", file.helpers_begun + 1
    source = w.choose(("syrup.Packet", "syrup.Packet", None)) if w.packet else None
    if source is None and w.payload is not None and w.one_in(3):
        source = "syrup.View"
    large = w.one_in(3)
    counts = (1, 1, 2, 2, 3) if large else (1, 1, 2, 2, 3, 4)  # what is large has to fit registers
    kinds = [w.choose(_NUMBERS) if large else _kind(w) for _ in range(w.choose(counts))]
    inner = Writer(
        file,
        w.grammar,
        w.choose(_SIZES),
        packet=source == "syrup.Packet",
        payload={"syrup.Packet": "pkt.payload", "syrup.View": "view"}.get(source or ""),
        returns=results,
    )
    for parameter, kind in zip(_NAMES, kinds, strict=False):
        if kind in file.structs:
            inner.records[parameter] = file.structs[kind]
        else:
            inner.parameter(parameter, STORAGE[kind])
    for _ in range(_LONG if large else 0):
        w.choose(w.grammar.plain)(inner)
    body(inner, inner.budget)
    if results or not inner.lines:
        give(inner)
    parameters = [("pkt" if source == "syrup.Packet" else "view", source)] if source else []
    parameters += zip(_NAMES, kinds, strict=False)
    header = f"def {name}({', '.join(f'{p}: {kind}' for p, kind in parameters)}) -> {_spelt(results)}:"
    return Helper(
        name,
        tuple(kind for _, kind in parameters),
        results,
        ("@syrup.func", header, *inner.lines),
        len(inner.lines) + inner.called,
        frozenset(inner.changes),
        large,
    )


def _kind(w: Writer) -> str:
    """What a parameter or a result is annotated with."""
    return w.choose(tuple(w.file.structs)) if w.file.structs and w.one_in(5) else w.choose(_NUMBERS)


def _spelt(results: tuple[str, ...]) -> str:
    if not results:
        return "None"
    return results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"
