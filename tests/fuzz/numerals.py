"""Rewrites a policy file so that Python computes with the language's numbers.

Literals, truth values and module constants become `Num`; what is made of constants alone is computed exactly first; and
where a value is one of several (`a if c else b`, `a or b`), its type is that of all of them, as the language says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

FILE: Final = "policy.py"
"""The name that code of a policy file has in tracebacks."""

_WIDE_CALLS: Final = {"u64", "now_ns", "be64"}
_WIDE_FIELDS: Final = {"src_high", "src_low", "dst_high", "dst_low"}
_NARROW_CALLS: Final = {
    "u8",
    "u16",
    "u32",
    "i8",
    "i16",
    "i32",
    "be16",
    "be32",
    "int",
    "bool",
    "len",
    "random",
    "cpu",
    "emit",
    "find",
    "hash",
    "read",
    "startswith",
}


@dataclass(frozen=True)
class Known:
    """The module level: names of numbers and of tuples of numbers, and what functions return."""

    numbers: set[str]
    tuples: set[str]
    results: dict[str, tuple[str, ...]]
    structs: set[str]
    wide_fields: set[str]


def rewrite(module: ast.Module) -> ast.Module:
    """The module, ready to be run with the names of `reference` in its scope."""
    body = [node for node in module.body if not _imports_syrup(node)]
    known = Known(*_constants(body), _results(body), _structs(body), _WIDE_FIELDS | _wide_fields(body))
    functions = [_Numerals(known, n).visit(n) if isinstance(n, ast.FunctionDef) else n for n in body]
    return ast.fix_missing_locations(ast.Module(functions, []))


def _imports_syrup(node: ast.stmt) -> bool:
    match node:
        case ast.Import(names=[ast.alias(name="syrup")]) | ast.ImportFrom(module="syrup" | "__future__"):
            return True
    return False


def _constants(body: list[ast.stmt]) -> tuple[set[str], set[str]]:
    """The names at module level that stand for numbers, enumerations among them, and for tuples of numbers."""
    numbers, tuples = set(), set()
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple()):
                tuples.add(name)
            case ast.Assign(targets=[ast.Name()], value=ast.Constant(value=bytes())):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not isinstance(value, ast.Call):
                numbers.add(name)
            case ast.ClassDef(name=name, bases=[_]):
                numbers.add(name)
    return numbers, tuples


def _results(body: list[ast.stmt]) -> dict[str, tuple[str, ...]]:
    """What each function returns, by the names of types."""
    results: dict[str, tuple[str, ...]] = {}
    for node in body:
        match node:
            case ast.FunctionDef(name=name, returns=ast.Subscript(slice=ast.Tuple(elts=parts))):
                results[name] = tuple(map(ast.unparse, parts))
            case ast.FunctionDef(name=name, returns=ast.expr() as result):
                results[name] = (ast.unparse(result),)
    return results


def _structs(body: list[ast.stmt]) -> set[str]:
    return {node.name for node in body if isinstance(node, ast.ClassDef) and not node.bases}


def _wide_fields(body: list[ast.stmt]) -> set[str]:
    """The fields that are u64, or have such elements. A name is that in all structs of a file, or in none."""
    wide, narrow = set(), set()
    for node in body:
        match node:
            case ast.ClassDef(bases=[], body=fields):
                for each in fields:
                    assert isinstance(each, ast.AnnAssign)
                    kinds = {n.id for n in ast.walk(each.annotation) if isinstance(n, ast.Name)}
                    (wide if kinds & {"u64", "be64"} else narrow).add(ast.unparse(each.target))
    assert not wide & (narrow | {"value"})
    return wide


def _references(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """The variables that hold what `lookup` gives, each with its map."""
    for node in ast.walk(function):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(value=table, attr="lookup")))
                | ast.NamedExpr(
                    target=ast.Name(id=name), value=ast.Call(func=ast.Attribute(value=table, attr="lookup"))
                )
            ):
                yield name, table


class _Numerals(ast.NodeTransformer):
    """Of one function."""

    def __init__(self, known: Known, function: ast.FunctionDef) -> None:
        local = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.constants, self.tuples = known.numbers - local, known.tuples - local
        self.known, self.results = known, known.results[function.name]
        self.references = dict(_references(function))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list, node.returns = [], None
        for argument in node.args.args:
            argument.annotation = None
        return self.generic_visit(node)

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and self.constant(node):
            return _call("_number", node)
        found: ast.AST = super().visit(node)
        return found

    def constant(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant(value=int()):
                return True
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(value=ast.Name(id=name)):
                return name in self.constants
            case ast.BinOp(left=left, right=right):
                return self.constant(left) and self.constant(right)
            case ast.UnaryOp(operand=operand):
                return self.constant(operand)
            case ast.Subscript(value=table, slice=index):
                return self.constant_tuple(table) and self.constant(index)
        return False

    def constant_tuple(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Tuple) or (isinstance(node, ast.Name) and node.id in self.tuples)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        return _call("_element", node.value, node.slice) if self.constant_tuple(node.value) else node

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        return _call("_number", self.generic_visit(node))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return _call("_number", node) if isinstance(node.op, ast.Not) else node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = _call("_each", node.iter)
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        node.test = _call("_turn", node.test)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return self.joined(node, [node.body, node.orelse])

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        return self.joined(node, node.values)

    def joined(self, node: ast.expr, branches: list[ast.expr]) -> ast.AST:
        tests = [test for branch in branches if (test := self.wide(branch)) is not None]
        self.generic_visit(node)
        if not tests:
            return node
        anything = ast.Call(ast.Name("any", ast.Load()), [ast.List(tests, ast.Load())], [])
        return _call("_joined", node, ast.Lambda(ast.arguments([], [], None, [], [], None, []), anything))

    def wide(self, node: ast.expr) -> ast.expr | None:
        """An expression that tells, without evaluating `node`, whether it gives a u64; None if it surely does not."""
        match node:
            case ast.Name(id=name) if name not in self.constants:
                return _call("_wide", ast.Name(name, ast.Load()))
            case _ if self.constant(node):
                return _call("_wide", node)
            case ast.BinOp(left=left, op=ast.LShift() | ast.RShift() | ast.Pow() | ast.FloorDiv()):
                return self.wide(left)
            case ast.BinOp(left=left, op=ast.BitAnd() | ast.Mod(), right=right):
                tests = self.wide(left), self.wide(right)
                return None if None in tests else ast.BoolOp(ast.And(), [t for t in tests if t is not None])
            case ast.BinOp(left=left, right=right):
                return self.either(left, right)
            case ast.UnaryOp(op=op, operand=operand):
                return None if isinstance(op, ast.Not) else self.wide(operand)
            case ast.IfExp(body=body, orelse=orelse):
                return self.either(body, orelse)
            case ast.BoolOp(values=values):
                return self.either(*values)
            case ast.NamedExpr(value=value):
                return self.wide(value)
            case ast.Attribute(value=ast.Name(id=name), attr="value") if name in self.references:
                return _call("_wide", self.references[name])
            case ast.Attribute(attr=name) | ast.Subscript(value=ast.Attribute(attr=name)):
                return ast.Constant(True) if name in self.known.wide_fields else None
            case ast.Subscript(value=table):
                return _call("_wide", table)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments):
                return self.wide_call(node, name, arguments)
        return None

    def wide_call(self, node: ast.Call, name: str, arguments: list[ast.expr]) -> ast.expr | None:
        if name in _WIDE_CALLS or name == "u64":
            return ast.Constant(True)
        if name in _NARROW_CALLS:
            return None
        if name in self.known.structs:
            return None
        if name in self.known.results:
            return ast.Constant(True) if self.known.results[name] == ("u64",) else None
        if name in ("min", "max", "abs"):
            return self.either(*arguments)
        assert isinstance(node.func, ast.Attribute), f"`{name}` is not known here"
        table = _call("_wide", node.func.value)  # a map's method
        default = arguments[1:] if name == "get" else arguments if name in ("pop", "peek") else []
        return self.either_of([table, *map(self.wide, default)])

    def either(self, *nodes: ast.expr) -> ast.expr | None:
        return self.either_of([self.wide(node) for node in nodes])

    def either_of(self, tests: list[ast.expr | None]) -> ast.expr | None:
        known = [test for test in tests if test is not None]
        return ast.BoolOp(ast.Or(), known) if len(known) > 1 else known[0] if known else None

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """A decision must be one; a result is of the type that is declared, where paths meet."""
        if node.value is None:
            return node
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        results = [self.returned(value, kind) for value, kind in zip(values, self.results, strict=True)]
        node.value = ast.Tuple(results, ast.Load()) if len(results) > 1 else results[0]
        return node

    def returned(self, value: ast.expr, kind: str) -> ast.expr:
        result = self.visit(value)
        match kind:
            case "syrup.Executor":
                return _call("_decided", result)
            case "u64":
                return _call("_number", result, ast.Constant(True))
        return result


def _call(name: str, *arguments: ast.AST) -> ast.expr:
    first = arguments[0]
    made = ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
    return ast.copy_location(made, first) if hasattr(first, "lineno") else made
