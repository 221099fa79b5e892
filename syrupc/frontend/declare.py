"""What a policy file declares: its imports of `syrup`, constants, maps and policies.

A policy file is ordinary Python. Only what policies use has to be within the language: any other module-level code may
stand beside them, and a policy that uses a name from there is told so where it uses it.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from syrupc.frontend import layouts
from syrupc.frontend.constants import Constant, NotConstant, evaluate
from syrupc.frontend.helpers import Helper, check_recursion, helper
from syrupc.frontend.map_declarations import declared_map
from syrupc.frontend.source import Findings, Located, PolicySource, first_words, head
from syrupc.frontend.suggest import did_you_mean, nearest
from syrupc.kernel.hooks import HOOKS
from syrupc.kernel.profiles import NAMES
from syrupc.spec import (
    INT_TYPES,
    STORED_TYPES,
    FunctionSpec,
    Input,
    MapKind,
    MapSpec,
    PolicySpec,
    StructType,
)

# The names of `syrup` that mean something inside a policy file, by what they are.
SCALARS: Final = frozenset(name for name in INT_TYPES if name not in ("int", "bool"))
DECISIONS: Final = frozenset({"PASS", "DROP"})
STORAGE: Final = frozenset(name for name in STORED_TYPES if name not in ("int", "bool"))
FUNCTIONS: Final = frozenset({"random", "now_ns", "cpu", "hash", "trace"})
LAYOUTS: Final = frozenset({"Elements", "elements", "struct"})
LOOPS: Final = frozenset({"range"})
INPUTS: Final = {kind.value: kind for kind in Input}
MAPS: Final = {kind.value: kind for kind in MapKind}
_MARKS: Final = frozenset({"Executor", "View", "func", "jit"})
EXPORTS: Final = STORAGE | DECISIONS | FUNCTIONS | LOOPS | LAYOUTS | INPUTS.keys() | MAPS.keys() | _MARKS

_RESERVED_PREFIX = "syrup_"
# Well within what kernels take as a name in BTF (127 characters), also with a prefix of ours.
_MAX_NAME = 100


@dataclass(frozen=True)
class Policy:
    """A policy's specification and the tree of its function."""

    spec: PolicySpec
    node: ast.FunctionDef


@dataclass(frozen=True)
class Unusable:
    """Why no policy may use a module-level name, what to write instead, and where the name is bound."""

    reason: str
    instead: str = ""
    place: Located | None = None


@dataclass(frozen=True)
class Declarations:
    """All that a policy may refer to. `exports` maps each local spelling (`syrup.u64`, `u64`) to a name of `syrup`."""

    source: PolicySource
    exports: Mapping[str, str]
    constants: Mapping[str, Constant]
    structs: Mapping[str, StructType]
    maps: Mapping[str, MapSpec]
    helpers: Mapping[str, Helper]
    policies: tuple[Policy, ...]
    # Module-level names that no policy may use.
    unusable: Mapping[str, Unusable]
    # Every name that the module level binds: those hide Python's own.
    bound: frozenset[str]

    def export(self, node: ast.expr) -> str | None:
        """The name of `syrup` that `node` spells, if it does."""
        match node:
            case ast.Name(id=name):
                return self.exports.get(name)
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                return self.exports.get(f"{module}.{name}")
        return None


def declare(source: PolicySource) -> Declarations:
    """Read the module level of a policy file; raises `CompileError`."""
    found = Findings(source)
    declarations = _Declarer(source, found).run()
    found.require_none()
    return declarations


