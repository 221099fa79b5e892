"""A policy as a value: a plain function to call, compiled at its first use, with live maps."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeAlias, TypeVar, cast, overload

from syrupc.diagnostics import Diagnostic
from syrupc.errors import UsageError
from syrupc.lang.maps import Map
from syrupc.lang.packets import Packet
from syrupc.lang.world import running
from syrupc.spec import DEFAULT_MAX_EXECUTORS, ObjectSpec, ProgramSpec

if TYPE_CHECKING:
    from syrup.deciding import Decider, Decision
    from syrup.loader import Loaded
    from syrup.maps import Maps
    from syrupc.cache import Cache
    from syrupc.verifier.verdict import VerifiedObject

Attachable: TypeAlias = "Policy[..., Any] | str | os.PathLike[str] | Loaded | VerifiedObject"
"""What can be attached: a decorated function, the path of a policy file, or an object."""

P = ParamSpec("P")
R = TypeVar("R")

_UNIT: Final = "__syrup__"
"""Where a module's policies keep what they share."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be chosen when a file is compiled: room for executors, and the oldest kernel that must take the object.

    The kernel is the name of a release or the path of a profile file, `None` for the one that the policies ask for.
    """

    max_executors: int = DEFAULT_MAX_EXECUTORS
    kernel: str | None = None

    def but(self, max_executors: int | None, kernel: str | None) -> Choice:
        """The same, except for what is given."""
        return Choice(
            self.max_executors if max_executors is None else max_executors, self.kernel if kernel is None else kernel
        )


class Unit:
    """One policy file: what it compiles to, and its live maps (if there are any yet), which all its policies share."""

    def __init__(
        self, path: str, cache: Cache | None = None, namespace: Mapping[str, object] = MappingProxyType({})
    ) -> None:
        self.path = path
        self._cache = cache
        self._namespace = namespace
        self._compiled: dict[Choice, VerifiedObject] = {}
        self.live: Maps | None = None

    def compiled(self, choice: Choice) -> VerifiedObject:
        """The object for all hooks, compiled when it is first asked for. Raises `CompileError`."""
        if choice not in self._compiled:
            self._compiled[choice] = _compile_file(self.path, choice, self._cache)
        return self._compiled[choice]

    def create_maps(self, choice: Choice) -> Maps:
        """Create the maps in the kernel."""
        from syrup.loader import create_maps

        return self.keep(create_maps(self.compiled(choice)))

    def keep(self, maps: Maps) -> Maps:
        """Let these be the live maps. Where the file is imported, their records are of the classes that it declares."""
        for name, each in maps.items():
            declared = self._namespace.get(name)
            if isinstance(declared, Map):
                each.use_classes_of(declared)
        self.live = maps
        return maps


class Policy(Generic[P, R]):
    """A policy of a file. Calling it runs the function as plain Python; attaching it runs it in the kernel."""

    def __init__(
        self,
        unit: Unit,
        name: str,
        hooks: tuple[str, ...],
        function: Callable[P, R] | None = None,
        choice: Choice = Choice(),
    ) -> None:
        if function is not None:
            functools.update_wrapper(self, function)
        self.name = name
        self.hooks = hooks
        self._unit = unit
        self._function = function
        self._choice = choice
        self._deciders: dict[int, Decider] = {}

    @property
    def path(self) -> str:
        """The file that the policy stands in."""
        return self._unit.path

    @property
    def verified(self) -> VerifiedObject:
        """The object that the file compiles to, for all its hooks. Raises `CompileError`, `VerificationError`."""
        return self._unit.compiled(self._choice)

    @property
    def maps(self) -> Maps:
        """The live maps of the policy's file, shared by all its policies; created in the kernel at first use."""
        live = self._unit.live
        return self._unit.create_maps(self._choice) if live is None else live

    def choosing(self, max_executors: int | None, kernel: str | None) -> Policy[P, R]:
        """The same policy, compiled with what is given instead of what was chosen before."""
        choice = self._choice.but(max_executors, kernel)
        if choice == self._choice:
            return self
        return Policy(self._unit, self.name, self.hooks, self._function, choice)

    def deployable(self, hook: str) -> Deployable:
        verified = self.verified
        return Deployable(verified, _program(verified, self.name, hook), self._unit.live or {}, None, self._unit)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the policy as plain Python: it raises what Python raises."""
        with running():
            return self._imported()(*args, **kwargs)

    def decide(self, packet: Packet, *, executors: int = DEFAULT_MAX_EXECUTORS) -> Decision:
        """What the kernel would decide about `packet`, with as many `executors`, from what the policy compiles to.

        It needs no kernel and no rights. The maps that the policy's module declares are read and changed. Raises
        `CompileError` and `VerificationError`; where Python would raise, the decision is PASS with a `fault`.
        """
        if not isinstance(packet, Packet):
            raise TypeError(f"a policy decides about a Packet, not about a {type(packet).__name__}")
        if executors < 0:
            raise ValueError(f"executors is {executors}, not 0 or more")
        return self._decider(executors).decide(packet)

    def _decider(self, executors: int) -> Decider:
        from syrup.deciding import Decider, declared_maps

        room = max(executors, self._choice.max_executors)
        verified = self._unit.compiled(self._choice.but(room, None))
        maps = declared_maps(self._imported().__globals__, verified)
        decider = self._deciders.get(executors)
        if decider is None or not decider.uses(maps):  # a test may have put other maps in place
            decider = Decider(verified, _program(verified, self.name, self.hooks[0]), maps, executors)
            self._deciders[executors] = decider
        return decider

    def _imported(self) -> Callable[P, R]:
        if self._function is None:
            raise TypeError(f"`{self.name}` was compiled from its file; import the file to call it")
        return self._function

    def __repr__(self) -> str:
        return f"<Policy {self.name} of {self.path}>"


@dataclass(frozen=True, slots=True)
class Deployable:
    """What a hook needs: a verified object, which of its programs, and maps that it shall use."""

    verified: VerifiedObject
    program: ProgramSpec
    maps: Mapping[str, Map]
    loaded: Loaded | None = None
    unit: Unit | None = None

    @property
    def spec(self) -> ObjectSpec:
        spec = self.verified.object.spec
        assert spec is not None
        return spec

    def use(self, maps: Maps) -> None:
        """Let the policy's own `maps` be the ones in place."""
        if self.unit is not None:
            self.unit.keep(maps)


