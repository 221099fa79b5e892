"""Live maps: the classes of the language over the kernel's memory, and a policy's maps by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from syrup._sys import maps as kernel
from syrup._sys import objects
from syrup._sys.fd import Fd
from syrup.rings import KernelRing
from syrup.stores import KernelFilter, KernelQueue, KernelStore, KernelTable, PerCpuTable, SharedArray
from syrupc.lang.kinds import MAP_CLASSES
from syrupc.lang.maps import Map
from syrupc.spec import MapKind, MapSpec


def live(declared: MapSpec, fd: Fd, shape: kernel.Shape) -> Map:
    """The live map of a declaration."""
    return MAP_CLASSES[declared.kind].over(declared, _store(declared, fd, shape))


def descriptor(map_: Map) -> Fd:
    """A live map's descriptor. `TypeError` for a map that is only declared."""
    store = map_._store
    if not isinstance(store, KernelStore):
        raise TypeError(f"{map_!r} is not in the kernel")
    return store.fd


def ids(maps: Mapping[str, Map], declared: Iterable[MapSpec]) -> tuple[int, ...]:
    """The kernel's ids of live maps, in the order of their declarations."""
    return tuple(objects.map_info(descriptor(maps[each.name]).fileno()).id for each in declared)


def end_iterations(maps: Iterable[Map]) -> None:
    """Let whatever waits for events end, once it has those that are there: nothing more will come."""
    for each in maps:
        if isinstance(each._store, KernelRing):
            each._store.end()


def _store(declared: MapSpec, fd: Fd, shape: kernel.Shape) -> KernelStore:
    match declared.kind:
        case MapKind.ARRAY:
            return SharedArray(fd, shape, declared)
        case MapKind.PER_CPU_ARRAY | MapKind.PER_CPU_HASH_MAP:
            return PerCpuTable(fd, shape)
        case MapKind.HASH_MAP | MapKind.LRU_HASH_MAP | MapKind.LPM_TRIE:
            return KernelTable(fd, shape)
        case MapKind.QUEUE | MapKind.STACK:
            return KernelQueue(fd, shape)
        case MapKind.BLOOM:
            return KernelFilter(fd, shape)
        case MapKind.RING_BUF:
            return KernelRing(fd, shape)


class Maps(Mapping[str, Any]):
    """A policy's maps: `maps.serving` and `maps["serving"]` are the same live map."""

    def __init__(self, maps: Iterable[Map] = ()) -> None:
        self._maps = {each.spec.name: each for each in maps}
        # Real attributes, for the speed of `maps.serving.array[i] = x`; a method keeps its name.
        vars(self).update({name: each for name, each in self._maps.items() if not hasattr(Maps, name)})

    def __getitem__(self, name: str) -> Any:
        return self._maps[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._maps)

    def __len__(self) -> int:
        return len(self._maps)

    def __getattr__(self, name: str) -> Any:
        known = ", ".join(self._maps) or "none"
        raise AttributeError(f"there is no map {name!r}; declared are: {known}")

    def __repr__(self) -> str:
        return f"<Maps {', '.join(map(repr, self._maps.values()))}>"
