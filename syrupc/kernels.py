"""The kernel that a user names: a release that is known, or the profile file of a machine."""

from __future__ import annotations

import os
from typing import Final

from syrupc.files import read_text
from syrupc.kernel.host import parse
from syrupc.kernel.profiles import DEFAULT_PROFILE, NAMES, KernelProfile, profile

KERNEL_HELP: Final = (
    f"The oldest kernel that must take it: {', '.join(NAMES)}, or a file of `syrup features`.  "
    f"[default: what the policies ask for, or {DEFAULT_PROFILE}]"
)


def chosen(name: str) -> KernelProfile:
    """The profile of a release by its name, or of the file at a path.

    Raises `UsageError`: SYR003 for what is neither, SYR001 for a file that cannot be read, SYR008 for a malformed one.
    """
    if name not in NAMES and (os.sep in name or name.endswith(".json") or os.path.exists(name)):
        return parse(name, read_text(name)).profile
    return profile(name)
