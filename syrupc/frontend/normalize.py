"""The allow-list: checks a policy's tree against the language and rewrites it to the few forms that are compiled.

What is not matched here by name is rejected by name. Afterwards every name is a local variable or an *intrinsic* (an
operation of the language, spelt as a call to a name that holds a dot), constants stand as literals, and map accesses
are calls: `m[k] += v` becomes `e = map.entry(m, k)` and `entry.add(e, v)`, in Python's order of evaluation and faults.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from syrupc.frontend import outside
from syrupc.frontend.building import at, placeholder
from syrupc.frontend.declare import Declarations, Policy
from syrupc.frontend.entries import is_lookup, references_of
from syrupc.frontend.expressions import Expressions
from syrupc.frontend.helpers import EXECUTOR, Annotation, Helper
from syrupc.frontend.source import Findings, Located, head
from syrupc.frontend.suggest import did_you_mean
from syrupc.spec import INT_TYPES, IntType, MapSpec, StructType

# Those that read, change and write back without a gap in which another CPU's update is lost.
_ATOMIC: Final[dict[type[ast.operator], str]] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
}


@dataclass(frozen=True)
class NormalForm:
    """A function after rewriting, and what it refers to.

    `intrinsics` are names; `globals` are what the file declares, by names of ours; `references` are the variables that
    hold what `lookup` gives, each with its map; `decides` tells whether it returns a decision.
    """

    node: ast.FunctionDef
    intrinsics: frozenset[str]
    globals: Mapping[str, object]
    references: Mapping[str, MapSpec]
    decides: bool
    # Where the last statement of the function begins.
    last: Located

    @property
    def helpers(self) -> tuple[str, ...]:
        """The helper functions that it calls."""
        return tuple(value.name for value in self.globals.values() if isinstance(value, Helper))


def normalize(function: Policy | Helper, declarations: Declarations, found: Findings) -> NormalForm:
    """Check and rewrite one function; what is wrong goes to `found`."""
    return _Normalizer(function, declarations, found).run()


class _Normalizer(Expressions):
    """Statements of the language; one traversal of the function."""

    def __init__(self, function: Policy | Helper, declarations: Declarations, found: Findings) -> None:
        node = function.node
        super().__init__(declarations, found, {*(a.arg for a in node.args.args), *_assigned(node)})
        self.function_node = node
        # None for a policy, which decides.
        self.results = None if isinstance(function, Policy) or function.results == (EXECUTOR,) else function.results
        self.references, conflicts = references_of(node, declarations.maps)
        for other, first in conflicts:
            message = f"`{other.id}` is a reference into a map elsewhere, and something else here"
            labels = ((first, "here it is what `lookup` gives"),)
            found.error("SYR206", message, other, labels=labels, help=("use another name",))

    def run(self) -> NormalForm:
        source = self.function_node
        body = self.block(source.body)
        if self.results == ():
            body.append(self.nothing(source.body[-1]))
        node = ast.FunctionDef(
            name=source.name,
            args=_plain_arguments(source.args),
            body=body,
            decorator_list=[],
            returns=None,
            type_comment=None,
        )
        if "type_params" in ast.FunctionDef._fields:  # from Python 3.12 on
            setattr(node, "type_params", [])  # noqa: B010
        ast.copy_location(node, source)
        return NormalForm(
            node=ast.fix_missing_locations(node),
            intrinsics=frozenset(self.intrinsics),
            globals=self.globals,
            references=self.references,
            decides=self.results is None,
            last=head(source.body[-1]),
        )

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [new for old in body for new in self.statement(old)]

    def statement(self, node: ast.stmt) -> Iterator[ast.stmt]:
        match node:
            case ast.Pass() | ast.Break() | ast.Continue():
                yield node
            case ast.Expr(value=ast.Constant(value=str())):  # a docstring, or a string that stands as a comment
                yield at(ast.Pass(), node)
            case ast.Expr(value=ast.Call() as call):
                yield at(ast.Expr(value=self.expression(call)), node)
            case ast.Return(value=None | ast.Constant(value=None)) if self.results == ():
                yield self.nothing(node)
            case ast.Return(value=ast.expr() as value):
                yield from self.result(node, value)
            case ast.If(test=test, body=body, orelse=orelse):
                yield at(ast.If(self.expression(test), self.block(body), self.block(orelse)), node)
            case ast.For(target=ast.Name() as target, iter=iterable, body=body, orelse=orelse):
                loop = ast.For(target, self.iterable(iterable), self.block(body), self.block(orelse), None)
                yield at(loop, node)
            case ast.While(test=test, body=body, orelse=orelse):
                yield at(ast.While(self.expression(test), self.block(body), self.block(orelse)), node)
            case ast.Match(subject=subject, cases=cases):
                yield from self.match(node, subject, cases)
            case ast.Assert(test=test, msg=None | ast.Constant()):
                yield self.effect("check.holds", [self.expression(test)], node)
            case ast.Assign(targets=[ast.Name() as target], value=value):
                yield at(ast.Assign([target], self.bound_value(target, value)), node)
            case ast.Assign(targets=[ast.Subscript() | ast.Attribute() as target], value=value):
                yield from self.store(node, target, value)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(targets) == len(
                values
            ):
                yield from self.assign_each(node, targets, values)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Call() as value):
                yield from self.unpack(node, targets, value)
            case ast.Assign(targets=[_, _, *_] as targets, value=value):
                yield from self.assign_each(node, targets, [value])
            case ast.AnnAssign(target=ast.Name() as target, annotation=annotation, value=ast.expr() as value):
                yield from self.annotated(node, target, annotation, value)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                self.operator(op, node)
                load = at(ast.Name(name, ast.Load()), target)
                change = at(ast.BinOp(load, op, self.expression(value)), node)
                yield at(ast.Assign([target], change), node)
            case ast.AugAssign(target=ast.Subscript() | ast.Attribute() as target, op=op, value=value):
                yield from self.update(node, target, op, value)
            case ast.Delete(targets=targets):
                for place in targets:
                    yield from self.delete(place)
            case _:
                self.reject_statement(node)

    def bound_value(self, target: ast.Name, value: ast.expr) -> ast.expr:
        """What is assigned to a variable: for a reference, what `lookup` gives."""
        return self.looked_up(value) if target.id in self.references and is_lookup(value) else self.expression(value)

    def result(self, node: ast.stmt, value: ast.expr) -> Iterator[ast.stmt]:
        """`return e` becomes an assignment and a call, with the line as an argument.

        CPython copies small blocks that end with a return into the branches before them, in each release differently,
        and what joins there would have one type or another. This is too long to be copied.
        """
        name = self.temporary()
        given = self.expression(value) if self.results is None else self.returned(node, value)
        yield at(ast.Assign([at(ast.Name(name, ast.Store()), value)], given), value)
        arguments = [at(ast.Name(name, ast.Load()), value), at(ast.Constant(node.lineno), value)]
        operation = "decision.of" if self.results is None else "result.of"
        yield at(ast.Return(self.call(operation, arguments, value)), node)

    def returned(self, node: ast.stmt, value: ast.expr) -> ast.expr:
        """What a helper returns, checked against its annotation."""
        results = self.results or ()
        if len(results) == 1:
            return self.annotated_value(results[0], self.expression(value), value)
        match value:
            case ast.Tuple(elts=values) if len(values) == len(results) > 1:
                parts = zip(results, values, strict=True)
                checked = [self.annotated_value(kind, self.expression(part), part) for kind, part in parts]
                return self.call("group.of", checked, value)
        what = f"{len(results)} values, separated by commas" if results else "no value"
        form = f"`return {', '.join('abcdefgh'[: len(results)])}`" if results else "`return`, or annotate `-> int`"
        message = f"`{self.function_node.name}` is declared to return {what}"
        self.found.error("SYR108", message, node, help=(f"write {form}",))
        return placeholder(value)

    def annotated_value(self, kind: Annotation, value: ast.expr, place: ast.expr) -> ast.expr:
        match kind:
            case IntType():
                return self.call(f"annotated.{kind}", [value], place)
            case StructType():
                return self.call("result.record", [self.shared(f"struct:{kind}", kind, place), value], place)
        assert kind == EXECUTOR
        return value

    def nothing(self, node: ast.stmt) -> ast.stmt:
        return at(ast.Return(self.call("result.nothing", [at(ast.Constant(node.lineno), node)], node)), node)

    def unpack(self, node: ast.stmt, targets: list[ast.expr], value: ast.Call) -> Iterator[ast.stmt]:
        """`a, b = helper(x)`."""
        name = self.temporary()
        yield at(ast.Assign([at(ast.Name(name, ast.Store()), value)], self.expression(value)), value)
        for index, target in enumerate(targets):
            item = self.temporary()
            numbers = [at(ast.Constant(n), value) for n in (index, len(targets))]
            part = self.call("group.item", [at(ast.Name(name, ast.Load()), value), *numbers], value)
            yield at(ast.Assign([at(ast.Name(item, ast.Store()), target)], part), value)
            yield from self.statement(at(ast.Assign([target], at(ast.Name(item, ast.Load()), target)), node))

    def assign_each(self, node: ast.stmt, targets: list[ast.expr], values: list[ast.expr]) -> Iterator[ast.stmt]:
        """`a, b = x, y` and `a = b = x`: all values first, then the targets from the left."""
        held = []
        for value in values:
            held.append(self.temporary())
            yield at(ast.Assign([at(ast.Name(held[-1], ast.Store()), value)], self.expression(value)), value)
        names = held if len(held) == len(targets) else held * len(targets)
        for target, name in zip(targets, names, strict=True):
            yield from self.statement(at(ast.Assign([target], at(ast.Name(name, ast.Load()), target)), node))

    def match(self, node: ast.stmt, subject: ast.expr, cases: list[ast.match_case]) -> Iterator[ast.stmt]:
        """`match` on integers is a chain of comparisons."""
        name = self.temporary()
        yield at(ast.Assign([at(ast.Name(name, ast.Store()), subject)], self.expression(subject)), subject)
        tests = [self.case(case, name) for case in cases]
        bodies = [self.block(case.body) for case in cases]
        chain: list[ast.stmt] = []
        for case, test, body in zip(reversed(cases), reversed(tests), reversed(bodies), strict=True):
            chain = body if test is None else [at(ast.If(test, body, chain), case.pattern)]
        yield from chain or [at(ast.Pass(), node)]

    def case(self, case: ast.match_case, name: str) -> ast.expr | None:
        """Whether a case applies; None if it always does."""
        values = self.pattern(case.pattern)
        guard = self.expression(case.guard) if case.guard else None
        if values is None:
            return guard
        subject = at(ast.Name(name, ast.Load()), case.pattern)
        test = self.call("int.among", [subject, *values], case.pattern)
        return test if guard is None else at(ast.BoolOp(ast.And(), [test, guard]), case.pattern)

    def pattern(self, pattern: ast.pattern) -> list[ast.expr] | None:
        """The constants that a pattern stands for; None for all."""
        match pattern:
            case ast.MatchAs(pattern=None, name=None):
                return None
            case ast.MatchValue(value=value):
                constant = self.expression(value)
                if isinstance(constant, ast.Constant):
                    return [constant]
            case ast.MatchOr(patterns=patterns):
                parts = [self.pattern(p) for p in patterns]
                return None if None in parts else [v for part in parts if part is not None for v in part]
        message = "this pattern is not in the policy language"
        help_line = "a case is an integer constant, several with `|`, or `_`"
        self.found.error("SYR101", message, _place_of(pattern), help=(help_line,))
        return []

    def store(self, node: ast.stmt, target: ast.Subscript | ast.Attribute, value: ast.expr) -> Iterator[ast.stmt]:
        stored = self.expression(value)  # Python evaluates the value first, then the place
        declared = self.map_named(target.value) if isinstance(target, ast.Subscript) else None
        if isinstance(target, ast.Subscript) and declared:
            if self.subscriptable(target, declared) and self.changeable(target, declared):
                yield self.effect("map.set", [stored, self.map_name(target.value), self.expression(target.slice)], node)
            return
        place = self.assigned_place(target)
        if place is None:
            self.reject_target(target)
        else:
            yield self.effect("entry.assign", [stored, place], node)

    def update(
        self, node: ast.stmt, target: ast.Subscript | ast.Attribute, op: ast.operator, value: ast.expr
    ) -> Iterator[ast.stmt]:
        self.operator(op, node)
        declared = self.map_named(target.value) if isinstance(target, ast.Subscript) else None
        found = self.place(target) if declared else self.assigned_place(target)
        if found is None:
            self.reject_target(target)
            return
        if declared and not self.changeable(target, declared):
            return
        entry = self.temporary()
        yield at(ast.Assign([at(ast.Name(entry, ast.Store()), target)], found), target)
        place = at(ast.Name(entry, ast.Load()), target)
        if type(op) in _ATOMIC:
            if any(self.may_change(table, value) for table in self.maps_of(target)):
                # Python takes the entry before the value is computed, one atomic step takes it after that.
                help_line = f"compute it first: `value = {self.text(value)}`"
                self.reject(value, "a value that changes the map it is put into", help_line)
            yield self.effect(f"entry.{_ATOMIC[type(op)]}", [place, self.expression(value)], node)
            return
        old = self.temporary()
        load = self.call("entry.load", [place], target)
        yield at(ast.Assign([at(ast.Name(old, ast.Store()), target)], load), target)
        change = at(ast.BinOp(at(ast.Name(old, ast.Load()), target), op, self.expression(value)), node)
        yield self.effect("entry.store", [place, change], node)

    def delete(self, place: ast.expr) -> Iterator[ast.stmt]:
        if not isinstance(place, ast.Subscript):
            self.reject(place, "`del` of a variable", "assign another value, or leave it")
            return
        declared = self.map_named(place.value)
        if declared is None:
            self.reject(place, "`del` of this", "only entries of maps are deleted")
        elif declared.kind.indexed:
            message = f"entries of the {declared.kind.value} `{declared.name}` cannot be deleted"
            self.found.error("SYR204", message, place, help=(f"store zero: `{self.text(place)} = 0`",))
        elif self.subscriptable(place, declared) and self.changeable(place, declared):
            yield self.effect("map.delete", [self.map_name(place.value), self.expression(place.slice)], place)

    def annotated(self, node: ast.stmt, target: ast.Name, annotation: ast.expr, value: ast.expr) -> Iterator[ast.stmt]:
        spelling = str(annotation.value) if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
        name = self.declarations.exports.get(spelling, spelling)
        if target.id in self.references:
            self.reject(annotation, "an annotation of a reference", f"remove it: `{target.id} = {self.text(value)}`")
            return
        assigned = self.expression(value)
        kind = self.declarations.structs.get(spelling, INT_TYPES.get(name))
        if kind is None:
            message = f"`{spelling}` is neither an integer type nor a struct of this file"
            known = [*self.declarations.structs, *(s for s, n in self.declarations.exports.items() if n in INT_TYPES)]
            help_lines = did_you_mean(spelling, known) or ("write `int`",)
            self.found.error("SYR106", message, annotation, help=help_lines)
            return
        yield at(ast.Assign([target], self.annotated_value(kind, assigned, value)), node)

    def reject_statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Return() if self.results is not None:
                message = f"`{self.function_node.name}` is declared to return a value"
                self.found.error("SYR108", message, node, help=("`return 0`, or annotate `-> None`",))
            case ast.Return():
                message = "a policy must decide: this `return` has no value"
                self.found.error("SYR108", message, node, help=("`return syrup.PASS` leaves the choice to the system",))
            case ast.Expr(value=value):
                known = len(self.found)
                self.expression(value)
                if len(self.found) == known:
                    self.reject(value, "an expression without effect", "remove it, or assign it")
            case ast.AnnAssign(value=None):
                self.reject(node, "a declaration without a value", "assign a value")
            case ast.Assign(targets=[target]) | ast.For(target=target):
                self.reject_target(target)
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
                self.reject_target(target)
            case _:
                name, instead = outside.STATEMENTS.get(type(node), (f"`{type(node).__name__}`", "remove it"))
                self.reject(node, name, instead, whole=False)

    def reject_target(self, target: ast.expr) -> None:
        match target:
            case ast.Attribute():
                help_line = "packets and records never change; keep state in a map, and make a new record to store it"
                self.reject(target, "storing into an attribute", help_line)
            case ast.Subscript():
                self.reject(target, "storing into an element of this", "keep state in a map: `table[key] = value`")
            case ast.Tuple() | ast.List() | ast.Starred():
                self.reject(target, "unpacking", "give as many values, separated by commas: `a, b = x, y`")
            case _:
                self.reject(target, "this target", "assign to a variable, or to an entry of a map")


def _assigned(function: ast.FunctionDef) -> Iterator[str]:
    """The names that the function binds: in Python they are local everywhere in it."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node.id
        elif node is not function:
            yield from _names_bound_by(node)


def _names_bound_by(node: ast.AST) -> Iterator[str]:
    """The names that other constructs bind; what is rejected for them is no reason to reject the names as well."""
    match node:
        case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
            yield name
        case ast.ExceptHandler(name=str() as name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield (other or name).partition(".")[0]


def _place_of(pattern: ast.pattern) -> ast.expr:
    return at(ast.Constant(None), pattern)


def _plain_arguments(arguments: ast.arguments) -> ast.arguments:
    names = [at(ast.arg(a.arg, None, None), a) for a in arguments.args]
    return ast.arguments([], names, None, [], [], None, [])
