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
                self.evaluate(value, state)
                return None
            case ast.Break():
                self.loops[-1].breaks.append(state)
                return None
            case ast.Continue():
                self.loops[-1].continues.append(state)
                return None
            case ast.If(test=test, body=body, orelse=orelse):
                then, otherwise = self.decide(test, state)
                return _merge(self.block(body, then), self.block(orelse, otherwise))
            case ast.For():
                return self.for_loop(node, self.evaluate(node.iter, state))
            case ast.While():
                return self.while_loop(node, state)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return self.evaluate(value, state) | {name}
            case ast.Expr(value=value):
                return self.evaluate(value, state)
        return state

    # A later turn starts with at least what the first one starts with, so one pass finds all that may be unset.

    def for_loop(self, node: ast.For, state: frozenset[str]) -> _State:
        assert isinstance(node.target, ast.Name)
        loop = _Loop()
        end = self.turn(node.body, state | {node.target.id}, loop)
        exhausted = end if _surely_turns(node.iter) else _merge(end, state)
        return _merge(self.block(node.orelse, exhausted), *loop.breaks)

    def while_loop(self, node: ast.While, state: frozenset[str]) -> _State:
        loop = _Loop()
        then, otherwise = self.decide(node.test, state)
        self.turn(node.body, then, loop)
        return _merge(self.block(node.orelse, otherwise), *loop.breaks)

    def turn(self, body: list[ast.stmt], state: _State, loop: _Loop) -> _State:
        self.loops.append(loop)
        end = self.block(body, state)
        self.loops.pop()
        return _merge(end, *loop.continues)

    # -- expressions: what is set after them, and what is set if they are true or false -------------------------------

    def decide(self, node: ast.expr, state: frozenset[str]) -> tuple[_State, _State]:
        """The states in which a condition is true, and false."""
        match node:
            case ast.Constant(value=value):
                return (state, None) if value else (None, state)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                true, false = self.decide(operand, state)
                return false, true
            case ast.BoolOp(op=op, values=values):
                return self.decide_all(isinstance(op, ast.And), values, state)
        after = self.evaluate(node, state)
        return after, after

    def decide_all(self, conjunction: bool, values: list[ast.expr], state: frozenset[str]) -> tuple[_State, _State]:
        left: list[_State] = []  # the states in which evaluation stops early
        current: _State = state
        for value in values:
            if current is None:
                break
            true, false = self.decide(value, current)
            current, stopped = (true, false) if conjunction else (false, true)
            left.append(stopped)
        return (current, _merge(*left)) if conjunction else (_merge(*left), current)

    def evaluate(self, node: ast.expr, state: frozenset[str]) -> frozenset[str]:
        """What is set after an expression; reports what it uses and may be unset."""
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                self.use(node, name, state)
                return state
            case ast.NamedExpr(target=target, value=value):
                return self.evaluate(value, state) | {target.id}
            case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return _sure(*self.decide(node, state), otherwise=state)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                true, false = self.decide(test, state)
                ends = [self.evaluate(e, s) for e, s in ((body, true), (orelse, false)) if s is not None]
                return _sure(*ends, otherwise=state)
            case ast.Compare(left=left, comparators=[first, *others]):
                state = after = self.evaluate(first, self.evaluate(left, state))
                for other in others:  # evaluated only while the chain holds
                    after = self.evaluate(other, after)
                return state
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                state = self.evaluate(child, state)
        return state

    def use(self, node: ast.expr, name: str, state: frozenset[str]) -> None:
        if name in self.variables and name not in state:
            self.found.error(
                "SYR107",
                f"`{name}` may be unset here",
                node,
                notes=("a path leads here that does not assign it",),
                help=(f"give it a value first: `{name} = 0`",),
            )


def _merge(*states: _State) -> _State:
    reached = [s for s in states if s is not None]
    return frozenset.intersection(*reached) if reached else None


def _sure(*states: _State, otherwise: frozenset[str]) -> frozenset[str]:
    merged = _merge(*states)
    return otherwise if merged is None else merged


def _surely_turns(iterable: ast.expr) -> bool:
    """Whether a loop has a first turn, as far as constants tell."""
    match iterable:
        case ast.Call(func=ast.Name(id="loop.range"), args=bounds):
            return len(range(*(_literal(a) for a in bounds))) > 0
        case ast.Call(func=ast.Name(id="loop.constants"), args=values):
            return bool(values)
    return False


def _literal(node: ast.expr) -> int:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int)
    return node.value
