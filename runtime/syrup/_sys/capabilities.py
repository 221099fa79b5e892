"""What this process may do."""

from __future__ import annotations

import enum
from pathlib import Path

_STATUS = Path("/proc/thread-self/status")


class Capability(enum.Enum):
    """Capabilities by name; the value is the kernel's bit (capabilities(7))."""

    CAP_DAC_READ_SEARCH = 2
    CAP_NET_ADMIN = 12
    CAP_SYS_PTRACE = 19
    CAP_SYS_ADMIN = 21
    CAP_PERFMON = 38
    CAP_BPF = 39


def effective() -> frozenset[Capability]:
    """The capabilities of the calling thread."""
    return parse(_STATUS.read_text())


def parse(status: str) -> frozenset[Capability]:
    """The effective ones in the text of /proc/PID/status."""
    line = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    mask = int(line.split()[1], 16)
    return frozenset(c for c in Capability if mask >> c.value & 1)
