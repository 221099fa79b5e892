"""The allow-list: checks a policy's tree against the language and rewrites it to the few forms that are compiled.

What is not matched here by name is rejected by name. Afterwards every name is a local variable or an *intrinsic* (an
operation of the language, spelt as a call to a name that holds a dot), constants stand as literals, and map accesses
are calls: `m[k] += v` becomes `e = map.entry(m, k)` and `entry.add(e, v)`, in Python's order of evaluation and faults.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from syrupc.frontend import outside
from syrupc.frontend.constants import Constant, NotConstant, evaluate
from syrupc.frontend.declare import BUILTIN_NAMES, SCALARS, Declarations, Policy
from syrupc.frontend.source import Findings
from syrupc.spec import INT_TYPES, MapSpec

_Node = TypeVar("_Node", bound=ast.AST)

_MAP_METHODS: Final = {"get": 2, "fetch_add": 2}
# Those that read, change and write back without a gap in which another CPU's update is lost.
_ATOMIC: Final[dict[type[ast.operator], str]] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
}
_CASTS: Final = frozenset(INT_TYPES)
_PYTHON_FUNCTIONS: Final = frozenset({"len", "range", "int", "bool"})


@dataclass(frozen=True)
class NormalForm:
    """A policy's function after rewriting, with the names of the intrinsics and maps that it refers to."""

    node: ast.FunctionDef
    intrinsics: frozenset[str]
    maps: frozenset[str]


def normalize(policy: Policy, declarations: Declarations, found: Findings) -> NormalForm:
    """Check and rewrite one policy; what is wrong goes to `found`."""
    return _Normalizer(policy, declarations, found).run()


