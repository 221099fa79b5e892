"""`syrup.attach`: the one call that brings a policy to a running service."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from syrupc.diagnostics import Diagnostic
from syrupc.errors import UsageError
from syrupc.kernel.hooks import HOOKS

if TYPE_CHECKING:
    from syrup.link import Link
    from syrup.policy import Attachable


class HasDescriptor(Protocol):
    """A socket, or anything else with a file descriptor."""

    def fileno(self) -> int: ...


def attach(
    policy: Attachable,
    *,
    hook: str = "socket",
    port: int | None = None,
    address: str | None = None,
    sockets: Sequence[HasDescriptor | int] | None = None,
    name: str | None = None,
    max_executors: int | None = None,
    kernel: str | None = None,
    pin: str | None = None,
    bpffs: str | os.PathLike[str] = "/sys/fs/bpf",
) -> Link:
    """Let a policy choose among sockets: those that listen on a port, or the given ones in the given order.

    `policy` is a decorated function, a path, a `Loaded` or a `VerifiedObject`; `name` chooses among several in one. A
    port may have several groups of sockets (one for each address): the policy decides in each, `address` names one.
    `max_executors` and `kernel` are for what is compiled now, as `syrup.compile` takes them.
    With `pin` the policy stays when the link is closed, under that name in a bpf file system.

    Raises `CompileError` and `VerificationError` for the policy, `KernelError` with the reason where the system is not
    as it must be. Then nothing is attached.
    """
    if hook not in HOOKS:
        known = ", ".join(f"`{each}`" for each in HOOKS)
        raise UsageError(Diagnostic("SYR003", f"there is no hook `{hook}`", notes=(f"there are: {known}",)))
    if (port is None) == (sockets is None):
        raise TypeError("either `port` or `sockets` says where to attach")
    if port is not None and not 0 < port < 65536:
        raise UsageError(Diagnostic("SYR003", f"{port} is not a port", notes=("ports are 1 to 65535",)))
    if sockets is not None and not sockets:
        raise ValueError("`sockets` is empty")

    from syrup.deploy import Target, deploy
    from syrup.policy import deployable

    following = deployable(policy, hook, name=name, max_executors=max_executors, kernel=kernel)
    given = None if sockets is None else tuple(each if isinstance(each, int) else each.fileno() for each in sockets)
    return deploy(following, hook, Target(port, address, given), pin, bpffs)
