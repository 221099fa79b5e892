"""The names a policy may use, as ordinary typed Python."""

from syrupc.lang.decisions import DROP, PASS, Executor
from syrupc.lang.functions import cpu, func, hash, now_ns, random, range, trace
from syrupc.lang.headers import NoHeader
from syrupc.lang.packets import Packet
from syrupc.lang.queues import Bloom, Queue, Stack
from syrupc.lang.records import Elements
from syrupc.lang.rings import RingBuf
from syrupc.lang.scalars import be16, be32, be64, i8, i16, i32, u8, u16, u32, u64
from syrupc.lang.stored import Cell
from syrupc.lang.stores import MapFull
from syrupc.lang.structs import elements, struct
from syrupc.lang.tables import Array, HashMap, LruHashMap, PerCpuArray, PerCpuHashMap
from syrupc.lang.tries import LpmTrie
from syrupc.lang.views import ShortPacket, View
from syrupc.lang.world import World

__all__ = [
    "DROP",
    "PASS",
    "Array",
    "Bloom",
    "Cell",
    "Elements",
    "Executor",
    "HashMap",
    "LpmTrie",
    "LruHashMap",
    "MapFull",
    "NoHeader",
    "Packet",
    "PerCpuArray",
    "PerCpuHashMap",
    "Queue",
    "RingBuf",
    "ShortPacket",
    "Stack",
    "View",
    "World",
    "be16",
    "be32",
    "be64",
    "cpu",
    "elements",
    "func",
    "hash",
    "i8",
    "i16",
    "i32",
    "now_ns",
    "random",
    "range",
    "struct",
    "trace",
    "u8",
    "u16",
    "u32",
    "u64",
]
