"""What a user can choose about a compilation, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrupc.kernel.hooks import HOOKS
from syrupc.kernel.profiles import DEFAULT_PROFILE, KernelProfile, profile
from syrupc.spec import DEFAULT_MAX_EXECUTORS

MAX_EXECUTORS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Options:
    """How to compile. `hook` names one of the policy's hooks, `None` means all of them; `kernel` is the oldest kernel
    that must take the result, by name or as a profile, `None` for the one that the policies ask for; an executor map
    has room for `max_executors`, and a decision beyond them is a fault.
    """

    hook: str | None = None
    kernel: str | KernelProfile | None = None
    max_executors: int = DEFAULT_MAX_EXECUTORS

    def __post_init__(self) -> None:
        if self.hook is not None and self.hook not in HOOKS:
            raise ValueError(f"hook is {self.hook!r}, not one of {', '.join(HOOKS)}")
        if not 1 <= self.max_executors <= MAX_EXECUTORS:
            raise ValueError(f"max_executors is {self.max_executors}, not 1 to {MAX_EXECUTORS}")

    def profile_for(self, asked: str | None = None) -> KernelProfile:
        """The kernel to compile for, where the policies ask for that release, if they ask for one.

        Raises `UsageError` (SYR003) for a name that is not known.
        """
        if isinstance(self.kernel, KernelProfile):
            return self.kernel
        return profile(self.kernel or asked or DEFAULT_PROFILE)