class _Normalizer:
    """One traversal; each method takes a node of the source and gives its normal form."""

    def __init__(self, policy: Policy, declarations: Declarations, found: Findings) -> None:
        self.policy, self.declarations, self.found = policy, declarations, found
        self.locals = {policy.spec.function.parameters[0]} | set(_assigned(policy.node))
        self.intrinsics: set[str] = set()
        self.maps: set[str] = set()
        self.temporaries = 0

    def run(self) -> NormalForm:
        source = self.policy.node
        node = ast.FunctionDef(
            name=source.name,
            args=_plain_arguments(source.args),
            body=self.block(source.body),
            decorator_list=[],
            returns=None,
            type_comment=None,
        )
        if "type_params" in ast.FunctionDef._fields:  # from Python 3.12 on
            setattr(node, "type_params", [])  # noqa: B010
        ast.copy_location(node, source)
        return NormalForm(ast.fix_missing_locations(node), frozenset(self.intrinsics), frozenset(self.maps))

    # -- statements ----------------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [new for old in body for new in self.statement(old)]

    def statement(self, node: ast.stmt) -> Iterator[ast.stmt]:
        match node:
            case ast.Pass() | ast.Break() | ast.Continue():
                yield node
            case ast.Expr(value=ast.Constant(value=str())):  # a docstring, or a string that stands as a comment
                yield _at(ast.Pass(), node)
            case ast.Expr(value=ast.Call() as call):
                yield _at(ast.Expr(value=self.expression(call)), node)
            case ast.Return(value=ast.expr() as value):
                yield from self.decision(node, value)
            case ast.If(test=test, body=body, orelse=orelse):
                yield _at(ast.If(self.expression(test), self.block(body), self.block(orelse)), node)
            case ast.For(target=ast.Name() as target, iter=iterable, body=body, orelse=orelse):
                loop = ast.For(target, self.range(iterable), self.block(body), self.block(orelse), None)
                yield _at(loop, node)
            case ast.Assign(targets=[ast.Name() as target], value=value):
                yield _at(ast.Assign([target], self.expression(value)), node)
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                yield from self.map_store(node, target, value)
            case ast.AnnAssign(target=ast.Name() as target, annotation=annotation, value=ast.expr() as value):
                yield from self.annotated(node, target, annotation, value)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                self.operator(op, node)
                load = _at(ast.Name(name, ast.Load()), target)
                change = _at(ast.BinOp(load, op, self.expression(value)), node)
                yield _at(ast.Assign([target], change), node)
            case ast.AugAssign(target=ast.Subscript() as target, op=op, value=value):
                yield from self.map_update(node, target, op, value)
            case ast.Delete(targets=targets):
                for place in targets:
                    yield from self.delete(place)
            case _:
                self.reject_statement(node)

    def decision(self, node: ast.stmt, value: ast.expr) -> Iterator[ast.stmt]:
        """`return e` becomes an assignment and a call, with the line as an argument.

        CPython copies small blocks that end with a return into the branches before them, in each release differently,
        and what joins there would have one type or another. This is too long to be copied.
        """
        name = self.temporary()
        yield _at(ast.Assign([_at(ast.Name(name, ast.Store()), value)], self.expression(value)), value)
        arguments = [_at(ast.Name(name, ast.Load()), value), _at(ast.Constant(node.lineno), value)]
        yield _at(ast.Return(self.call("decision.of", arguments, value)), node)

    def map_store(self, node: ast.stmt, target: ast.Subscript, value: ast.expr) -> Iterator[ast.stmt]:
        stored = self.expression(value)  # Python evaluates the value first, then the key
        declared = self.map_of(target)
        if declared:
            yield self.effect("map.set", [stored, self.map_name(target.value), self.expression(target.slice)], node)

    def map_update(
        self, node: ast.stmt, target: ast.Subscript, op: ast.operator, value: ast.expr
    ) -> Iterator[ast.stmt]:
        self.operator(op, node)
        declared = self.map_of(target)
        if not declared:
            return
        entry = self.temporary()
        found = self.call("map.entry", [self.map_name(target.value), self.expression(target.slice)], target)
        yield _at(ast.Assign([_at(ast.Name(entry, ast.Store()), target)], found), target)
        reference = _at(ast.Name(entry, ast.Load()), target)
        if type(op) in _ATOMIC:
            yield self.effect(f"entry.{_ATOMIC[type(op)]}", [reference, self.expression(value)], node)
            return
        old = self.temporary()
        load = self.call("entry.load", [reference], target)
        yield _at(ast.Assign([_at(ast.Name(old, ast.Store()), target)], load), target)
        change = _at(ast.BinOp(_at(ast.Name(old, ast.Load()), target), op, self.expression(value)), node)
        yield self.effect("entry.store", [reference, change], node)

    def delete(self, place: ast.expr) -> Iterator[ast.stmt]:
        if not isinstance(place, ast.Subscript):
            self.reject(place, "`del` of a variable", "assign another value, or leave it")
            return
        declared = self.map_of(place)
        if declared and declared.kind.indexed:
            message = f"entries of the {declared.kind.value} `{declared.name}` cannot be deleted"
            self.found.error("SYR204", message, place, help=(f"store zero: `{self.text(place)} = 0`",))
        elif declared:
            yield self.effect("map.delete", [self.map_name(place.value), self.expression(place.slice)], place)

    def annotated(self, node: ast.stmt, target: ast.Name, annotation: ast.expr, value: ast.expr) -> Iterator[ast.stmt]:
        spelling = str(annotation.value) if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
        name = self.declarations.exports.get(spelling, spelling)
        assigned = self.expression(value)
        if name not in INT_TYPES:
            self.found.error("SYR106", f"`{spelling}` is not an integer type", annotation, help=("write `int`",))
            return
        yield _at(ast.Assign([target], self.call(f"annotated.{name}", [assigned], value)), node)

    def reject_statement(self, node: ast.stmt) -> None:
        match node:
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
            case ast.Assign(targets=[_, _, *_]):
                self.reject(node, "several targets in one assignment", "assign one by one")
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
                self.reject(target, "storing into an attribute", "packets are read-only; keep state in a map")
            case ast.Tuple() | ast.List() | ast.Starred():
                self.reject(target, "assigning to several variables at once", "assign one by one")
            case _:
                self.reject(target, "this target", "assign to a variable, or to an entry of a map")

    # -- expressions ---------------------------------------------------------------------------------------------------

    def expression(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Constant(value=bool()):
                return node
            case ast.Constant(value=int() as value):
                return self.integer(node, value)
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.Attribute():
                return self.attribute(node)
            case ast.BinOp() | ast.UnaryOp() if (folded := self.folded(node)) is not None:
                return folded
            case ast.BinOp(left=left, op=op, right=right):
                self.operator(op, node)
                return _at(ast.BinOp(self.expression(left), op, self.expression(right)), node)
            case ast.UnaryOp(op=op, operand=operand):
                return _at(ast.UnaryOp(op, self.expression(operand)), node)
            case ast.BoolOp(op=op, values=values):
                return _at(ast.BoolOp(op, [self.expression(v) for v in values]), node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                parts = (self.expression(test), self.expression(body), self.expression(orelse))
                return _at(ast.IfExp(*parts), node)
            case ast.Compare():
                return self.compare(node)
            case ast.Call():
                return self.called(node)
            case ast.Subscript():
                if self.map_of(node):
                    return self.call("map.get_item", [self.map_name(node.value), self.expression(node.slice)], node)
                return _placeholder(node)
        return self.reject_expression(node)

    def folded(self, node: ast.expr) -> ast.expr | None:
        """A constant expression as its exact value. CPython folds some of them itself, each release others."""
        try:
            value = evaluate(node, self.constants(), {})
        except NotConstant:
            return None
        return self.constant(node, value)

    def constants(self) -> dict[str, Constant]:
        return {name: value for name, value in self.declarations.constants.items() if name not in self.locals}

    def integer(self, node: ast.expr, value: int) -> ast.expr:
        if not -(1 << 63) <= value < (1 << 64):
            self.found.error("SYR202", f"{value} does not fit 64 bits", node, notes=("int is 64 bits wide, as is u64",))
            return _placeholder(node)
        return _at(ast.Constant(value), node)

    def name(self, node: ast.Name, name: str) -> ast.expr:
        if name in self.locals:
            return _at(ast.Name(name, ast.Load()), node)
        if name in self.declarations.constants:
            return self.constant(node, self.declarations.constants[name])
        export = self.declarations.exports.get(name)
        if export in ("PASS", "DROP"):
            return self.intrinsic(f"syrup.{export}", node)
        own = name in _PYTHON_FUNCTIONS and name not in self.declarations.bound
        if export or own or name in self.declarations.maps:
            self.misused(node, export or name)
        else:
            self.unknown(node, name)
        return _placeholder(node)

    def attribute(self, node: ast.Attribute) -> ast.expr:
        export = self.declarations.export(node)
        shadowed = isinstance(node.value, ast.Name) and node.value.id in self.locals
        if export in ("PASS", "DROP") and not shadowed:
            return self.intrinsic(f"syrup.{export}", node)
        if export and not shadowed:
            self.misused(node, export)
            return _placeholder(node)
        if self.is_syrup(node.value):
            self.no_export(node)
            return _placeholder(node)
        return _at(ast.Attribute(self.expression(node.value), node.attr, ast.Load()), node)

    def constant(self, node: ast.expr, value: Constant) -> ast.expr:
        if isinstance(value, tuple):
            return self.reject(node, "a tuple", "use one constant for each value")
        return _at(ast.Constant(value), node) if isinstance(value, bool) else self.integer(node, value)

    def compare(self, node: ast.Compare) -> ast.expr:
        for op in node.ops:
            if type(op) in outside.COMPARISONS:
                return self.reject(node, *outside.COMPARISONS[type(op)])
        if not any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            left, *others = (self.expression(e) for e in (node.left, *node.comparators))
            return _at(ast.Compare(left, node.ops, others), node)
        if len(node.ops) > 1:
            return self.reject(node, "`in` inside a chained comparison", "split it with `and`")
        return self.membership(node, node.ops[0], node.comparators[0])

    def membership(self, node: ast.Compare, op: ast.cmpop, container: ast.expr) -> ast.expr:
        declared = self.map_named(container)
        if declared is None:
            return self.reject(container, "`in` on anything but a map", "compare with `==` and `or`")
        test = self.call("map.contains", [self.expression(node.left), self.map_name(container)], node)
        return _at(ast.UnaryOp(ast.Not(), test), node) if isinstance(op, ast.NotIn) else test

    # -- calls ---------------------------------------------------------------------------------------------------------

    def called(self, node: ast.Call) -> ast.expr:
        if node.keywords:
            return self.reject(node.keywords[0], "a keyword argument", "give the arguments by position")
        starred = next((a for a in node.args if isinstance(a, ast.Starred)), None)
        if starred:
            return self.reject(starred, *outside.EXPRESSIONS[ast.Starred])
        match node.func:
            case ast.Attribute(value=receiver, attr=method) if self.map_named(receiver):
                return self.map_method(node, receiver, method)
            case ast.Name() | ast.Attribute():
                return self.function(node)
        return self.reject(node.func, "a call of an expression", "call a function by its name")

    def function(self, node: ast.Call) -> ast.expr:
        name = self.callee(node.func)
        arguments = node.args
        match name:
            case "random" | "now_ns" | "cpu":
                return self.intrinsic_call(node, f"syrup.{name}", 0)
            case "len":
                return self.intrinsic_call(node, "view.len", 1)
            case str() if name in _CASTS:
                return self.intrinsic_call(node, f"cast.{name}", 1)
            case "range":
                return self.reject(node, "`range` outside a `for`", "compare: `low <= x < high`")
            case str():
                self.misused(node.func, name)
                return _placeholder(node)
        if isinstance(node.func, ast.Attribute) and not self.is_syrup(node.func.value):
            method = _at(ast.Attribute(self.expression(node.func.value), node.func.attr, ast.Load()), node.func)
            return _at(ast.Call(method, [self.expression(a) for a in arguments], []), node)
        self.unknown_function(node)
        return _placeholder(node)

    def callee(self, func: ast.expr) -> str | None:
        """The name that a call calls, if the language knows it: of `syrup`, or one of Python's own."""
        root = func.value if isinstance(func, ast.Attribute) else func
        if isinstance(root, ast.Name) and root.id in self.locals:
            return None
        export = self.declarations.export(func)
        if export:
            return export
        match func:
            case ast.Name(id=name) if name in _PYTHON_FUNCTIONS and name not in self.declarations.bound:
                return name
        return None

    def unknown_function(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            self.no_export(node.func)
        elif isinstance(node.func, ast.Name) and node.func.id in self.locals:
            self.found.error("SYR203", f"`{node.func.id}` is a variable, not a function", node.func)
        elif isinstance(node.func, ast.Name):
            self.unknown(node.func, node.func.id)

    def map_method(self, node: ast.Call, receiver: ast.expr, method: str) -> ast.expr:
        if method not in _MAP_METHODS:
            near = difflib.get_close_matches(method, _MAP_METHODS, 1)
            known = ", ".join(f"`{m}`" for m in _MAP_METHODS)
            help_lines = (f"did you mean `{near[0]}`?",) if near else ()
            declared = self.map_named(receiver)
            kind = declared.kind.value if declared else "map"
            message = f"{kind} has no method `{method}` in a policy"
            self.found.error("SYR204", message, node.func, notes=(f"known: {known}",), help=help_lines)
            return _placeholder(node)
        if not self.count(node, f"{self.text(receiver)}.{method}", _MAP_METHODS[method]):
            return _placeholder(node)
        return self.call(f"map.{method}", [self.map_name(receiver), *map(self.expression, node.args)], node)

    def intrinsic_call(self, node: ast.Call, name: str, parameters: int) -> ast.expr:
        if not self.count(node, self.text(node.func), parameters):
            return _placeholder(node)
        return self.call(name, [self.expression(a) for a in node.args], node)

    def count(self, node: ast.Call, name: str, parameters: int) -> bool:
        if len(node.args) == parameters:
            return True
        takes = f"{parameters} argument{'' if parameters == 1 else 's'}"
        help_lines = ("give the default: `.get(key, 0)`",) if name.endswith(".get") else ()
        self.found.error("SYR205", f"`{name}` takes {takes}, not {len(node.args)}", node, help=help_lines)
        return False

    def range(self, node: ast.expr) -> ast.expr:
        if not (isinstance(node, ast.Call) and self.callee(node.func) == "range" and 1 <= len(node.args) <= 3):
            return self.reject(node, "iterating over this", "use `for i in range(n)` with a constant `n`")
        if node.keywords:
            return self.reject(node.keywords[0], "a keyword argument", "give the arguments by position")
        values = [self.bound(a) for a in node.args]
        if None in values:
            return _placeholder(node)
        if len(values) == 3 and values[2] == 0:
            self.found.error("SYR205", "the step of `range` is zero", node.args[2])
            return _placeholder(node)
        bounds = [_at(ast.Constant(v), a) for v, a in zip(values, node.args, strict=True)]
        return self.call("loop.range", list(bounds), node)

    def bound(self, node: ast.expr) -> int | None:
        casts = {s: name for s, name in self.declarations.exports.items() if name in SCALARS}
        try:
            value = evaluate(node, self.constants(), casts)
        except NotConstant as why:
            reason = f"`{self.text(why.node)}` is known only when the policy runs"
            loop = "loop to a constant and leave early: `for i in range(64): if i >= n: break`"
            self.found.error("SYR109", "the number of turns is not a constant", node, notes=(reason,), help=(loop,))
            return None
        # Ends that far out are walked by no kernel; keeping clear of the last values keeps every counter exact.
        if isinstance(value, tuple) or not -(1 << 62) <= value <= (1 << 62):
            self.found.error("SYR202", f"{value} cannot bound a loop", node)
            return None
        return int(value)

    # -- maps ----------------------------------------------------------------------------------------------------------

    def map_named(self, node: ast.expr) -> MapSpec | None:
        if isinstance(node, ast.Name) and node.id not in self.locals:
            return self.declarations.maps.get(node.id)
        return None

    def map_of(self, node: ast.Subscript) -> MapSpec | None:
        declared = self.map_named(node.value)
        if declared:
            if isinstance(node.slice, ast.Slice):
                self.reject(node.slice, "a slice of a map", "access one entry at a time")
                return None
            return declared
        known = len(self.found)
        self.expression(node.value)
        if len(self.found) > known:
            return None
        help_line = "bytes of a packet are read by size: `pkt.payload.u8(0)`"
        self.found.error(
            "SYR101", f"only maps are indexed, and `{self.text(node.value)}` is none", node, help=(help_line,)
        )
        return None

    def map_name(self, node: ast.expr) -> ast.expr:
        assert isinstance(node, ast.Name)
        self.maps.add(node.id)
        return _at(ast.Name(f"map:{node.id}", ast.Load()), node)

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
        place = node if whole else _first_line(node, self.declarations.source.lines)
        self.found.error("SYR101", f"{name} is not in the policy language", place, help=(instead,))
        return _placeholder(node)

    def unknown(self, node: ast.Name, name: str) -> None:
        reason = self.declarations.unusable.get(name)
        if reason:
            self.found.error("SYR104", f"a policy cannot use `{name}`", node, notes=(reason,))
            return
        if name in BUILTIN_NAMES:
            self.reject(node, f"`{name}`", "policies have `len`, `range`, `int`, `bool` and the functions of `syrup`")
            return
        candidates = [*self.locals, *self.declarations.constants, *self.declarations.maps, *self.declarations.exports]
        near = difflib.get_close_matches(name, candidates, 1)
        help_lines = (f"did you mean `{near[0]}`?",) if near else ()
        self.found.error("SYR104", f"`{name}` is not defined", node, help=help_lines)

    def misused(self, node: ast.expr, name: str) -> None:
        if name in self.declarations.maps:
            use = f"access an entry: `{name}[key]`"
            self.found.error("SYR101", f"the map `{name}` cannot be used as a value", node, help=(use,))
        elif name in _CASTS or name in ("len", "random", "now_ns", "cpu"):
            call = f"{name}(x)" if name in _CASTS or name == "len" else f"syrup.{name}()"
            self.found.error("SYR101", f"`{name}` cannot be used as a value", node, help=(f"call it: `{call}`",))
        else:
            self.found.error("SYR101", f"`{name}` has no meaning inside a policy", node)

    def is_syrup(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Name) and node.id not in self.locals and f"{node.id}.jit" in self.declarations.exports
        )

    def no_export(self, node: ast.Attribute) -> None:
        prefix = ast.unparse(node.value) + "."
        candidates = [s.removeprefix(prefix) for s in self.declarations.exports if s.startswith(prefix)]
        near = difflib.get_close_matches(node.attr, candidates, 1)
        help_lines = (f"did you mean `{prefix}{near[0]}`?",) if near else ()
        self.found.error("SYR104", f"`{prefix}{node.attr}` does not exist in a policy", node, help=help_lines)

    # -- building ------------------------------------------------------------------------------------------------------

    def intrinsic(self, name: str, node: ast.AST) -> ast.expr:
        self.intrinsics.add(name)
        return _at(ast.Name(name, ast.Load()), node)

    def call(self, name: str, arguments: list[ast.expr], node: ast.AST) -> ast.expr:
        return _at(ast.Call(self.intrinsic(name, node), arguments, []), node)

    def effect(self, name: str, arguments: list[ast.expr], node: ast.AST) -> ast.stmt:
        return _at(ast.Expr(self.call(name, arguments, node)), node)

    def temporary(self) -> str:
        self.temporaries += 1
        return f"value!{self.temporaries}"  # no name of the user's, nor Numba's name for a version of one

    def text(self, node: ast.expr) -> str:
        return self.declarations.source.segment(node)


def _assigned(function: ast.FunctionDef) -> Iterator[str]:
    """The names that the function binds: in Python they are local everywhere in it."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node.id


def _plain_arguments(arguments: ast.arguments) -> ast.arguments:
    names = [_at(ast.arg(a.arg, None, None), a) for a in arguments.args]
    return ast.arguments([], names, None, [], [], None, [])


def _at(node: _Node, place: ast.AST) -> _Node:
    return ast.copy_location(node, place)


def _placeholder(place: ast.AST) -> ast.expr:
    """Stands where something was rejected, so that the rest is still checked; never compiled."""
    return _at(ast.Constant(0), place)


def _first_line(node: ast.stmt | ast.expr | ast.keyword, lines: tuple[str, ...]) -> ast.expr:
    """The first line of a compound statement, as a place."""
    end = len(lines[node.lineno - 1].rstrip().encode())
    return ast.Constant(
        value=None, lineno=node.lineno, col_offset=node.col_offset, end_lineno=node.lineno, end_col_offset=end
    )
