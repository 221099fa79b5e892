"""Live maps: the classes of the language over the kernel's memory, and a policy's maps by name."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syrup._sys import maps as kernel
from syrup._sys.fd import Fd
from syrupc.lang.local import MapFull
from syrupc.lang.maps import MAP_CLASSES, Map
from syrupc.spec import IntType, MapKind, MapSpec

if TYPE_CHECKING:
    import numpy


class KernelStore:
    """A map's entries in the kernel, one system call an access. It keeps the map open for as long as it is used."""

    def __init__(self, fd: Fd, shape: kernel.Shape) -> None:
        self.fd = fd
        self._shape = shape

    def lookup(self, key: bytes) -> bytes | None:
        return kernel.lookup(self.fd.fileno(), key, self._shape.stored_size)

    def update(self, key: bytes, value: bytes) -> None:
        try:
            kernel.update(self.fd.fileno(), key, value)
        except OSError as error:
            if error.errno == errno.E2BIG:
                raise MapFull(f"{self._shape.max_entries} entries") from None
            raise

    def delete(self, key: bytes) -> bool:
        return kernel.delete(self.fd.fileno(), key)

    def keys(self) -> Iterator[bytes]:
        return (key for key, _ in kernel.entries(self.fd.fileno(), self._shape))

    def per_cpu(self, key: bytes) -> tuple[bytes, ...] | None:
        value = self.lookup(key)
        return None if value is None else (value,)

    def array(self) -> numpy.ndarray[Any, Any]:
        raise TypeError("this kind of map has no array view")


class PerCpuStore(KernelStore):
    """A per-CPU kind. A value written goes to the first CPU and clears the others, so that it is their total."""

    def update(self, key: bytes, value: bytes) -> None:
        super().update(key, value.ljust(self._shape.stored_size, b"\0"))

    def per_cpu(self, key: bytes) -> tuple[bytes, ...] | None:
        values = self.lookup(key)
        if values is None:
            return None
        return split(values, self._shape.value_size)


class SharedStore(KernelStore):
    """An array that is mapped into this process: an access is a plain load or store."""

    def __init__(self, fd: Fd, shape: kernel.Shape, value: IntType) -> None:
        super().__init__(fd, shape)
        self._value = value
        self._memory: kernel.Memory | None = None
        self._view: numpy.ndarray[Any, Any] | None = None

    def lookup(self, key: bytes) -> bytes | None:
        place = self._place(key)
        return bytes(self._mapped()[place : place + self._shape.value_size])

    def update(self, key: bytes, value: bytes) -> None:
        place = self._place(key)
        self._mapped()[place : place + self._shape.value_size] = value

    def array(self) -> numpy.ndarray[Any, Any]:
        if self._view is None:
            self._view = self._make_view()
        return self._view

    def _make_view(self) -> numpy.ndarray[Any, Any]:
        import numpy

        code = "?" if self._value.bits == 1 else f"{'i' if self._value.signed else 'u'}{self._value.size}"
        stride = kernel.stride(self._shape.value_size)
        return numpy.ndarray((self._shape.max_entries,), code, self._mapped(), strides=(stride,))

    def _place(self, key: bytes) -> int:
        return int.from_bytes(key, "little") * kernel.stride(self._shape.value_size)

    def _mapped(self) -> kernel.Memory:
        if self._memory is None:
            self._memory = kernel.mapped(self.fd.fileno(), self._shape)
        return self._memory


def live(declared: MapSpec, fd: Fd, shape: kernel.Shape) -> Map:
    """The live map of a declaration."""
    return MAP_CLASSES[declared.kind].over(declared, _store(declared, fd, shape))


def descriptor(map_: Map) -> Fd:
    """A live map's descriptor. `TypeError` for a map that is only declared."""
    store = map_._store
    if not isinstance(store, KernelStore):
        raise TypeError(f"{map_!r} is not in the kernel")
    return store.fd


def split(values: bytes, value_size: int) -> tuple[bytes, ...]:
    """The values of one per-CPU entry, CPU by CPU."""
    step = kernel.stride(value_size)
    return tuple(values[at : at + value_size] for at in range(0, len(values), step))


def _store(declared: MapSpec, fd: Fd, shape: kernel.Shape) -> KernelStore:
    match declared.kind:
        case MapKind.ARRAY:
            return SharedStore(fd, shape, declared.value)
        case MapKind.PER_CPU_ARRAY:
            return PerCpuStore(fd, shape)
        case MapKind.HASH_MAP:
            return KernelStore(fd, shape)


class Maps(Mapping[str, Map]):
    """A policy's maps: `maps.serving` and `maps["serving"]` are the same live map."""

    def __init__(self, maps: Iterable[Map] = ()) -> None:
        self._maps = {each.spec.name: each for each in maps}
        # Real attributes, for the speed of `maps.serving.array[i] = x`; a method keeps its name.
        vars(self).update({name: each for name, each in self._maps.items() if not hasattr(Maps, name)})

    def __getitem__(self, name: str) -> Map:
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
