"""What the running kernel offers, probed for real and put together as one value."""

from __future__ import annotations

import os

from syrup import privileges
from syrup._sys import inventory
from syrupc.diagnostics import Diagnostic
from syrupc.errors import LoadError
from syrupc.kernel.helpers import HELPERS, helpers_of
from syrupc.kernel.host import Host, is_supported, release_of
from syrupc.kernel.map_types import MAP_TYPES
from syrupc.kernel.profiles import DEFAULT_PROFILE
from syrupc.kernel.program_types import PROGRAM_TYPES, ProgramType

_BPF_LOOP = 181
_ITERATORS = "bpf_iter_num_new"
_SCHED_EXT = "sched_ext_ops"
_STRUCT_OPS = "struct_ops"


def probe() -> Host:
    """Ask the running kernel for everything there is to ask for. Raises `LoadError` without the rights for it."""
    privileges.require_probing()
    system = os.uname()
    if not is_supported(system.release):
        raise LoadError(_too_old(system.release))
    try:
        return _probe(system.release, system.machine)
    except PermissionError as error:
        raise LoadError(privileges.not_permitted()) from error


def _probe(kernel: str, machine: str) -> Host:
    helpers = {
        row.name: _helpers(row, kernel) for row in PROGRAM_TYPES.values() if inventory.has_program_type(row.number)
    }
    names = inventory.kernel_names((_ITERATORS, _SCHED_EXT))
    loops = {
        "bounded": inventory.has_bounded_loops(),
        "bpf_loop": any(_BPF_LOOP in offered for offered in helpers.values()),
        "iterators": _ITERATORS in names,
        "may_goto": inventory.has_may_goto(),
    }
    return Host(
        kernel=kernel,
        machine=machine,
        isa=4 if inventory.has_isa_v4() else 3,
        helpers=helpers,
        map_types=frozenset(number for number in MAP_TYPES if inventory.has_map_type(number)),
        loops=frozenset(name for name, there in loops.items() if there),
        acquire_release=inventory.has_acquire_release(),
        jit=inventory.compiles_programs(),
        btf=inventory.has_btf(),
        unprivileged=inventory.is_open_to_all(),
        sched_ext=_SCHED_EXT in names,
    )


def _helpers(kind: ProgramType, kernel: str) -> frozenset[int]:
    # Programs for a struct load only where they name one of its functions, and the struct says what they may call.
    if kind.name == _STRUCT_OPS:
        return helpers_of(kind.name, release_of(kernel))
    return frozenset(number for number in HELPERS if inventory.has_helper(kind.number, number))


def _too_old(kernel: str) -> Diagnostic:
    return Diagnostic(
        "SYR602",
        f"this kernel calls itself `{kernel}`, which is not Linux {DEFAULT_PROFILE} or newer",
        notes=("the tables of what verifiers can conclude begin there",),
    )
