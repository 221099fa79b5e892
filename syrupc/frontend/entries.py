"""Accesses to maps and to what they hold: whole entries, parts of them, references from `lookup`, methods.

A *place* is a part of an entry: `m[k].field`, `ref.slots[2]`. It is found first and read or changed then, so that one
lookup serves both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from syrupc.frontend.building import Builder, at, placeholder
from syrupc.frontend.suggest import did_you_mean
from syrupc.spec import MapKind, MapSpec

_KEYED: Final = (MapKind.HASH_MAP, MapKind.LRU_HASH_MAP, MapKind.PER_CPU_HASH_MAP)
_CELLS: Final = (*_KEYED, MapKind.ARRAY, MapKind.PER_CPU_ARRAY)
_QUEUES: Final = (MapKind.QUEUE, MapKind.STACK)

METHODS: Final[Mapping[str, tuple[tuple[MapKind, ...], Mapping[int, str]]]] = {
    "get": ((*_CELLS, MapKind.LPM_TRIE), {2: "map.get"}),
    "lookup": ((*_CELLS, MapKind.LPM_TRIE), {1: "map.lookup"}),
    "fetch_add": (_CELLS, {2: "map.fetch_add"}),
    "compare_swap": (_CELLS, {3: "map.compare_swap"}),
    "push": (_QUEUES, {1: "map.push"}),
    "pop": (_QUEUES, {0: "map.pop", 1: "map.pop_or"}),
    "peek": (_QUEUES, {0: "map.peek", 1: "map.peek_or"}),
    "add": ((MapKind.BLOOM,), {1: "map.push"}),
    "emit": ((MapKind.RING_BUF,), {1: "map.emit"}),
}
"""Method of a map in a policy -> the kinds that have it, and the operation for each number of arguments."""

# Method -> what its arguments are, where there are most.
_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "get": ("key", "default"),
    "lookup": ("key",),
    "fetch_add": ("key", "amount"),
    "compare_swap": ("key", "old", "new"),
    "push": ("value",),
    "pop": ("default",),
    "peek": ("default",),
    "add": ("value",),
    "emit": ("event",),
}
# Methods that change an entry, or give a reference through which one can be changed.
_CHANGING: Final = ("fetch_add", "compare_swap", "lookup")
# Those that evaluate what is stored before the map is looked at, as the operations take it.
_VALUE_FIRST: Final = ("map.push", "map.emit")


class Entries(Builder):
    """Rewrites accesses to maps. `references` are the variables that `lookup` gives, each with its map."""

    references: Mapping[str, MapSpec]

    # -- places --------------------------------------------------------------------------------------------------------

    def part(self, node: ast.Attribute | ast.Subscript) -> ast.expr | None:
        """What is read from a part of an entry; None if `node` is no such part."""
        place = self.place(node)
        if place is None:
            return None
        # A part of a referenced entry changes with it, and a value does not: only numbers are read from there.
        return self.call("entry.part" if self.is_referenced(node) else "entry.load", [place], node)

    def place(self, node: ast.expr) -> ast.expr | None:
        """Where a part of an entry is; None if `node` does not start at a map or a reference."""
        match node:
            case ast.Name(id=name) if name in self.references:
                return at(ast.Name(name, ast.Load()), node)
            case ast.Subscript(value=table, slice=key) if (declared := self.map_named(table)) is not None:
                if not self.subscriptable(node, declared):
                    return placeholder(node)
                return self.call("map.entry", [self.map_name(table), self.expression(key)], node)
            case ast.Attribute(value=base, attr=name):
                found = self.place(base)
                if found is None:
                    return None
                return self.call("place.field", [found, at(ast.Constant(name), node)], node)
            case ast.Subscript(value=base, slice=index):
                found = self.place(base)
                return None if found is None else self.call("place.element", [found, self.expression(index)], node)
        return None

    def is_referenced(self, node: ast.expr) -> bool:
        """Whether a place starts at a reference, not at a map."""
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.references

    def assigned_place(self, target: ast.Attribute | ast.Subscript) -> ast.expr | None:
        """Where an assignment to a part of an entry goes, or a diagnostic; None if there is no such part."""
        place = self.place(target)
        if place is not None and not self.is_referenced(target):
            root = self.text(_map_access(target))
            help_line = f"change it in place: `ref = {_lookup(target)}`, then `if ref is not None:`"
            self.reject(target, f"storing into a part of the copy that `{root}` gives", help_line)
            return placeholder(target)
        return place

    def tested(self, node: ast.Compare) -> ast.expr | None:
        """`ref is not None` as a test of a reference; None if it is something else."""
        match node:
            case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]):
                found = self.reference(left)
                if found is None:
                    return None
                test = self.call("place.present", [found], node)
                return at(ast.UnaryOp(ast.Not(), test), node) if isinstance(op, ast.Is) else test
        return None

    def reference(self, node: ast.expr) -> ast.expr | None:
        """A reference where it may be tested: a variable, or `(ref := m.lookup(k))`."""
        match node:
            case ast.Name(id=name) if name in self.references:
                return at(ast.Name(name, ast.Load()), node)
            case ast.NamedExpr(target=ast.Name(id=name) as target, value=value) if name in self.references:
                return at(ast.NamedExpr(target, self.looked_up(value)), node)
        return None

    def looked_up(self, node: ast.expr) -> ast.expr:
        """The call of `lookup` that a reference is bound to. Whatever else stands there was reported as a conflict."""
        match node:
            case ast.Call(func=ast.Attribute(value=table, attr="lookup")) if self.map_named(table):
                return self.map_method(node, table, "lookup")
        return self.expression(node)

    def bare_reference(self, node: ast.expr, name: str) -> ast.expr:
        declared = self.references[name]
        field = "value" if not hasattr(declared.value, "fields") else "field"
        help_line = f"test it with `if {name} is not None:`, and then use `{name}.{field}`"
        return self.reject(node, f"the reference `{name}` as a value", help_line)

    # -- maps ----------------------------------------------------------------------------------------------------------

    def map_named(self, node: ast.expr) -> MapSpec | None:
        if isinstance(node, ast.Name) and node.id not in self.locals:
            return self.declarations.maps.get(node.id)
        return None

    def map_name(self, node: ast.expr) -> ast.expr:
        assert isinstance(node, ast.Name)
        return self.shared(f"map:{node.id}", self.declarations.maps[node.id], node)

    def subscriptable(self, node: ast.Subscript, declared: MapSpec) -> bool:
        """Whether `m[k]` has a meaning for the map."""
        if isinstance(node.slice, ast.Slice):
            self.reject(node.slice, "a slice of a map", "access one entry at a time")
            return False
        if not (declared.kind.indexed or declared.kind.keyed):
            names = [m for m, (kinds, _) in METHODS.items() if declared.kind in kinds]
            message = f"the {declared.kind.value} `{declared.name}` has no entries with keys"
            notes = (f"known: {', '.join(f'`{m}`' for m in names)}",)
            self.found.error("SYR204", message, node, notes=notes, help=(_example(declared, names[0]),))
            return False
        return True

    def changeable(self, node: ast.expr, declared: MapSpec) -> bool:
        """Whether a policy may add or remove entries."""
        if declared.kind is not MapKind.LPM_TRIE:
            return True
        message = f"a policy cannot change the LpmTrie `{declared.name}`"
        help_line = f"change it from user space: `policy.maps.{declared.name}[(address, prefix_length)] = value`"
        self.found.error("SYR204", message, node, help=(help_line,))
        return False

    def map_method(self, node: ast.Call, receiver: ast.expr, method: str) -> ast.expr:
        declared = self.map_named(receiver)
        assert declared is not None
        kinds, operations = METHODS.get(method, ((), {}))
        if declared.kind not in kinds:
            return self.no_method(node, declared, method)
        if len(node.args) not in operations:
            self.count(node, f"{self.text(receiver)}.{method}", _PARAMETERS[method])
            return placeholder(node)
        operation = operations[len(node.args)]
        arguments = [self.map_name(receiver), *map(self.expression, node.args)]
        if operation in _VALUE_FIRST:
            arguments.reverse()
        return self.call(operation, arguments, node)

    def no_method(self, node: ast.Call, declared: MapSpec, method: str) -> ast.expr:
        names = [m for m, (kinds, _) in METHODS.items() if declared.kind in kinds]
        known = ", ".join(f"`{m}`" for m in names)
        help_lines = did_you_mean(method, names) or (_example(declared, names[0]),)
        message = f"{declared.kind.value} has no method `{method}` in a policy"
        self.found.error("SYR204", message, node.func, notes=(f"known: {known}",), help=help_lines)
        return placeholder(node)

    def maps_of(self, place: ast.expr) -> Iterator[str]:
        """The map that a place is in."""
        while isinstance(place, ast.Attribute | ast.Subscript) and not self.map_named(place):
            place = place.value
        declared = self.map_named(place) or (self.references.get(place.id) if isinstance(place, ast.Name) else None)
        if declared:
            yield declared.name

    def may_change(self, table: str, node: ast.AST) -> bool:
        """Whether running this may change an entry of the map, in functions that it calls, too."""
        for each in ast.walk(node):
            match each:
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name == table:
                    return True
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                    if name == table and method in _CHANGING:
                        return True
                case ast.Call(func=ast.Name(id=name)) if name in self.declarations.helpers:
                    if any(self.may_change(table, s) for s in self.declarations.helpers[name].node.body):
                        return True
        return False

    def map_membership(self, node: ast.Compare, container: ast.expr) -> ast.expr:
        declared = self.map_named(container)
        assert declared is not None
        if declared.kind in (*_QUEUES, MapKind.RING_BUF):
            return self.reject(node, f"`in` on a {declared.kind.value}", "keep the members in a HashMap")
        return self.call("map.contains", [self.expression(node.left), self.map_name(container)], node)


def _example(declared: MapSpec, method: str) -> str:
    return f"for example `{declared.name}.{method}({', '.join(_PARAMETERS[method])})`"


def references_of(
    function: ast.FunctionDef, maps: Mapping[str, MapSpec]
) -> tuple[dict[str, MapSpec], list[tuple[ast.Name, ast.Name]]]:
    """The variables that hold what `lookup` gives, and where one is bound to something else (beside a lookup)."""
    bound: dict[str, tuple[ast.Name, MapSpec]] = {}
    lookups: set[int] = set()
    conflicts: list[tuple[ast.Name, ast.Name]] = []
    for target, declared in _lookups(function, maps):
        lookups.add(id(target))
        first, earlier = bound.setdefault(target.id, (target, declared))
        if earlier is not declared:
            conflicts.append((target, first))
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if name in bound and id(node) not in lookups:
                conflicts.append((node, bound[name][0]))
    return {name: declared for name, (_, declared) in bound.items()}, conflicts


def is_lookup(node: ast.expr | None) -> bool:
    """Whether an expression has the form of a call of `lookup`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "lookup"


def _lookups(function: ast.FunctionDef, maps: Mapping[str, MapSpec]) -> Iterator[tuple[ast.Name, MapSpec]]:
    local = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local |= {a.arg for a in function.args.args}
    for node in ast.walk(function):
        match node:
            case (
                ast.Assign(targets=[ast.Name() as target], value=value)
                | ast.NamedExpr(target=ast.Name() as target, value=value)
                | ast.AnnAssign(target=ast.Name() as target, value=value)
            ) if is_lookup(value):
                match value:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in maps and name not in local:
                        yield target, maps[name]


def _map_access(node: ast.expr) -> ast.expr:
    """The `m[k]` that a place starts at."""
    while isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Attribute | ast.Subscript):
        node = node.value
    return node


def _lookup(target: ast.expr) -> str:
    access = _map_access(target)
    if isinstance(access, ast.Attribute):
        return ast.unparse(access)
    assert isinstance(access, ast.Subscript)
    return f"{ast.unparse(access.value)}.lookup({ast.unparse(access.slice)})"