class _Declarer:
    """One walk over the module's statements, in order."""

    def __init__(self, source: PolicySource, found: Findings) -> None:
        self.source, self.found = source, found
        self.exports: dict[str, str] = {}
        self.constants: dict[str, Constant] = {}
        self.structs: dict[str, StructType] = {}
        self.maps: dict[str, MapSpec] = {}
        self.helpers: dict[str, Helper] = {}
        self.policies: list[Policy] = []
        self.unusable: dict[str, Unusable] = {}
        self.bindings = Counter(_bound_names(source.tree))
        # How this file spells what makes an enumeration.
        self.enumerations: set[str] = set()
        self.functions: list[ast.FunctionDef] = []

    def run(self) -> Declarations:
        for statement in self.source.tree.body:
            self.statement(statement)
        check_recursion(self.helpers, self.found)
        declarations = Declarations(
            self.source,
            self.exports,
            self.constants,
            self.structs,
            self.maps,
            self.helpers,
            tuple(self.policies),
            self.unusable,
            frozenset(self.bindings),
        )
        if not self.policies and not self.found:
            self.no_policy()
        return declarations

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Import(names=names):
                self.module_import(names)
            case ast.ImportFrom(module="enum", names=names, level=0):
                self.enumerations |= {a.asname or a.name for a in names if a.name in ("IntEnum", "auto")}
            case ast.ImportFrom(module="syrup", names=names, level=0):
                self.names_import(node, names)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assignment(node, name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self.assignment(node, name, value)
            case ast.FunctionDef():
                self.function(node)
            case ast.ClassDef() if self.is_enumeration(node):
                self.enumeration(node)
            case ast.ClassDef(decorator_list=[first, *_]) if self.export_of(first) == "struct":
                self.struct(node)
            case _:
                for name in _bound_names(node):
                    reason = "it is not a constant, a map, a struct or a function of the policy language"
                    self.unusable[name] = Unusable(reason, "a constant is `NAME = 4`, one assignment", node)
                if isinstance(node, ast.AsyncFunctionDef | ast.ClassDef):
                    self.marked_in_vain(node)

    def module_import(self, names: list[ast.alias]) -> None:
        for alias in names:
            local = alias.asname or alias.name
            if alias.name == "enum":
                self.enumerations |= {f"{local}.IntEnum", f"{local}.auto"}
            if alias.name == "syrup":
                self.exports |= {f"{local}.{name}": name for name in EXPORTS}
            else:
                reason = f"module `{alias.name}` is not available in a policy"
                instead = "write its value as a constant, or let user space store it in a map"
                self.unusable[local.partition(".")[0]] = Unusable(reason, instead, alias)

    def names_import(self, node: ast.ImportFrom, names: list[ast.alias]) -> None:
        for alias in names:
            if alias.name == "*":
                self.found.error(
                    "SYR110",
                    "`from syrup import *` hides where names come from",
                    node,
                    help=("name them: `from syrup import u64, PASS`",),
                )
            elif alias.name in EXPORTS:
                self.exports[alias.asname or alias.name] = alias.name
            elif meant := nearest(alias.name, EXPORTS):
                help_line = f"did you mean `{meant}`?"
                self.found.error("SYR110", f"`syrup` has no `{alias.name}`", alias, help=(help_line,))
                self.exports[alias.asname or alias.name] = meant  # so that its uses are no further errors
            else:
                reason = f"`syrup.{alias.name}` has no meaning in a policy"
                self.unusable[alias.asname or alias.name] = Unusable(reason, place=alias)

    def assignment(self, node: ast.stmt, name: str, value: ast.expr) -> None:
        if self.bindings[name] > 1:
            reason = "it is bound more than once, so it is no constant"
            self.unusable[name] = Unusable(reason, "bind it once, or keep what changes in a map", node)
            return
        if isinstance(value, ast.Call) and self.misspelt(value.func):
            self.unusable[name] = Unusable("it is not declared as it should be", place=node)
            return
        kind = self.called_map(value)
        if kind is not None:
            assert isinstance(value, ast.Call)
            self.map(node, name, kind, value)
            return
        try:
            self.constants[name] = evaluate(value, self.constants, self.casts())
        except NotConstant as why:
            reason = f"its value is not known at compile time: {why.reason}"
            self.unusable[name] = Unusable(reason, "write the number, or let user space store it in a map", node)

    def misspelt(self, node: ast.expr) -> bool:
        """Whether `node` is a slip for a name of `syrup`, which is reported."""
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (
                f"{module}.jit" in self.exports and name not in EXPORTS
            ):
                suggestion = did_you_mean(name, sorted(EXPORTS), f"{module}.{{}}")
                if suggestion:
                    self.found.error("SYR104", f"`{module}.{name}` does not exist", node, help=suggestion)
                return bool(suggestion)
        return False

    def marked_in_vain(self, node: ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Say what is wrong with a decorator of `syrup` where it cannot stand."""
        for decorator in node.decorator_list:
            mark = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self.misspelt(mark) or self.export_of(decorator) not in _MARKS:
                continue
            if isinstance(node, ast.ClassDef):
                message = f"`@{ast.unparse(mark)}` stands above a function, and `{node.name}` is a class"
                self.found.error("SYR105", message, decorator, help=("a policy is a function: `def schedule(…)`",))
            else:
                help_line = "a policy decides at once: remove `async`"
                self.found.error("SYR105", f"`{node.name}` is `async`", head(node), help=(help_line,))

    def export_of(self, node: ast.expr) -> str | None:
        """The name of `syrup` that a decorator spells, also where it is called."""
        return self.exports.get(ast.unparse(node.func if isinstance(node, ast.Call) else node))

    def struct(self, node: ast.ClassDef) -> None:
        declared = layouts.struct(node, self)
        if self.bindings[node.name] > 1:
            self.found.error("SYR106", f"`{node.name}` is bound more than once", head(node), help=_RENAME)
        elif declared and self.named("a struct", node.name, head(node)):
            self.structs[node.name] = declared

    def is_enumeration(self, node: ast.ClassDef) -> bool:
        names = [ast.unparse(base) for base in node.bases]
        plain = len(names) == 1 and not node.keywords and not node.decorator_list
        return plain and names[0] in self.enumerations and names[0].endswith("IntEnum")

    def enumeration(self, node: ast.ClassDef) -> None:
        """`class Kind(IntEnum): GET = 1`: its members are constants, if integers are all that it holds."""
        members: dict[str, Constant] = {}
        for each in node.body:
            match each:
                case ast.Expr(value=ast.Constant()):
                    continue
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    known = {**self.constants, **members}
                    try:
                        members[name] = self.member(value, members, known)
                        continue
                    except NotConstant:
                        pass
            reason = "it is an enumeration with more than integer constants"
            self.unusable[node.name] = Unusable(reason, "give every member an integer: `GET = 1`", each)
            return
        header = head(node)
        if self.bindings[node.name] > 1:
            self.unusable[node.name] = Unusable("it is bound more than once", "bind it once", header)
            return
        example = next(iter(members), "GET")
        self.unusable[node.name] = Unusable("it is an enumeration", f"name a member: `{node.name}.{example}`", header)
        self.constants |= {f"{node.name}.{name}": value for name, value in members.items()}

    def member(self, value: ast.expr, before: Mapping[str, Constant], known: Mapping[str, Constant]) -> Constant:
        match value:
            case ast.Call(func=func, args=[], keywords=[]) if ast.unparse(func) in self.enumerations:
                earlier = [v for v in before.values() if isinstance(v, int)]
                if earlier and earlier[-1] != max(earlier):  # there Python's releases differ
                    raise NotConstant(value, "`auto()` after a smaller value")
                return earlier[-1] + 1 if earlier else 1
        number = evaluate(value, known, self.casts())
        if not isinstance(number, int):
            raise NotConstant(value, "only integers are members")
        return int(number)

    def called_map(self, value: ast.expr) -> MapKind | None:
        match value:
            case ast.Call(func=func):
                return MAPS.get(self.exports.get(ast.unparse(func), ""))
        return None

    def casts(self) -> dict[str, str]:
        return {spelling: name for spelling, name in self.exports.items() if name in SCALARS}

    def map(self, node: ast.stmt, name: str, kind: MapKind, call: ast.Call) -> None:
        if not self.named("a map", name, first_words(node, name)):
            return
        declared = declared_map(name, kind, call, self)
        if declared:
            self.maps[name] = dataclasses.replace(declared, span=self.source.span(node))

    def named(self, what: str, name: str, node: Located) -> bool:
        """Whether a map or a policy can have this name in an object."""
        if name.isascii() and not name.startswith(_RESERVED_PREFIX) and len(name) <= _MAX_NAME:
            return True
        why = f"names are ASCII, at most {_MAX_NAME} characters long, and do not start with `{_RESERVED_PREFIX}`"
        message = f"`{name[:_MAX_NAME]}` cannot be the name of {what}"
        self.found.error("SYR106", message, node, notes=(why,), help=("give it another name",))
        return False

    def function(self, node: ast.FunctionDef) -> None:
        self.functions.append(node)
        if any(self.export_of(d) == "func" for d in node.decorator_list):
            self.helper(node)
            return
        instead = f"write `@syrup.func` above `def {node.name}`"
        self.unusable[node.name] = Unusable("it is not marked as a helper", instead, head(node))
        for decorator in node.decorator_list:
            self.misspelt(decorator.func if isinstance(decorator, ast.Call) else decorator)
        decorators = [d for d in node.decorator_list if self.is_jit(d)]
        if not decorators:
            return
        instead = "put what both need into a `@syrup.func`; repeat with a loop"
        self.unusable[node.name] = Unusable("a policy cannot call a policy", instead)
        if len(node.decorator_list) > 1:
            other = next(d for d in node.decorator_list if d not in decorators[:1])
            message = "a policy has no decorator but `@syrup.jit`"
            self.found.error("SYR105", message, other, help=(f"remove `@{ast.unparse(other)}`",))
        if self.bindings[node.name] > 1:
            self.found.error("SYR105", f"`{node.name}` is bound more than once", head(node), help=_RENAME)
        self.named("a policy", node.name, head(node))
        hooks = self.hooks(decorators[0])
        input_kind = self.signature(node)
        if hooks and input_kind:
            parameter = node.args.args[0].arg
            function = FunctionSpec(node.name, (parameter,), self.source.span(node))
            self.policies.append(Policy(PolicySpec(function, input_kind, hooks), node))

    def helper(self, node: ast.FunctionDef) -> None:
        self.functions.pop()
        others = [d for d in node.decorator_list if isinstance(d, ast.Call) or self.export_of(d) != "func"]
        if others:
            message = "`@syrup.func` stands alone above a helper function, without parentheses"
            self.found.error("SYR105", message, others[0], help=("write `@syrup.func` alone",))
        if self.bindings[node.name] > 1:
            self.found.error("SYR105", f"`{node.name}` is bound more than once", head(node), help=_RENAME)
        self.named("a function", node.name, head(node))
        declared = helper(node, head(node), self)
        if declared:
            self.helpers[node.name] = declared
        else:
            self.unusable[node.name] = Unusable("its signature is wrong", place=head(node))

    def is_jit(self, node: ast.expr) -> bool:
        callee = node.func if isinstance(node, ast.Call) else node
        return self.exports.get(ast.unparse(callee)) == "jit"

    def hooks(self, decorator: ast.expr) -> tuple[str, ...]:
        if not isinstance(decorator, ast.Call):
            return ("socket",)
        given = {keyword.arg: keyword.value for keyword in decorator.keywords}
        if decorator.args or not given.keys() <= {"hook", "kernel"}:
            help_lines = ('`@syrup.jit(hook="socket")`', '`@syrup.jit(kernel="6.1")`')
            self.found.error("SYR105", "`@syrup.jit` takes `hook=` and `kernel=` only", decorator, help=help_lines)
            return ()
        if "kernel" in given:
            self.kernel(given["kernel"])
        return self.named_hooks(given["hook"]) if "hook" in given else ("socket",)

    def named_hooks(self, value: ast.expr) -> tuple[str, ...]:
        elements = value.elts if isinstance(value, ast.Tuple) else [value]
        names = [e.value for e in elements if isinstance(e, ast.Constant)]
        unknown = [e for e in elements if not (isinstance(e, ast.Constant) and e.value in HOOKS)]
        if unknown:
            self.unknown_hook(unknown[0])
            return ()
        if len(set(names)) != len(elements):
            self.found.error("SYR105", "a hook is named twice", value, help=("name each hook once",))
            return ()
        return tuple(str(name) for name in names)

    def kernel(self, value: ast.expr) -> None:
        if not (isinstance(value, ast.Constant) and value.value in NAMES):
            known = ", ".join(NAMES)
            help_line = f'for example `kernel="{NAMES[-1]}"`'
            self.found.error("SYR105", "no such kernel", value, notes=(f"known: {known}",), help=(help_line,))

    def unknown_hook(self, node: ast.expr) -> None:
        name = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        help_lines = did_you_mean(name, HOOKS, '"{}"') or (f'for example `hook="{next(iter(HOOKS))}"`',)
        self.found.error("SYR105", "no such hook", node, notes=(f"known: {', '.join(HOOKS)}",), help=help_lines)

    def signature(self, node: ast.FunctionDef) -> Input | None:
        arguments = node.args
        extra = arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg
        help_line = (f"`def {node.name}(pkt: syrup.Packet) -> syrup.Executor:`",)
        if extra or arguments.defaults or len(arguments.args) != 1 or _type_parameters(node):
            self.found.error("SYR105", "a policy takes exactly one input", head(node), help=help_line)
            return None
        parameter = arguments.args[0]
        kind = INPUTS.get(self.exports.get(_annotation(parameter.annotation), ""))
        if kind is None:
            place: Located = parameter.annotation or parameter
            known = ", ".join(f"syrup.{name}" for name in INPUTS)
            inputs = [spelling for spelling, name in self.exports.items() if name in INPUTS]
            self.found.error(
                "SYR105",
                f"the input `{parameter.arg}` is not annotated with what a policy decides about",
                place,
                notes=(f"known: {known}",),
                help=did_you_mean(_annotation(parameter.annotation), inputs) or help_line,
            )
        if self.exports.get(_annotation(node.returns)) != "Executor":
            where = node.returns or head(node)
            results = [spelling for spelling, name in self.exports.items() if name == "Executor"]
            help_lines = did_you_mean(_annotation(node.returns), results) or help_line
            self.found.error("SYR105", "a policy returns `syrup.Executor`", where, help=help_lines)
            return None
        return kind

    def no_policy(self) -> None:
        if not self.functions:
            help_line = "write `@syrup.jit` above `def schedule(pkt: syrup.Packet) -> syrup.Executor:`"
            anchor: Located = ast.Constant(value=None, lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
            message = "the file is empty" if not self.source.text.strip() else "no policy in this file"
            self.found.error("SYR103", message, anchor, help=(help_line,))
            return
        node = self.functions[0]
        help_line = f"write `@syrup.jit` above `def {node.name}` (with `import syrup` at the top)"
        self.found.error("SYR103", f"`{node.name}` is not marked as a policy", head(node), help=(help_line,))


_RENAME: Final = ("give one of them another name",)


def _annotation(node: ast.expr | None) -> str:
    match node:
        case None:
            return ""
        case ast.Constant(value=str() as text):
            return text
        case _:
            return ast.unparse(node)


def _type_parameters(node: ast.FunctionDef) -> bool:
    return bool(getattr(node, "type_params", ()))


def _bound_names(tree: ast.AST) -> Iterator[str]:
    """Every name that the module level binds, once for each binding, also from inside functions by `global`."""
    pending: list[ast.AST] = list(tree.body) if isinstance(tree, ast.Module) else [tree]
    while pending:
        node = pending.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
                yield from (name for n in ast.walk(node) if isinstance(n, ast.Global) for name in n.names)
                continue
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.alias():
                yield (node.asname or node.name).partition(".")[0]
            case (
                ast.ExceptHandler(name=str() as name)
                | ast.MatchAs(name=str() as name)
                | ast.MatchStar(name=str() as name)
            ):
                yield name
            case ast.Lambda():
                continue
        pending.extend(ast.iter_child_nodes(node))


BUILTIN_NAMES: Final = frozenset(dir(builtins))
"""Every name that Python itself brings; which of them a policy may use is the subset's business."""
