"""Control-flow checks on a normal form: variables are set and references tested before use, and every path decides.

Python finds these out when it runs; so would a policy, with another path's value in the register. A reference counts as
tested from `is not None` until it is bound again or its map gains or loses an entry: the kernel may then use the memory
of the old entry for another one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from syrupc.frontend.normalize import NormalForm
from syrupc.frontend.source import Findings
from syrupc.spec import MapSpec

# The variables that are surely set, and marks for the references that are tested; None where control cannot be.
_State = frozenset[str] | None

# Operations that add or remove entries.
_CHANGES = ("map.set", "map.delete")

# How many assignments of an unset variable are shown.
_SHOWN = 3


def check_flow(form: NormalForm, changes: Mapping[str, frozenset[str]], found: Findings) -> None:
    """Report variables that may be unset (SYR107), references that may be None (SYR111), paths without an end
    (SYR108) and loops without one (SYR109). `changes` tells which maps gain or lose entries in each helper function."""
    function = form.node
    stores = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    checker = _FlowChecker(found, stores, form.references, changes)
    end = checker.block(function.body, frozenset(a.arg for a in function.args.args))
    if end is not None:
        what, example = ("a decision", "return syrup.PASS") if form.decides else ("a result", "return 0")
        found.error(
            "SYR108",
            f"`{function.name}` may end without {what}",
            form.last,
            label="control can go on behind this",
            help=(f"end every path with `return`, for example `{example}`",),
        )


def changed_maps(helpers: Mapping[str, NormalForm]) -> dict[str, frozenset[str]]:
    """The maps that gain or lose entries in each helper function, or in those that it calls."""
    changes = {name: frozenset(_directly_changed(form.node)) for name, form in helpers.items()}
    for _ in helpers:  # as many rounds as the longest chain of calls has links
        for name, form in helpers.items():
            changes[name] = changes[name].union(*(changes[called] for called in form.helpers))
    return changes


def _directly_changed(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=operation), args=arguments) if operation in _CHANGES:
                for each in arguments:
                    if isinstance(each, ast.Name) and each.id.startswith("map:"):
                        yield each.id.removeprefix("map:")


def _tested(name: str) -> str:
    """The mark of a reference that is tested. No name of a variable holds a blank."""
    return f"{name} tested"


@dataclass
class _Loop:
    """The states in which control leaves a loop's body early."""

    breaks: list[_State] = field(default_factory=list)
    continues: list[_State] = field(default_factory=list)


class _FlowChecker:
    def __init__(
        self,
        found: Findings,
        stores: list[ast.Name],
        references: Mapping[str, MapSpec],
        changes: Mapping[str, frozenset[str]],
    ) -> None:
        self.found, self.stores = found, sorted(stores, key=lambda n: (n.lineno, n.col_offset))
        self.variables = {n.id for n in stores}
        self.references, self.changes = references, changes
        self.loops: list[_Loop] = []
        self.returns = 0  # that control was seen to reach

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
                self.returns += 1
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
                return self.bind(name, self.evaluate(value, state))
            case ast.Expr(value=ast.Call(func=ast.Name(id="check.holds"), args=[test])):
                return self.decide(test, state)[0]
            case ast.Expr(value=value):
                return self.evaluate(value, state)
        return state

    # A later turn starts with at least what the first one starts with, so one pass finds all that may be unset: what
    # the loop takes back is taken back before it.

    def for_loop(self, node: ast.For, state: frozenset[str]) -> _State:
        assert isinstance(node.target, ast.Name)
        loop = _Loop()
        state = state - frozenset(self.taken_back(node))
        end = self.turn(node.body, state | {node.target.id}, loop)
        exhausted = end if _surely_turns(node.iter) else _merge(end, state)
        return _merge(self.block(node.orelse, exhausted), *loop.breaks)

    def while_loop(self, node: ast.While, state: frozenset[str]) -> _State:
        loop, returns = _Loop(), self.returns
        then, otherwise = self.decide(node.test, state - frozenset(self.taken_back(node)))
        self.turn(node.body, then, loop)
        if otherwise is None and not loop.breaks and self.returns == returns:
            self.endless(node)
        return _merge(self.block(node.orelse, otherwise), *loop.breaks)

    def endless(self, node: ast.While) -> None:
        self.found.error(
            "SYR109",
            "this loop never ends",
            node.test,
            notes=("its condition is always true, and no `break` or `return` is ever reached in it",),
            help=("loop over `range(N)` with a constant N",),
        )

    def taken_back(self, loop: ast.For | ast.While) -> Iterator[str]:
        """The marks that a turn may take away."""
        for node in ast.walk(loop):
            match node:
                case ast.Name(id=name, ctx=ast.Store()) if name in self.references:
                    yield _tested(name)
                case ast.Call():
                    yield from self.untested_by(node)

    def untested_by(self, call: ast.Call) -> Iterator[str]:
        """The marks of references into maps that a call adds entries to, or removes them from."""
        match call.func:
            case ast.Name(id=operation) if operation in _CHANGES:
                changed = frozenset(_directly_changed(call))
            case ast.Name(id=name) if name.startswith("func:"):
                changed = self.changes[name.removeprefix("func:")]
            case _:
                return
        yield from (_tested(name) for name, m in self.references.items() if m.kind.keyed and m.name in changed)

    def bind(self, name: str, state: frozenset[str]) -> frozenset[str]:
        return (state | {name}) - {_tested(name)}

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
            case ast.Call(func=ast.Name(id="place.present"), args=[tested]):
                after = self.evaluate(node, state)
                name = tested.target.id if isinstance(tested, ast.NamedExpr) else tested.id  # type: ignore[attr-defined]
                return after | {_tested(name)}, after
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
                if name in self.references:
                    self.follow(node, name, state)
                return state
            case ast.NamedExpr(target=target, value=value):
                return self.bind(target.id, self.evaluate(value, state))
            case ast.Call(func=ast.Name(id="place.present"), args=[ast.Name(id=name) as tested]):
                self.use(tested, name, state)
                return state
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
        return state - frozenset(self.untested_by(node)) if isinstance(node, ast.Call) else state

    def use(self, node: ast.expr, name: str, state: frozenset[str]) -> None:
        if name in self.variables and name not in state:
            self.found.error(
                "SYR107",
                f"`{name}` may be unset here",
                node,
                labels=tuple((n, "it is assigned here") for n in self.stores if n.id == name)[:_SHOWN],
                notes=("a path leads here that does not assign it",),
                help=(f"give it a value first: `{name} = 0`",),
            )

    def follow(self, node: ast.expr, name: str, state: frozenset[str]) -> None:
        """A reference is used; one that may be unset was reported already."""
        if name in state and _tested(name) not in state:
            declared = self.references[name]
            table = declared.name
            missing = f"`{table}.lookup` gives None for a missing key"
            ended = f"adding or deleting an entry of `{table}` ends what was tested before"
            self.found.error(
                "SYR111",
                f"`{name}` may be None here",
                node,
                notes=(f"{missing}; {ended}",),
                help=(f"test it on every path that leads here: `if {name} is not None:`",),
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
