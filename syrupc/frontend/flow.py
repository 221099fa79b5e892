"""Control-flow checks on a normal form: every variable is set before it is used, and every path decides.

Python finds both out when it runs; so would a policy, with another path's value in the register.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from syrupc.frontend.source import Findings

# The variables that are surely set; None where control cannot be.
_State = frozenset[str] | None


def check_flow(function: ast.FunctionDef, found: Findings) -> None:
    """Report variables that may be unset (SYR107) and paths without a decision (SYR108)."""
    names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    checker = _FlowChecker(found, frozenset(names))
    end = checker.block(function.body, frozenset(a.arg for a in function.args.args))
    if end is not None:
        last = function.body[-1]
        found.error(
            "SYR108",
            f"`{function.name}` may end without a decision",
            last,
            label="a path that reaches this ends here",
            help=("end every path with `return`, for example `return syrup.PASS`",),
        )


@dataclass
class _Loop:
    """The states in which control leaves a loop's body early."""

    breaks: list[_State] = field(default_factory=list)
    continues: list[_State] = field(default_factory=list)


class _FlowChecker:
    def __init__(self, found: Findings, variables: frozenset[str]) -> None:
        self.found, self.variables = found, variables
        self.loops: list[_Loop] = []

    def block(self, body: list[ast.stmt], state: _State) -> _State:
        for statement in body:
            state = self.statement(statement, state)
        return state

    def statement(self, node: ast.stmt, state: _State) -> _State:
        if state is None:
            return None
        match node:
            case ast.Return(value=ast.expr() as value):
                self.uses(value, state)
                return None
            case ast.Break():
                self.loops[-1].breaks.append(state)
                return None
            case ast.Continue():
                self.loops[-1].continues.append(state)
                return None
            case ast.If(test=test, body=body, orelse=orelse):
                self.uses(test, state)
                return _merge(self.block(body, state), self.block(orelse, state))
            case ast.For():
                return self.loop(node, state)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.uses(value, state)
                return state | {name}
            case ast.Expr(value=value):
                self.uses(value, state)
        return state

    def loop(self, node: ast.For, state: frozenset[str]) -> _State:
        assert isinstance(node.target, ast.Name)
        loop = _Loop()
        self.loops.append(loop)
        # A later turn starts with at least what the first one starts with, so one pass finds all that may be unset.
        end = _merge(self.block(node.body, state | {node.target.id}), *loop.continues)
        self.loops.pop()
        exhausted = end if _surely_turns(node.iter) else _merge(end, state)
        return _merge(self.block(node.orelse, exhausted), *loop.breaks)

    def uses(self, expression: ast.expr, state: frozenset[str]) -> None:
        for node in ast.walk(expression):
            if isinstance(node, ast.Name) and node.id in self.variables and node.id not in state:
                self.found.error(
                    "SYR107",
                    f"`{node.id}` may be unset here",
                    node,
                    notes=("a path leads here that does not assign it",),
                    help=(f"give it a value first: `{node.id} = 0`",),
                )


def _merge(*states: _State) -> _State:
    reached = [s for s in states if s is not None]
    return frozenset.intersection(*reached) if reached else None


def _surely_turns(iterable: ast.expr) -> bool:
    if not isinstance(iterable, ast.Call):
        return False
    return len(range(*(_literal(a) for a in iterable.args))) > 0 if iterable.args else False


def _literal(node: ast.expr) -> int:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int)
    return node.value
