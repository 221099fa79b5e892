"""User-defined scheduling for Linux: what policies import, and what deploys them.

A policy file says `import syrup`; so does the program that attaches it. Nothing heavy is imported before something is
compiled, loaded or attached.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syrup.attaching import attach
    from syrup.deciding import Decision, Fault
    from syrup.link import Link, pinned
    from syrup.loader import Loaded, load
    from syrup.policy import Policy, jit
    from syrup.policy import compile_policy as compile
    from syrup.stats import FaultCount, Stats
    from syrupc.diagnostics import Diagnostic
    from syrupc.errors import (
        AttachError,
        CompileError,
        InternalError,
        KernelError,
        LoadError,
        ObjectError,
        SyrupError,
        UsageError,
        VerificationError,
    )
    from syrupc.lang import (
        DROP,
        PASS,
        Array,
        Bloom,
        Cell,
        Elements,
        Executor,
        HashMap,
        LpmTrie,
        LruHashMap,
        MapFull,
        NoHeader,
        Packet,
        PerCpuArray,
        PerCpuHashMap,
        Queue,
        RingBuf,
        ShortPacket,
        Stack,
        View,
        World,
        be16,
        be32,
        be64,
        cpu,
        elements,
        func,
        hash,
        i8,
        i16,
        i32,
        now_ns,
        random,
        range,
        struct,
        trace,
        u8,
        u16,
        u32,
        u64,
    )

__all__ = [
    "DROP",
    "PASS",
    "Array",
    "AttachError",
    "Bloom",
    "Cell",
    "CompileError",
    "Decision",
    "Diagnostic",
    "Elements",
    "Executor",
    "Fault",
    "FaultCount",
    "HashMap",
    "InternalError",
    "KernelError",
    "Link",
    "LoadError",
    "Loaded",
    "LpmTrie",
    "LruHashMap",
    "MapFull",
    "NoHeader",
    "ObjectError",
    "Packet",
    "PerCpuArray",
    "PerCpuHashMap",
    "Policy",
    "Queue",
    "RingBuf",
    "ShortPacket",
    "Stack",
    "Stats",
    "SyrupError",
    "UsageError",
    "VerificationError",
    "View",
    "World",
    "attach",
    "be16",
    "be32",
    "be64",
    "compile",
    "cpu",
    "elements",
    "func",
    "hash",
    "i8",
    "i16",
    "i32",
    "jit",
    "load",
    "now_ns",
    "pinned",
    "random",
    "range",
    "struct",
    "trace",
    "u8",
    "u16",
    "u32",
    "u64",
]

_MODULES = {
    "syrup.attaching": ("attach",),
    "syrup.deciding": ("Decision", "Fault"),
    "syrup.link": ("Link", "pinned"),
    "syrup.loader": ("Loaded", "load"),
    "syrup.policy": ("Policy", "jit"),
    "syrup.stats": ("FaultCount", "Stats"),
    "syrupc.diagnostics": ("Diagnostic",),
    "syrupc.errors": tuple(name for name in __all__ if name.endswith("Error")),
}
_PLACES = {name: (module, name) for module, names in _MODULES.items() for name in names}
_PLACES["compile"] = ("syrup.policy", "compile_policy")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'syrup' has no attribute {name!r}")
    module, attribute = _PLACES.get(name, ("syrupc.lang", name))
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
