"""What marks a function as a policy, looked up in the syntax tree before anything is compiled."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from syrupc.errors import CompileError
from syrupc.frontend.source import PolicySource
from syrupc.kernel.profiles import NAMES
from syrupc.kernel.release import release


def marks(tree: ast.Module) -> Iterator[ast.expr]:
    """The decorators of functions that are `syrup.jit`, called or not, under whatever name it was imported."""
    nodes = list(ast.walk(tree))
    names = {name for node in nodes for name in _names(node)}
    for node in nodes:
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if ast.unparse(mark.func if isinstance(mark, ast.Call) else mark) in names:
                yield mark


def asked_kernel(source: PolicySource) -> str | None:
    """The newest release that a policy of the file asks for, as in `@syrup.jit(kernel="6.1")`."""
    if "kernel" not in source.text:
        return None
    try:
        found = {name for mark in marks(source.tree) for name in _kernels(mark)}
    except CompileError:  # whoever compiles it will say so
        return None
    return max(found, key=release, default=None)


def _kernels(mark: ast.expr) -> Iterator[str]:
    for keyword in mark.keywords if isinstance(mark, ast.Call) else ():
        match keyword:
            case ast.keyword(arg="kernel", value=ast.Constant(value=str(name))) if name in NAMES:
                yield name


def _names(node: ast.AST) -> Iterator[str]:
    """What an import lets the file call the decorator."""
    match node:
        case ast.Import(names=names):
            yield from (f"{each.asname or each.name}.jit" for each in names if each.name == "syrup")
        case ast.ImportFrom(module="syrup", names=names):
            yield from (each.asname or each.name for each in names if each.name == "jit")
            yield from ("jit" for each in names if each.name == "*")
