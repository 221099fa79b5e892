"""What a step needs of the process that does it, checked before the step."""

from __future__ import annotations

from syrup._sys.capabilities import Capability, effective
from syrupc.diagnostics import Diagnostic
from syrupc.errors import LoadError

_ANY_BPF = (Capability.CAP_BPF, Capability.CAP_SYS_ADMIN)  # CAP_BPF since 5.8, a17b53c4a4b5
_HELP = "run as root, or give the process the capability: `setpriv --inh-caps +{0} --ambient-caps +{0} ...`"


def require_bpf() -> None:
    """Raises `LoadError` unless this process may create maps and load programs."""
    require(_ANY_BPF, "to create maps and load programs")


def require_ids() -> None:
    """Raises `LoadError` unless this process may look at maps and programs of other processes."""
    require((Capability.CAP_SYS_ADMIN,), "to look at maps and programs that this process did not make")


def require_measuring() -> None:
    """Raises `LoadError` unless this process may let the kernel time its programs."""
    require((Capability.CAP_SYS_ADMIN,), "to let the kernel time the runs of its BPF programs")


def require_probing() -> None:
    """Raises `LoadError` unless the kernel answers this process about every type of program."""
    require(_ANY_BPF, "to ask the kernel what it offers")
    require((Capability.CAP_NET_ADMIN, Capability.CAP_SYS_ADMIN), "to ask the kernel about programs for packets")
    require((Capability.CAP_PERFMON, Capability.CAP_SYS_ADMIN), "to ask the kernel about programs that trace")


def require(any_of: tuple[Capability, ...], purpose: str) -> None:
    """Raises `LoadError` unless the process has one of the capabilities."""
    if not effective().isdisjoint(any_of):
        return
    raise LoadError(missing(any_of, purpose))


def missing(any_of: tuple[Capability, ...], purpose: str) -> Diagnostic:
    first = any_of[0].name
    others = "".join(f" (or {other.name})" for other in any_of[1:])
    return Diagnostic(
        "SYR601",
        f"this process does not have {first}{others}",
        notes=(f"it is needed {purpose}",),
        help=(_HELP.format(first.removeprefix("CAP_").lower()),),
    )


def not_permitted() -> Diagnostic:
    return Diagnostic(
        "SYR601",
        "the kernel does not let this process load programs, although it has CAP_BPF",
        notes=("a container's capabilities do not count outside it, and a security module or lockdown may forbid it",),
        help=("run on the host, or in a container that has CAP_BPF in the initial user namespace",),
    )


def may_measure() -> bool:
    return Capability.CAP_SYS_ADMIN in effective()


def is_limited() -> bool:
    """Whether the kernel verifies this process's programs by the stricter rules against side channels."""
    return effective().isdisjoint((Capability.CAP_PERFMON, Capability.CAP_SYS_ADMIN))
