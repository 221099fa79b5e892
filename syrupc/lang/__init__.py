"""The names a policy may use, as ordinary typed Python."""

from syrupc.lang.decisions import DROP, PASS, Executor
from syrupc.lang.functions import cpu, func, hash, now_ns, random, range, trace
from syrupc.lang.headers import NoHeader
from syrupc.lang.local import MapFull
from syrupc.lang.maps import Array, HashMap, PerCpuArray
from syrupc.lang.packets import Packet
from syrupc.lang.scalars import i8, i16, i32, u8, u16, u32, u64
from syrupc.lang.views import ShortPacket, View
from syrupc.lang.world import World

__all__ = [
    "DROP",
    "PASS",
    "Array",
    "Executor",
    "HashMap",
    "MapFull",
    "NoHeader",
    "Packet",
    "PerCpuArray",
    "ShortPacket",
    "View",
    "World",
    "cpu",
    "func",
    "hash",
    "i8",
    "i16",
    "i32",
    "now_ns",
    "random",
    "range",
    "trace",
    "u8",
    "u16",
    "u32",
    "u64",
]
