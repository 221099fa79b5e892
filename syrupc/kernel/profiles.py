"""Kernels as values: what programs may use there and what their verifiers follow; the running one is not asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from syrupc.diagnostics import Diagnostic
from syrupc.errors import UsageError
from syrupc.kernel.helpers import HELPERS, helpers_of
from syrupc.kernel.map_types import MAP_TYPES
from syrupc.kernel.program_types import PROGRAM_TYPES
from syrupc.kernel.reasoning import Reasoning, reasoning
from syrupc.kernel.release import brought, release

DEFAULT_PROFILE: Final = "5.15"
"""The oldest kernel that is supported: what is proven for it loads on every newer one."""

NAMES: Final = ("5.15", "6.1", "6.6", "6.12", "6.18")

FORGETFUL: Final = ("6.12", "6.18")
"""Kernels that conclude less from something than older ones do: what is proven for those is held to them as well."""

LOOPS: Final = {
    "bounded": "5.3",
    "bpf_loop": "5.17",
    "iterators": "6.4",
    "may_goto": "6.9",
}
"""Ways to loop, and the releases that brought them."""

_ISA_V4_SINCE: Final = "6.6"
_ACQUIRE_RELEASE_SINCE: Final = "6.15"


@dataclass(frozen=True, slots=True)
class KernelProfile:
    """A kernel. `isa` is the instruction set version that its verifier knows (3, or 4 with signed division).

    `helpers` and `map_types` are numbers, `program_types` names; `offered` has the helpers for each of these types;
    `loops` names the ways to loop that it accepts.
    """

    name: str
    release: tuple[int, int]
    isa: int
    helpers: frozenset[int]
    map_types: frozenset[int]
    program_types: frozenset[str]
    offered: Mapping[str, frozenset[int]]
    loops: frozenset[str]
    acquire_release: bool
    reasoning: Reasoning


def forgetful_after(kernel: KernelProfile) -> tuple[KernelProfile, ...]:
    """The newer kernels of which a proof for this one says nothing yet."""
    return tuple(_PROFILES[name] for name in FORGETFUL if _PROFILES[name].release > kernel.release)


def profile(name: str) -> KernelProfile:
    """The profile of a release; raises `UsageError` (SYR003) for one that is not known."""
    if name not in _PROFILES:
        raise UsageError(
            Diagnostic(
                code="SYR003",
                message=f"unknown kernel `{name}`",
                notes=("known kernels are " + ", ".join(NAMES),),
                help=(
                    "take the newest one that is not newer than the machine's: `uname -r` prints it",
                    "or the file that `syrup features --profile FILE` writes on that machine",
                ),
            )
        )
    return _PROFILES[name]


def first_with(since: str) -> str:
    """The oldest known release that has what came with a release; that release itself where none has."""
    return next((name for name in NAMES if brought(since, release(name))), since)


def _profile(name: str) -> KernelProfile:
    kernel = release(name)
    program_types = frozenset(row.name for row in PROGRAM_TYPES.values() if brought(row.since, kernel))
    return KernelProfile(
        name=name,
        release=kernel,
        isa=4 if brought(_ISA_V4_SINCE, kernel) else 3,
        helpers=frozenset(n for n, row in HELPERS.items() if brought(row.since, kernel)),
        map_types=frozenset(n for n, row in MAP_TYPES.items() if brought(row.since, kernel)),
        program_types=program_types,
        offered=MappingProxyType({kind: helpers_of(kind, kernel) for kind in program_types}),
        loops=frozenset(loop for loop, since in LOOPS.items() if brought(since, kernel)),
        acquire_release=brought(_ACQUIRE_RELEASE_SINCE, kernel),
        reasoning=reasoning(kernel),
    )


_PROFILES: Final = {name: _profile(name) for name in NAMES}
