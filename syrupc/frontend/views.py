"""Operations on views that take constants: comparing bytes with a constant, and searching a constant number of them."""

from __future__ import annotations

import ast
from typing import Final

from syrupc.frontend.building import at, placeholder
from syrupc.frontend.constants import NotConstant, evaluate
from syrupc.frontend.entries import Entries

MAX_SEARCH: Final = 0x7FFF
"""How far `find` looks at most: verifiers follow offsets into a packet up to 0xffff, and bound them by bits."""
_LIMIT: Final = "say how many bytes it may look at, which costs time for each: `max=64`"


class Views(Entries):
    """Rewrites what is done with bytes constants, and rejects them and slices in other places."""

    def view_comparison(self, node: ast.Compare) -> ast.expr | None:
        """`view[a:b] == b"..."`, either way round; None if it is something else."""
        match node:
            case (
                ast.Compare(
                    left=ast.Subscript(slice=ast.Slice()) as part,
                    ops=[ast.Eq() | ast.NotEq() as op],
                    comparators=[other],
                )
                | ast.Compare(
                    left=other,
                    ops=[ast.Eq() | ast.NotEq() as op],
                    comparators=[ast.Subscript(slice=ast.Slice()) as part],
                )
            ) if not self.map_named(part.value):
                test = self.sliced(part, other)
                return at(ast.UnaryOp(ast.Not(), test), node) if isinstance(op, ast.NotEq) else test
        return None

    def sliced(self, part: ast.Subscript, other: ast.expr) -> ast.expr:
        """Whether a slice of a view is the constant; a stop that is left out is None."""
        constant = self.bytes_constant(other)
        if constant is None:
            return self.reject(other, "comparing a slice with this", 'compare it with a bytes constant: `b"GET "`')
        assert isinstance(part.slice, ast.Slice)
        if part.slice.step is not None:
            return self.reject(part.slice.step, "the step of a slice", "compare the bytes one by one: `.u8(i)`")
        view, lower, upper = part.value, part.slice.lower, part.slice.upper
        start = self.expression(lower) if lower else at(ast.Constant(0), part)
        stop = self.expression(upper) if upper else at(ast.Constant(None), part)
        return self.call("view.equals", [self.expression(view), start, stop, constant], part)

    def stray_slice(self, node: ast.Subscript) -> ast.expr:
        compare = f'compare it: `{self.text(node)} == b"GET "`'
        return self.reject(node, "a slice outside a comparison with a bytes constant", compare)

    def starts_with(self, node: ast.Call, view: ast.expr) -> ast.expr:
        """`view.startswith(b"GET ")`."""
        method = at(ast.Attribute(self.expression(view), "startswith", ast.Load()), node.func)
        return at(ast.Call(method, [self.prefix(a) for a in node.args], []), node)

    def prefix(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Tuple):
            return self.reject(node, "a tuple of prefixes", "test one after the other, with `or`")
        return self.bytes_constant(node) or self.expression(node)

    def find(self, node: ast.Call, view: ast.expr) -> ast.expr:
        """`view.find(b" ", max=64)`."""
        match node:
            case ast.Call(args=[byte], keywords=[ast.keyword(arg="max", value=limit)]):
                method = at(ast.Attribute(self.expression(view), "find", ast.Load()), node.func)
                wanted = self.bytes_constant(byte) or self.expression(byte)
                return at(ast.Call(method, [wanted, at(ast.Constant(self.search_limit(limit)), limit)], []), node)
        message = "`find` takes a byte and how many bytes to look at"
        self.found.error("SYR205", message, node, help=(f'`{self.text(node.func)}(b" ", max=64)`',))
        return placeholder(node)

    def search_limit(self, node: ast.expr) -> int:
        """The constant; 1 after it was reported that it is none."""
        try:
            value = evaluate(node, self.constants(), self.casts())
        except NotConstant as why:
            reason = f"`{self.text(why.node)}` is known only when the policy runs"
            message = "how far `find` looks is not a constant"
            self.found.error("SYR109", message, node, notes=(reason,), help=(_LIMIT,))
            return 1
        if isinstance(value, int) and 1 <= value <= MAX_SEARCH:
            return int(value)
        message = f"`find` looks at 1 to {MAX_SEARCH} bytes, not at {value!r}"
        self.found.error("SYR202", message, node, help=(_LIMIT,))
        return 1

    def bytes_constant(self, node: ast.expr) -> ast.expr | None:
        """A constant string of bytes, by name or written out."""
        try:
            value = evaluate(node, self.constants(), {})
        except NotConstant:
            return None
        return at(ast.Constant(value), node) if isinstance(value, bytes) else None
