"""What rewriting a policy's tree needs at every node: new nodes at old places, and rejections by name."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, TypeVar

from syrupc.frontend import outside
from syrupc.frontend.constants import Constant
from syrupc.frontend.declare import BUILTIN_NAMES, FUNCTIONS, SCALARS, Declarations
from syrupc.frontend.source import Findings, head
from syrupc.frontend.suggest import did_you_mean, nearest
from syrupc.spec import INT_TYPES

CASTS: Final = frozenset(INT_TYPES)
PYTHON_FUNCTIONS: Final = frozenset({"abs", "bool", "int", "len", "max", "min", "range"})
"""The functions of Python's own that a policy may call."""

_OWN: Final = ", ".join(f"`{name}`" for name in sorted(PYTHON_FUNCTIONS))

_Node = TypeVar("_Node", bound=ast.AST)


class Builder(ABC):
    """Makes nodes, and remembers what they refer to. `locals` are the names that the function binds."""

    def __init__(self, declarations: Declarations, found: Findings, bound: set[str]) -> None:
        self.declarations, self.found = declarations, found
        self.locals = bound
        self.intrinsics: set[str] = set()
        self.globals: dict[str, object] = {}
        self.temporaries = 0

    @abstractmethod
    def expression(self, node: ast.expr) -> ast.expr:
        """The normal form of an expression."""

    def shared(self, name: str, value: object, node: ast.AST) -> ast.expr:
        """What the file declares, by a name of ours."""
        self.globals[name] = value
        return at(ast.Name(name, ast.Load()), node)

    def intrinsic(self, name: str, node: ast.AST) -> ast.expr:
        self.intrinsics.add(name)
        return at(ast.Name(name, ast.Load()), node)

    def call(self, name: str, arguments: list[ast.expr], node: ast.AST) -> ast.expr:
        return at(ast.Call(self.intrinsic(name, node), arguments, []), node)

    def effect(self, name: str, arguments: list[ast.expr], node: ast.AST) -> ast.stmt:
        return at(ast.Expr(self.call(name, arguments, node)), node)

    def temporary(self) -> str:
        self.temporaries += 1
        name = f"value!{self.temporaries}"  # no name of the user's, nor Numba's name for a version of one
        self.locals.add(name)
        return name

    def text(self, node: ast.expr) -> str:
        return self.declarations.source.segment(node)

    def constants(self) -> dict[str, Constant]:
        """The constants that no local variable hides."""
        known = self.declarations.constants.items()
        return {name: value for name, value in known if name.partition(".")[0] not in self.locals}

    def casts(self) -> dict[str, str]:
        """How this file spells the integer types that constants are cast to."""
        return {spelling: name for spelling, name in self.declarations.exports.items() if name in SCALARS}

    def count(self, node: ast.Call, name: str, parameters: Sequence[str]) -> bool:
        """Whether a call has as many arguments as there are parameters."""
        if len(node.args) == len(parameters):
            return True
        takes = f"{len(parameters)} argument{'' if len(parameters) == 1 else 's'}"
        help_line = f"`{name}({', '.join(parameters)})`"
        self.found.error("SYR205", f"`{name}` takes {takes}, not {len(node.args)}", node, help=(help_line,))
        return False

    # -- rejections ----------------------------------------------------------------------------------------------------

    def operator(self, op: ast.operator, node: ast.AST) -> None:
        if type(op) in outside.OPERATORS and isinstance(node, ast.expr | ast.stmt):
            name, instead = outside.OPERATORS[type(op)]
            self.found.error("SYR101", f"{name}: not in the policy language", node, help=(instead,))

    def reject_expression(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Constant):
            return self.reject(node, *outside.CONSTANTS[type(node.value)])
        name, instead = outside.EXPRESSIONS.get(type(node), (f"`{type(node).__name__}`", "remove it"))
        return self.reject(node, name, instead)

    def reject(self, node: ast.expr | ast.stmt | ast.keyword, name: str, instead: str, whole: bool = True) -> ast.expr:
        place = node if whole else head(node)
        self.found.error("SYR101", f"{name} is not in the policy language", place, help=(instead,))
        return placeholder(node)

    def unknown(self, node: ast.Name, name: str) -> None:
        if name in self.declarations.unusable:
            unusable = self.declarations.unusable[name]
            labels = ((unusable.place, "it is bound here"),) if unusable.place else ()
            help_lines = (unusable.instead,) if unusable.instead else ()
            message = f"a policy cannot use `{name}`"
            self.found.error("SYR104", message, node, labels=labels, notes=(unusable.reason,), help=help_lines)
            return
        if name in BUILTIN_NAMES:
            instead = outside.BUILTINS.get(name, f"policies have {_OWN} and the functions of `syrup`")
            self.reject(node, f"`{name}`", instead)
            return
        known = self.declarations
        own = [*self.locals, *known.constants, *known.maps, *known.structs, *known.helpers]
        spelt = {spelling.rpartition(".")[2]: spelling for spelling in known.exports}
        meant = nearest(name, [*own, *spelt])
        suggestion = f"did you mean `{meant if meant in own else spelt[meant]}`?" if meant else ""
        help_line = suggestion or "assign it first, or declare it at the top of the file"
        self.found.error("SYR104", f"`{name}` is not defined", node, help=(help_line,))

    def misused(self, node: ast.expr, name: str) -> None:
        if name in self.declarations.maps:
            use = f"access an entry: `{name}[key]`"
            self.found.error("SYR101", f"the map `{name}` cannot be used as a value", node, help=(use,))
        elif name in self.declarations.structs:
            fields = ", ".join(f.name for f in self.declarations.structs[name].fields)
            message = f"the struct `{name}` cannot be used as a value"
            self.found.error("SYR101", message, node, help=(f"make one: `{name}({fields})`",))
        elif name in self.declarations.helpers:
            help_line = f"call it: `{name}({', '.join(self.declarations.helpers[name].spec.parameters)})`"
            self.found.error("SYR101", f"the function `{name}` cannot be used as a value", node, help=(help_line,))
        elif name in CASTS or name in PYTHON_FUNCTIONS or name in FUNCTIONS:
            call = f"syrup.{name}()" if name in FUNCTIONS else f"{name}(x)"
            self.found.error("SYR101", f"`{name}` cannot be used as a value", node, help=(f"call it: `{call}`",))
        else:
            self.found.error("SYR101", f"`{name}` has no meaning inside a policy", node, help=("remove it",))

    def is_syrup(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Name) and node.id not in self.locals and f"{node.id}.jit" in self.declarations.exports
        )

    def no_export(self, node: ast.Attribute) -> None:
        prefix = ast.unparse(node.value) + "."
        candidates = [s.removeprefix(prefix) for s in self.declarations.exports if s.startswith(prefix)]
        help_lines = did_you_mean(node.attr, candidates, prefix + "{}") or ("`docs/language.md` lists what there is",)
        self.found.error("SYR104", f"`{prefix}{node.attr}` does not exist in a policy", node, help=help_lines)


def at(node: _Node, place: ast.AST) -> _Node:
    return ast.copy_location(node, place)


def placeholder(place: ast.AST) -> ast.expr:
    """Stands where something was rejected, so that the rest is still checked; never compiled."""
    return at(ast.Constant(0), place)
