"""Where a finding is, told relative to the function around it: edits elsewhere in the file leave it as it is."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from syrupc.objfile.model import Program


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The function, or what else is declared there, and the line counted from its first; 0 where no line is known.

    In an object without lines instructions count instead. `function` is empty for what stands in none.
    """

    function: str = ""
    line: int = 0


NO_PLACE: Final = Place()


def in_source(text: str, line: int) -> Place:
    """The place of a line (which counts from 1) in a policy file."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return NO_PLACE
    for node in tree.body:
        marks = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        first = min((node.lineno, *(mark.lineno for mark in marks)))
        if first <= line <= (node.end_lineno or first):
            name = _declared(node)
            return Place(name, line - first) if name else NO_PLACE
    return NO_PLACE


def in_program(program: Program, slot: int, line: int) -> Place:
    """The place of an instruction, and of the line it comes from (0 where that is not known)."""
    functions = [each for each in program.functions if each.slot <= max(slot, 0)]
    if slot < 0 or not functions:
        return Place(program.name)
    function = functions[-1]
    first = next((each.line for each in program.lines if each.slot >= function.slot), 0)
    return Place(function.name, line - first if line and first else slot - function.slot)


def _declared(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""