@overload
def jit(function: Callable[P, R], /) -> Policy[P, R]: ...
@overload
def jit(*, hook: str | tuple[str, ...] = ..., kernel: str | None = ...) -> Callable[[Callable[P, R]], Policy[P, R]]: ...
def jit(
    function: Callable[P, R] | None = None,
    /,
    *,
    hook: str | tuple[str, ...] = ("socket",),
    kernel: str | None = None,  # noqa: ARG001 -- the compiler reads it where it stands
) -> Policy[P, R] | Callable[[Callable[P, R]], Policy[P, R]]:
    """Mark a function as a policy for one or more hooks. Nothing is compiled until it is used.

    `kernel` names the oldest release that the policy is for, as in `"6.1"`, if it needs what Linux 5.15 lacks; the file
    is compiled for the newest that one of its policies names.
    """
    hooks = (hook,) if isinstance(hook, str) else tuple(hook)

    def mark(function: Callable[P, R]) -> Policy[P, R]:
        namespace = function.__globals__
        unit = namespace.setdefault(_UNIT, Unit(function.__code__.co_filename, None, namespace))
        return Policy(unit, function.__name__, hooks, function)

    return mark if function is None else mark(function)


def compile_policy(
    policy: Policy[..., Any] | str | os.PathLike[str],
    *,
    name: str | None = None,
    max_executors: int | None = None,
    kernel: str | None = None,
    cache: Cache | None = None,
) -> Policy[..., Any]:
    """Compile a decorated function, or a policy file, now.

    `name` chooses among several policies of a file; `max_executors` makes room for more than 64 executors; `kernel` is
    the oldest kernel that must take it, a release such as `"6.1"` or a file that `syrup features --profile` wrote, in
    place of the one that the policy asks for; a `cache` has the object of a file that was compiled before, which is
    verified again. Raises
    `CompileError` and `VerificationError` with the places in the source, `UsageError` where the choice is not clear.
    """
    if isinstance(policy, Policy):
        _require_named(policy, name)
        found = policy.choosing(max_executors, kernel)
        found._unit.compiled(found._choice)
        return found
    unit = Unit(os.fspath(policy), cache)
    choice = Choice().but(max_executors, kernel)
    verified = unit.compiled(choice)
    chosen = _only_name(verified, unit.path, name)
    hooks = tuple(p.hook for p in _programs(verified) if p.name == chosen)
    return Policy(unit, chosen, hooks, None, choice)


