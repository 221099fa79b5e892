"""What a hook needs of the kernel, probed and never guessed from a version number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from syrup._sys import probes
from syrupc.diagnostics import Diagnostic
from syrupc.errors import LoadError


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a kernel has or lacks, and the release that brought it."""

    name: str
    since: str
    present: Callable[[], bool]


_SHARED_ARRAYS: Final = Feature("arrays that user space maps into memory (BPF_F_MMAPABLE)", "5.5", probes.shared_arrays)
_PROGRAM_ARRAYS: Final = Feature("arrays of programs", "4.2", probes.program_arrays)
_SOCKET_ARRAYS: Final = Feature("arrays of reuse-port sockets", "4.19", probes.reuseport_arrays)
_SOCKET_PROGRAMS: Final = Feature("programs that choose a socket (sk_reuseport)", "4.19", probes.reuseport_programs)
_SOCKET_DETACH: Final = Feature("taking such a program away (SO_DETACH_REUSEPORT_BPF)", "5.3", probes.reuseport_detach)
_BORROWING: Final = Feature("borrowing another process's socket (pidfd_getfd)", "5.6", probes.borrowing)

HOOK_FEATURES: Final = MappingProxyType(
    {"socket": (_SOCKET_ARRAYS, _SOCKET_PROGRAMS, _PROGRAM_ARRAYS, _SHARED_ARRAYS, _SOCKET_DETACH, _BORROWING)}
)
"""Hook -> what it needs."""


def require(hook: str, features: Sequence[Feature] | None = None) -> None:
    """Raises `LoadError`, one diagnostic for each feature that the running kernel lacks."""
    absent = [f for f in (HOOK_FEATURES[hook] if features is None else features) if not f.present()]
    if absent:
        raise LoadError(_diagnostic(hook, feature) for feature in absent)


def _diagnostic(hook: str, feature: Feature) -> Diagnostic:
    return Diagnostic(
        "SYR602",
        f"this kernel lacks {feature.name}",
        notes=(f"the hook `{hook}` needs it; mainline Linux has it since {feature.since}",),
        help=("use a newer kernel, or one built with it (CONFIG_BPF_SYSCALL, CONFIG_INET)",),
    )
