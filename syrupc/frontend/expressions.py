"""Expressions of the language: each by its form, what is constant as its value, and the rest rejected by name."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Final

from syrupc.frontend import outside
from syrupc.frontend.building import CASTS, PYTHON_FUNCTIONS, at, placeholder
from syrupc.frontend.constants import Constant, NotConstant, evaluate
from syrupc.frontend.record_rules import TRACED
from syrupc.frontend.source import span_of
from syrupc.frontend.suggest import did_you_mean
from syrupc.frontend.views import Views
from syrupc.spec import ArrayType


class Expressions(Views):
    """Each method takes a node of the source and gives its normal form."""

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
            case ast.BinOp() | ast.UnaryOp() | ast.Subscript() if (folded := self.folded(node)) is not None:
                return folded
            case ast.BinOp(left=left, op=op, right=right):
                self.operator(op, node)
                return at(ast.BinOp(self.expression(left), op, self.expression(right)), node)
            case ast.UnaryOp(op=op, operand=operand):
                return at(ast.UnaryOp(op, self.expression(operand)), node)
            case ast.BoolOp(op=op, values=values):
                return at(ast.BoolOp(op, [self.expression(v) for v in values]), node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                parts = (self.expression(test), self.expression(body), self.expression(orelse))
                return at(ast.IfExp(*parts), node)
            case ast.Compare():
                return self.compare(node)
            case ast.Call():
                return self.called(node)
            case ast.NamedExpr(target=target, value=value):
                if target.id in self.references:
                    return self.bare_reference(node, target.id)
                return at(ast.NamedExpr(target, self.expression(value)), node)
            case ast.Subscript():
                return self.subscript(node)
        return self.reject_expression(node)

    def folded(self, node: ast.expr) -> ast.expr | None:
        """A constant expression as its exact value. CPython folds some of them itself, each release others."""
        try:
            value = evaluate(node, self.constants(), {})
        except NotConstant:
            return None
        return self.constant(node, value)

    def members(self, node: ast.expr) -> list[str]:
        """The members of the enumeration that `node` names, none if it names none."""
        prefix = f"{node.id}." if isinstance(node, ast.Name) else " "
        return [name.removeprefix(prefix) for name in self.declarations.constants if name.startswith(prefix)]

    def integer(self, node: ast.expr, value: int) -> ast.expr:
        if not -(1 << 63) <= value < (1 << 64):
            notes = ("int is 64 bits wide, as is u64",)
            limits = ("the largest value is `(1 << 64) - 1`, the smallest `-(1 << 63)`",)
            self.found.error("SYR202", f"{value} does not fit 64 bits", node, notes=notes, help=limits)
            return placeholder(node)
        return at(ast.Constant(value), node)

    def name(self, node: ast.Name, name: str) -> ast.expr:
        if name in self.references:
            return self.bare_reference(node, name)
        if name in self.locals:
            return at(ast.Name(name, ast.Load()), node)
        if name in self.declarations.constants:
            return self.constant(node, self.declarations.constants[name])
        export = self.declarations.exports.get(name)
        if export in ("PASS", "DROP"):
            return self.intrinsic(f"syrup.{export}", node)
        own = name in PYTHON_FUNCTIONS and name not in self.declarations.bound
        known = self.declarations
        if export or own or name in known.maps or name in known.structs or name in known.helpers:
            self.misused(node, export or name)
        else:
            self.unknown(node, name)
        return placeholder(node)

    def attribute(self, node: ast.Attribute) -> ast.expr:
        export = self.declarations.export(node)
        shadowed = isinstance(node.value, ast.Name) and node.value.id in self.locals
        if export in ("PASS", "DROP") and not shadowed:
            return self.intrinsic(f"syrup.{export}", node)
        if not shadowed and ast.unparse(node) in self.declarations.constants:
            return self.constant(node, self.declarations.constants[ast.unparse(node)])
        if export and not shadowed:
            self.misused(node, export)
            return placeholder(node)
        if self.is_syrup(node.value):
            self.no_export(node)
            return placeholder(node)
        if not shadowed and (members := self.members(node.value)):
            enumeration = self.text(node.value)
            help_lines = did_you_mean(node.attr, members, f"{enumeration}.{{}}")
            message, notes = f"`{enumeration}` has no member `{node.attr}`", (f"known: {', '.join(members)}",)
            self.found.error("SYR104", message, node, notes=notes, help=help_lines)
            return placeholder(node)
        if (part := self.part(node)) is not None:
            return part
        return at(ast.Attribute(self.expression(node.value), node.attr, ast.Load()), node)

    def subscript(self, node: ast.Subscript) -> ast.expr:
        declared = self.map_named(node.value)
        if declared:
            if not self.subscriptable(node, declared):
                return placeholder(node)
            return self.call("map.get_item", [self.map_name(node.value), self.expression(node.slice)], node)
        if (part := self.part(node)) is not None:
            return part
        if isinstance(node.slice, ast.Slice):
            return self.stray_slice(node)
        values = self.constant_tuple(node.value)
        if values is None:
            return self.call("vector.element", [self.expression(node.value), self.expression(node.slice)], node)
        if not values:
            return self.reject(node, "an element of an empty tuple", "give the tuple elements")
        element = self.call("constants.element", [self.expression(node.slice), *map(_number, values)], node)
        return self.call("cast.bool", [element], node) if all(map(_is_bool, values)) else element

    def constant(self, node: ast.expr, value: Constant) -> ast.expr:
        if isinstance(value, tuple):
            return self.reject(node, "a tuple", "use one constant for each value")
        if isinstance(value, bytes):
            return self.reject(node, *outside.CONSTANTS[bytes])
        return at(ast.Constant(value), node) if isinstance(value, bool) else self.integer(node, value)

    def compare(self, node: ast.Compare) -> ast.expr:
        if (test := self.tested(node) or self.view_comparison(node)) is not None:
            return test
        for op in node.ops:
            if type(op) in outside.COMPARISONS:
                return self.reject(node, *outside.COMPARISONS[type(op)])
        if not any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            left, *others = (self.expression(e) for e in (node.left, *node.comparators))
            return at(ast.Compare(left, node.ops, others), node)
        if len(node.ops) > 1:
            return self.reject(node, "`in` inside a chained comparison", "split it with `and`")
        return self.membership(node, node.ops[0], node.comparators[0])

    def membership(self, node: ast.Compare, op: ast.cmpop, container: ast.expr) -> ast.expr:
        if self.map_named(container):
            test = self.map_membership(node, container)
            return at(ast.UnaryOp(ast.Not(), test), node) if isinstance(op, ast.NotIn) else test
        left = self.expression(node.left)
        if isinstance(container, ast.Call) and self.callee(container.func) == "range":
            bounds = self.range_bounds(container)
            test = self.call("int.within", [left, *bounds], node) if bounds else placeholder(node)
        else:
            values = self.constant_tuple(container)
            if values is None:
                return self.reject(container, "`in` on this", "use a map, a `range`, or a tuple of constants")
            test = self.call("int.among", [left, *values], node)
        return at(ast.UnaryOp(ast.Not(), test), node) if isinstance(op, ast.NotIn) else test

    # -- calls ---------------------------------------------------------------------------------------------------------

    def called(self, node: ast.Call) -> ast.expr:
        struct = isinstance(node.func, ast.Name) and self.is_declared(node.func.id, self.declarations.structs)
        if node.keywords and not struct and not _takes_keywords(node):
            return self.reject(node.keywords[0], "a keyword argument", "give the arguments by position")
        starred = next((a for a in node.args if isinstance(a, ast.Starred)), None)
        if starred:
            return self.reject(starred, *outside.EXPRESSIONS[ast.Starred])
        match node.func:
            case ast.Attribute(value=receiver, attr=method) if self.map_named(receiver):
                if method == "lookup":
                    help_line = f"bind it to a variable: `ref = {self.text(node)}`"
                    return self.reject(node, "a reference that is not bound", help_line)
                return self.map_method(node, receiver, method)
            case ast.Attribute(value=view, attr="read"):
                return self.read(node, view)
            case ast.Attribute(value=view, attr="startswith"):
                return self.starts_with(node, view)
            case ast.Attribute(value=view, attr="find"):
                return self.find(node, view)
            case ast.Name(id=name) if struct:
                return self.record(node, name)
            case ast.Name(id=name) if self.is_declared(name, self.declarations.helpers):
                return self.helper_call(node, name)
            case ast.Name() | ast.Attribute():
                return self.function(node)
        return self.reject(node.func, "a call of an expression", "call a function by its name")

    def is_declared(self, name: str, declared: Mapping[str, object]) -> bool:
        return name in declared and name not in self.locals

    def record(self, node: ast.Call, name: str) -> ast.expr:
        """`Key(kind, port=80)`: the values in the order of the call, with the names of their fields."""
        struct = self.declarations.structs[name]
        fields = [f.name for f in struct.fields if not isinstance(f.type, ArrayType)]
        given = [*fields[: len(node.args)], *(k.arg or "**" for k in node.keywords)]
        if len(node.args) > len(fields) or sorted(given) != sorted(fields):
            arrays = [f.name for f in struct.fields if f.name not in fields]
            notes = (f"arrays start as zeros: {', '.join(f'`{a}`' for a in arrays)}",) if arrays else ()
            form = f"`{name}({', '.join(fields)})`"
            self.found.error(
                "SYR205", f"a {name} is made of all its fields, each once", node, notes=notes, help=(form,)
            )
            return placeholder(node)
        values = [self.expression(v) for v in (*node.args, *(k.value for k in node.keywords))]
        order = at(ast.Constant(" ".join(given)), node)
        return self.call("record.new", [self.shared(f"struct:{name}", struct, node), order, *values], node)

    def read(self, node: ast.Call, view: ast.expr) -> ast.expr:
        """`pkt.payload.read(Request, 4)`."""
        offset: ast.expr
        match node:
            case ast.Call(args=[ast.Name(id=name) as struct], keywords=[]):
                offset = at(ast.Constant(0), node)
            case (
                ast.Call(args=[ast.Name(id=name) as struct, offset], keywords=[])
                | ast.Call(args=[ast.Name(id=name) as struct], keywords=[ast.keyword(arg="o", value=offset)])
            ):
                pass
            case _:
                name = ""
        if not self.is_declared(name, self.declarations.structs):
            message = "`read` takes a struct of this file, and an offset"
            help_lines = did_you_mean(name, self.declarations.structs) or ("`pkt.payload.read(Request, 0)`",)
            self.found.error("SYR205", message, node, help=help_lines)
            return placeholder(node)
        receiver = self.expression(view)
        declared = self.shared(f"struct:{name}", self.declarations.structs[name], struct)
        return self.call("view.read", [receiver, declared, self.expression(offset)], node)

    def helper_call(self, node: ast.Call, name: str) -> ast.expr:
        helper = self.declarations.helpers[name]
        if not self.count(node, name, helper.spec.parameters):
            return placeholder(node)
        callee = self.shared(f"func:{name}", helper, node.func)
        return at(ast.Call(callee, [self.expression(a) for a in node.args], []), node)

    def trace(self, node: ast.Call) -> ast.expr:
        """`syrup.trace("kind {}", kind)`."""
        match node.args:
            case [ast.Constant(value=str() as form), *values]:
                plain = form.replace("{}", "")
                if form.count("{}") == len(values) <= TRACED and _is_plain(plain) and len(form) <= _LONGEST_TRACE:
                    return self.call("trace.print", [at(ast.Constant(form), node), *map(self.expression, values)], node)
        message = f"`trace` takes a constant text, and a value for each `{{}}` in it, at most {TRACED}"
        notes = (f"the text is printable ASCII without `%` and other braces, at most {_LONGEST_TRACE} characters long",)
        self.found.error("SYR205", message, node, notes=notes, help=('`syrup.trace("kind {}", kind)`',))
        return placeholder(node)

    def function(self, node: ast.Call) -> ast.expr:
        name = self.callee(node.func)
        arguments = node.args
        match name:
            case "trace":
                return self.trace(node)
            case "hash":
                return self.intrinsic_call(node, "syrup.hash", ("x",))
            case "random" | "now_ns" | "cpu":
                return self.intrinsic_call(node, f"syrup.{name}", ())
            case "len":
                return self.intrinsic_call(node, "view.len", ("pkt.payload",))
            case "abs":
                return self.intrinsic_call(node, "int.abs", ("x",))
            case "min" | "max":
                return self.choice(node, name)
            case str() if name in CASTS:
                return self.intrinsic_call(node, f"cast.{name}", ("x",))
            case "range":
                return self.reject(node, "`range` outside a `for`", "compare: `low <= x < high`")
            case str():
                self.misused(node.func, name)
                return placeholder(node)
        if isinstance(node.func, ast.Attribute) and not self.is_syrup(node.func.value):
            method = at(ast.Attribute(self.expression(node.func.value), node.func.attr, ast.Load()), node.func)
            return at(ast.Call(method, [self.expression(a) for a in arguments], []), node)
        self.unknown_function(node)
        return placeholder(node)

    def choice(self, node: ast.Call, name: str) -> ast.expr:
        """`min(a, b, c)`: by twos, from the left."""
        if len(node.args) < 2:
            help_lines = (f"`{name}(a, b)`",)
            self.found.error("SYR205", f"`{name}` takes two arguments or more", node, help=help_lines)
            return placeholder(node)
        first, *others = (self.expression(a) for a in node.args)
        for other, written in zip(others, node.args[1:], strict=True):
            # Each pair has a place of its own, so that a failure does not speak of the arguments before it.
            place = node if len(others) == 1 else span_of(node.args[0], written)
            first = self.call(f"int.{name}", [first, other], place)
        return first

    def constant_tuple(self, node: ast.expr) -> list[ast.expr] | None:
        """The elements of a tuple of integer constants, by name or written out."""
        try:
            value = evaluate(node, self.constants(), {})
        except NotConstant:
            return None
        if not isinstance(value, tuple) or any(isinstance(v, tuple) for v in value):
            return None
        return [self.constant(node, v) for v in value]

    def callee(self, func: ast.expr) -> str | None:
        """The name that a call calls, if the language knows it: of `syrup`, or one of Python's own."""
        root = func.value if isinstance(func, ast.Attribute) else func
        if isinstance(root, ast.Name) and root.id in self.locals:
            return None
        export = self.declarations.export(func)
        if export:
            return export
        match func:
            case ast.Name(id=name) if name in PYTHON_FUNCTIONS and name not in self.declarations.bound:
                return name
        return None

    def is_unknown(self, func: ast.expr) -> bool:
        """Whether nothing of that name is there to be called."""
        match func:
            case ast.Attribute(value=module):
                return self.is_syrup(module) and self.callee(func) is None
            case ast.Name(id=name):
                known = self.declarations
                return self.callee(func) is None and not (name in self.locals or name in known.helpers)
        return False

    def unknown_function(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            self.no_export(node.func)
        elif isinstance(node.func, ast.Name) and node.func.id in self.locals:
            name = node.func.id
            message, help_line = f"`{name}` is a variable, not a function", f"use its value: `{name}`"
            self.found.error("SYR203", message, node.func, help=(help_line,))
        elif isinstance(node.func, ast.Name):
            self.unknown(node.func, node.func.id)

    def intrinsic_call(self, node: ast.Call, name: str, parameters: Sequence[str]) -> ast.expr:
        if not self.count(node, self.text(node.func), parameters):
            return placeholder(node)
        return self.call(name, [self.expression(a) for a in node.args], node)

    def iterable(self, node: ast.expr) -> ast.expr:
        """What a `for` goes over: a range with constant bounds, one with a cap, or a tuple of constants."""
        values = self.constant_tuple(node)
        if values is not None:
            return self.call("loop.constants", [_number(v) for v in values], node)
        if not (isinstance(node, ast.Call) and self.callee(node.func) == "range"):
            if isinstance(node, ast.Call) and self.is_unknown(node.func):
                self.unknown_function(node)
                return placeholder(node)
            return self.reject(node, "iterating over this", "use `for i in range(n)`, or a tuple of constants")
        if self.declarations.export(node.func) == "range":
            return self.capped(node)
        bounds = self.range_bounds(node)
        return self.call("loop.range", bounds, node) if bounds else placeholder(node)

    def capped(self, node: ast.Call) -> ast.expr:
        """`syrup.range(n, max=64)`: a run-time bound and a constant that it may not exceed."""
        match node:
            case ast.Call(args=[count], keywords=[ast.keyword(arg="max", value=limit)]):
                cap = self.bound(limit, "the most turns there can be are a constant: `syrup.range(n, max=64)`")
                stop = self.expression(count)
                if cap is None:
                    return placeholder(node)
                return self.call("loop.capped", [stop, at(ast.Constant(max(cap, 0)), limit)], node)
        message = "`syrup.range` takes the number of turns and the most there can be"
        self.found.error("SYR205", message, node, help=("`syrup.range(n, max=64)`",))
        return placeholder(node)

    def range_bounds(self, node: ast.Call) -> list[ast.expr] | None:
        """The arguments of a `range` as constants."""
        if node.keywords:
            self.reject(node.keywords[0], "a keyword argument", "give the arguments by position")
            return None
        if not self.declarations.export(node.func) and not 1 <= len(node.args) <= 3:
            message = f"`range` takes 1 to 3 arguments, not {len(node.args)}"
            self.found.error("SYR205", message, node, help=("`range(n)` or `range(start, stop, step)`",))
            return None
        starred = next((a for a in node.args if isinstance(a, ast.Starred)), None)
        if starred:
            self.reject(starred, *outside.EXPRESSIONS[ast.Starred])
            return None
        late = "say how many there can be: `for i in syrup.range({}, max=64):`"
        values = [self.bound(a, late.format(self.text(a))) for a in node.args]
        if None in values:
            return None
        if len(values) == 3 and values[2] == 0:
            help_lines = ("leave it away, or count down with -1",)
            self.found.error("SYR205", "the step of `range` is zero", node.args[2], help=help_lines)
            return None
        return [at(ast.Constant(v), a) for v, a in zip(values, node.args, strict=True)]

    def bound(self, node: ast.expr, instead: str) -> int | None:
        try:
            value = evaluate(node, self.constants(), self.casts())
        except NotConstant as why:
            found = len(self.found)
            self.expression(node)  # what a policy cannot say anywhere is told as that
            if len(self.found) > found:
                return None
            reason = f"`{self.text(why.node)}` is known only when the policy runs"
            self.found.error("SYR109", "the number of turns is not a constant", node, notes=(reason,), help=(instead,))
            return None
        # Ends that far out are walked by no kernel; keeping clear of the last values keeps every counter exact.
        if not isinstance(value, int) or not -(1 << 62) <= value <= (1 << 62):
            self.found.error("SYR202", f"{value!r} cannot bound a loop", node, help=("count up to 1 << 62 at most",))
            return None
        return int(value)


_LONGEST_TRACE: Final = 96


def _is_bool(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _number(node: ast.expr) -> ast.expr:
    """A constant as an integer, which keeps its value in its type."""
    assert isinstance(node, ast.Constant)
    return at(ast.Constant(int(node.value)), node)  # type: ignore[arg-type]


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and not set(text) & set("%{}")


def _takes_keywords(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in ("read", "find")