def deployable(
    policy: Attachable,
    hook: str,
    *,
    name: str | None = None,
    max_executors: int | None = None,
    kernel: str | None = None,
) -> Deployable:
    """What there is to attach of a policy, a file, a verified object or a loaded one."""
    from syrup.loader import Loaded
    from syrupc.verifier.verdict import VerifiedObject

    match policy:
        case Policy():
            _require_named(policy, name)
            return policy.choosing(max_executors, kernel).deployable(hook)
        case str() | os.PathLike():
            unit = Unit(os.fspath(cast("str", policy)))
            verified = unit.compiled(Choice().but(max_executors, kernel))
            return Deployable(verified, _program(verified, _only_name(verified, unit.path, name), hook), {})
        case Loaded() | VerifiedObject() if kernel is not None:
            raise TypeError(
                "what is compiled already is for the kernel that it was compiled for: `kernel` cannot change it"
            )
        case Loaded():
            if policy.closed:
                raise ValueError("what was loaded is closed")
            chosen = _program(policy.verified, _only_name(policy.verified, "the object", name), hook)
            return Deployable(policy.verified, chosen, policy.maps, policy)
        case VerifiedObject():
            return Deployable(policy, _program(policy, _only_name(policy, "the object", name), hook), {})
    raise TypeError(f"a policy, a path, a Loaded or a VerifiedObject is attached, not a {type(policy).__name__}")


def _compile_file(path: str, choice: Choice, cache: Cache | None) -> VerifiedObject:
    from syrupc.build import compiled
    from syrupc.files import read_source
    from syrupc.kernels import chosen
    from syrupc.options import Options

    kernel = None if choice.kernel is None else chosen(choice.kernel)
    return compiled(read_source(path), Options(kernel=kernel, max_executors=choice.max_executors), cache).require()


def _require_named(policy: Policy[..., Any], name: str | None) -> None:
    """Raises `UsageError` where a decorated function is called by another policy's name."""
    if name not in (None, policy.name):
        why = "a decorated function is one policy; `name` chooses among those of a file"
        raise UsageError(Diagnostic("SYR004", f"the policy `{policy.name}` is not `{name}`", notes=(why,)))


def _only_name(verified: VerifiedObject, place: str, name: str | None) -> str:
    names = list(dict.fromkeys(p.name for p in _programs(verified)))
    if name in names or (name is None and len(names) == 1):
        return name or names[0]
    listed = ", ".join(f"`{each}`" for each in names) or "none"
    problem = "several policies" if name is None else f"no policy `{name}`"
    raise UsageError(
        Diagnostic(
            "SYR004",
            f"{place} has {problem}",
            notes=(f"there are: {listed}",),
            help=("say which one: `--policy NAME`",),
        )
    )


def _program(verified: VerifiedObject, name: str, hook: str) -> ProgramSpec:
    for program in _programs(verified):
        if program.name == name and program.hook == hook:
            return program
    hooks = ", ".join(f"`{p.hook}`" for p in _programs(verified) if p.name == name) or "none"
    raise UsageError(
        Diagnostic("SYR004", f"`{name}` is no policy for the hook `{hook}`", notes=(f"it is compiled for: {hooks}",))
    )


def _programs(verified: VerifiedObject) -> tuple[ProgramSpec, ...]:
    spec = verified.object.spec
    return spec.programs if spec else ()
