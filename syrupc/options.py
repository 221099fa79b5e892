"""What a user can choose about a compilation, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrupc.spec import DEFAULT_MAX_EXECUTORS

DEFAULT_KERNEL: Final = "6.1"
"""The oldest release that is tested, Debian 12's: what compiles for it loads on newer ones."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to compile. `hook` names one of the policy's hooks, `None` means all of them; `kernel` is a profile's name.

    An executor map has room for `max_executors`; a policy's decision beyond it is a fault.
    """

    hook: str | None = None
    kernel: str = DEFAULT_KERNEL
    max_executors: int = DEFAULT_MAX_EXECUTORS

    def __post_init__(self) -> None:
        if not 1 <= self.max_executors <= 65_536:
            raise ValueError(f"max_executors is {self.max_executors}, not 1 to 65536")
