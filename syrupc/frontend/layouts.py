"""Structs of a policy file, and the types that fields, keys and values are declared with."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final, Protocol

from syrupc.frontend.constants import Constant, NotConstant, evaluate
from syrupc.frontend.source import Findings, Located, head
from syrupc.frontend.suggest import did_you_mean
from syrupc.lang.records import Record
from syrupc.spec import STORED_TYPES, ArrayType, StoredType, StructType

MAX_SIZE: Final = 512
"""Bytes of the largest struct: what a program's stack holds."""


class Names(Protocol):
    """What the module level has bound so far."""

    @property
    def found(self) -> Findings: ...
    @property
    def exports(self) -> Mapping[str, str]: ...
    @property
    def constants(self) -> Mapping[str, Constant]: ...
    @property
    def structs(self) -> Mapping[str, StructType]: ...
    @property
    def bindings(self) -> Mapping[str, int]: ...


def annotation_text(node: ast.expr) -> str:
    """How an annotation spells a name; a string is one that is read later."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)


def stored_type(node: ast.expr, names: Names) -> StoredType | None:
    """The type that `node` spells, or a diagnostic."""
    spelling = annotation_text(node)
    if spelling in names.structs:
        return names.structs[spelling]
    own = spelling in ("int", "bool") and not names.bindings.get(spelling)
    name = names.exports.get(spelling, spelling if own else "")
    if name in STORED_TYPES:
        return STORED_TYPES[name]
    known = ", ".join(sorted(STORED_TYPES))
    spelt = {s: n for s, n in names.exports.items() if n in STORED_TYPES}
    help_lines = did_you_mean(spelling, [*spelt, *names.structs]) or ("for example `u64`",)
    message = f"`{spelling}` is neither an integer type nor a struct of this file"
    notes = (f"integer types: {known}",)
    names.found.error("SYR106", message, node, notes=notes, help=help_lines)
    return None


def struct(node: ast.ClassDef, names: Names) -> StructType | None:
    """Read `@syrup.struct class Name: field: type …`, or say what does not belong there."""
    known = len(names.found)
    fields: list[tuple[str, StoredType]] = []
    if node.bases or node.keywords or len(node.decorator_list) > 1:
        others: list[Located] = [*node.bases, *(k.value for k in node.keywords), *node.decorator_list[1:]]
        names.found.error("SYR106", "a struct has no bases and no other decorators", others[0], help=_FORM)
    for each in node.body:
        match each:
            case ast.Expr(value=ast.Constant(value=str())) | ast.Pass():
                continue
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                kind = _field(annotation, value, names)
                if any(name == earlier for earlier, _ in fields):
                    rename = ("give it another name",)
                    names.found.error("SYR106", f"the field `{name}` is declared twice", each, help=rename)
                elif name.startswith("_"):
                    rename = (f"call it `{name.lstrip('_')}`",) if name.strip("_") else ("give it another name",)
                    message = f"the name of the field `{name}` starts with `_`"
                    names.found.error("SYR106", message, each.target, help=rename)
                elif name in _OF_EVERY_STRUCT:
                    message = f"a field cannot be called `{name}`: every struct has a method of that name"
                    names.found.error("SYR106", message, each.target, help=("give it another name",))
                elif kind is not None:
                    fields.append((name, kind))
            case _:
                message = f"only fields belong into the struct `{node.name}`"
                names.found.error("SYR106", message, head(each), help=_FORM)
    if len(names.found) > known:
        return None
    made = StructType.of(node.name, fields)
    if not 0 < made.size <= MAX_SIZE:
        message = f"the struct `{node.name}` has {made.size} bytes, and 1 to {MAX_SIZE} are possible"
        names.found.error("SYR106", message, head(node), help=_FORM if not made.size else _SPREAD)
        return None
    return made


_OF_EVERY_STRUCT: Final = frozenset({Record.from_bytes.__name__})
_SPREAD: Final = ("spread it over several structs",)
_FORM: Final = ("one field a line: `kind: u32`, or an array: `slots: syrup.Elements[u32] = syrup.elements(4)`",)


def _field(annotation: ast.expr, value: ast.expr | None, names: Names) -> StoredType | None:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.copy_location(_parsed(annotation.value), annotation)
    element = _element(annotation, names)
    match value:
        case None if element is None:
            return stored_type(annotation, names)
        case ast.Call(func=func, args=[count], keywords=[]) if element is not None and (
            names.exports.get(ast.unparse(func)) == "elements"
        ):
            kind, number = stored_type(element, names), _count(count, names)
            return ArrayType(kind, number) if kind is not None and number is not None else None
    message = "a field has no default" if element is None else "an array says how many elements it has"
    names.found.error("SYR106", message, value or annotation, help=_FORM)
    return None


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return ast.Constant(text)


def _element(annotation: ast.expr, names: Names) -> ast.expr | None:
    match annotation:
        case ast.Subscript(value=base, slice=element) if names.exports.get(ast.unparse(base)) == "Elements":
            return element
    return None


def _count(node: ast.expr, names: Names) -> int | None:
    try:
        value = evaluate(node, names.constants, {})
    except NotConstant as why:
        message = f"the number of elements is not a constant: {why.reason}"
        names.found.error("SYR106", message, why.node, help=("write the number, or a constant of the module",))
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SIZE:
        message = f"an array has 1 to {MAX_SIZE} elements"
        names.found.error("SYR106", message, node, label=f"this is {value!r}", help=(f"{MAX_SIZE} at most",))
        return None
    return value
