"""Fills in the tables of `language.md` that are generated from the code: `make docs`.

What stands between `<!-- generated: NAME -->` and `<!-- end -->` is replaced; a test holds the page to what this gives.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import syrup
from syrupc import lang
from syrupc.frontend.entries import METHODS
from syrupc.frontend.packet_rules import READS
from syrupc.kernel.headers import HEADERS, Header
from syrupc.kernel.map_types import OF_KIND
from syrupc.spec import STORED_TYPES, FaultKind, IntType, MapKind

PAGE: Final = Path(__file__).parent / "language.md"
_BLOCK: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """The page with its generated tables as they are now."""
    return _BLOCK.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def _said(thing: object, sentences: int = 1) -> str:
    """The first sentences of a docstring, as one line."""
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    found = re.split(r"(?<=[.!?]) (?=[A-Z])", text)
    return " ".join(found[:sentences])


def types() -> str:
    def row(kind: IntType) -> tuple[str, str, str, str]:
        order = "big-endian" if kind.big_endian else "" if kind.size == 1 else "little-endian"
        return f"`{kind}`", str(kind.size), _bounds(kind), order

    return _table(("type", "bytes", "values", "in memory"), map(row, STORED_TYPES.values()))


def _bounds(kind: IntType) -> str:
    if kind.bits == 1:
        return "`False`, `True`"
    low = f"-2**{kind.bits - 1}" if kind.signed else "0"
    return f"{low} … 2**{kind.bits - kind.signed} - 1"


def maps() -> str:
    def row(kind: MapKind) -> tuple[str, str, str]:
        found = OF_KIND[kind]
        declared = f"`{kind.value}({', '.join(kind.parameters)})`"
        return declared, _said(getattr(syrup, kind.value), 2), f"{found.name}, {found.since}"

    return _table(("declaration", "holds", "in the kernel, since"), map(row, MapKind))


def methods() -> str:
    def row(name: str) -> tuple[str, str, str]:
        kinds, operations = METHODS[name]
        method = getattr(getattr(syrup, kinds[0].value), name)
        parameters = [p for p in inspect.signature(method).parameters if p != "self"]
        forms = (f"`m.{name}({', '.join(parameters[:count])})`" for count in operations)
        return ", ".join(forms), ", ".join(k.value for k in kinds), _said(method)

    return _table(("method", "of", "does"), map(row, METHODS))


def _form(name: str, function: Callable[..., object]) -> str:
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    forms = {inspect.Parameter.KEYWORD_ONLY: "{}=…", inspect.Parameter.VAR_POSITIONAL: "*{}"}
    shown = [forms.get(p.kind, "{}").format(p.name) for p in parameters]
    return f"`{name}({', '.join(shown)})`"


def functions() -> str:
    names = ("random", "now_ns", "cpu", "hash", "trace", "range")
    return _table(
        ("function", "gives"),
        ((_form(f"syrup.{name}", getattr(lang, name)), _said(getattr(lang, name), 2)) for name in names),
    )


def faults() -> str:
    return _table(("fault", "when"), ((f"`{kind.value}`", kind.meaning) for kind in FaultKind))


def reads() -> str:
    methods = {name: getattr(lang.View, name) for name in READS}
    return _table(("read", "gives"), ((_form(f"view.{n}", m), _said(m)) for n, m in methods.items()))


def headers() -> str:
    def row(attribute: str, header: Header) -> tuple[str, str, str]:
        names = ", ".join(f"`{field.name}`" for field in header.fields)
        return f"`pkt.{attribute}`", header.title, names

    return _table(("view", "of", "fields"), (row(name, header) for name, header in HEADERS.items()))


TABLES: Final[dict[str, Callable[[], str]]] = {
    each.__name__: each for each in (types, maps, methods, functions, faults, reads, headers)
}

if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
