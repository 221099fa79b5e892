"""Which class stands for which kind of map, and maps of a run in the interpreter as these classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from syrupc.lang.maps import Map
from syrupc.lang.queues import Bloom, Queue, Stack
from syrupc.lang.rings import RingBuf
from syrupc.lang.tables import Array, HashMap, LruHashMap, PerCpuArray, PerCpuHashMap
from syrupc.lang.tries import LpmTrie
from syrupc.spec import MapKind, MapSpec

if TYPE_CHECKING:
    from syrupc.isa.machine import SimMap

_CLASSES: Final[tuple[type[Map], ...]] = (
    Array,
    PerCpuArray,
    HashMap,
    LruHashMap,
    PerCpuHashMap,
    LpmTrie,
    Queue,
    Stack,
    RingBuf,
    Bloom,
)

MAP_CLASSES: Final[dict[MapKind, type[Map]]] = {cls.KIND: cls for cls in _CLASSES}


def over_simulated(declared: MapSpec, found: SimMap) -> Map:
    """The map of a declaration over one that the interpreter's programs access."""
    cls = MAP_CLASSES[declared.kind]
    return cls.over(declared, cls.LOCAL(declared, found))
