"""Maps in the kernel as stores: one system call an access, or none where an array is mapped into this process."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from syrup._sys import maps as kernel
from syrup._sys.fd import Fd
from syrupc.kernel.map_types import is_whole
from syrupc.lang.stores import MapFull, Values
from syrupc.spec import ArrayType, IntType, MapSpec, StoredType, StructType

if TYPE_CHECKING:
    import numpy


class KernelStore:
    """A map in the kernel, which stays open for as long as this is used."""

    def __init__(self, fd: Fd, shape: kernel.Shape) -> None:
        self.fd = fd
        self.shape = shape

    def put(self, key: bytes | None, value: bytes) -> None:
        """Store; raises `MapFull`."""
        try:
            kernel.update(self.fd.fileno(), key, value)
        except OSError as error:
            # A trie's answer for being full is ENOSPC, a queue's and a hash map's E2BIG.
            if error.errno in (errno.E2BIG, errno.ENOSPC):
                raise MapFull(f"{self.shape.max_entries} entries") from None
            raise


class KernelTable(KernelStore):
    """A map with keys."""

    def lookup(self, key: bytes) -> Values | None:
        value = kernel.lookup(self.fd.fileno(), key, self.shape.stored_size)
        return None if value is None else self.values(value)

    def cell(self, key: bytes) -> NoReturn:  # noqa: ARG002
        raise TypeError("this exists in policies only; from user space: `m[key]`, `m[key] = value`, an array's `array`")

    def update(self, key: bytes, value: bytes) -> None:
        self.put(key, value)

    def delete(self, key: bytes) -> bool:
        return kernel.delete(self.fd.fileno(), key)

    def entries(self) -> Iterator[tuple[bytes, Values]]:
        return ((key, self.values(value)) for key, value in kernel.entries(self.fd.fileno(), self.shape))

    def array(self) -> numpy.ndarray[Any, Any]:
        raise TypeError("this kind of map has no array view")

    def values(self, stored: bytes) -> Values:
        """What the kernel stores of an entry, one value or one for each CPU."""
        return (stored,)


class PerCpuTable(KernelTable):
    """A per-CPU kind. A value written goes to the first CPU and clears the others, so that it is their total."""

    def update(self, key: bytes, value: bytes) -> None:
        self.put(key, value.ljust(self.shape.stored_size, b"\0"))

    def values(self, stored: bytes) -> Values:
        return split(stored, self.shape.value_size)


class SharedArray(KernelTable):
    """An array that is mapped into this process: an access is a plain load or store."""

    def __init__(self, fd: Fd, shape: kernel.Shape, declared: MapSpec) -> None:
        super().__init__(fd, shape)
        self._declared = declared
        size = declared.value.size
        self._stride = size if is_whole(declared) else kernel.stride(size)
        self._memory: kernel.Memory | None = None
        self._view: numpy.ndarray[Any, Any] | None = None

    def lookup(self, key: bytes) -> Values:
        place = int.from_bytes(key, "little") * self._stride
        return (bytes(self._mapped()[place : place + self._declared.value.size]),)

    def update(self, key: bytes, value: bytes) -> None:
        place = int.from_bytes(key, "little") * self._stride
        self._mapped()[place : place + len(value)] = value

    def entries(self) -> Iterator[tuple[bytes, Values]]:
        keys = (index.to_bytes(4, "little") for index in range(self._declared.max_entries))
        return ((key, self.lookup(key)) for key in keys)

    def array(self) -> numpy.ndarray[Any, Any]:
        if self._view is None:
            self._view = self._make_view()
        return self._view

    def _make_view(self) -> numpy.ndarray[Any, Any]:
        import numpy

        element: Any = element_type(self._declared.value)
        return numpy.ndarray((self._declared.max_entries,), element, self._mapped(), strides=(self._stride,))

    def _mapped(self) -> kernel.Memory:
        if self._memory is None:
            self._memory = kernel.mapped(self.fd.fileno(), self.shape)
        return self._memory


class KernelQueue(KernelStore):
    """A queue or a stack."""

    def push(self, value: bytes) -> None:
        self.put(None, value)

    def pop(self) -> bytes | None:
        return kernel.pop(self.fd.fileno(), self.shape.value_size)

    def peek(self) -> bytes | None:
        return kernel.lookup(self.fd.fileno(), None, self.shape.value_size)


class KernelFilter(KernelStore):
    """A Bloom filter."""

    def add(self, value: bytes) -> None:
        self.put(None, value)

    def contains(self, value: bytes) -> bool:
        return kernel.holds(self.fd.fileno(), value)


def split(values: bytes, value_size: int) -> Values:
    """The values of one per-CPU entry, CPU by CPU."""
    step = kernel.stride(value_size)
    return tuple(values[at : at + value_size] for at in range(0, len(values), step))


def element_type(type_: StoredType) -> Any:
    """What NumPy makes an element type of, with the type's offsets and byte orders."""
    match type_:
        case IntType(bits=1):
            return "?"
        case IntType():
            return f"{'>' if type_.big_endian else '<'}{'i' if type_.signed else 'u'}{type_.size}"
        case ArrayType():
            return (element_type(type_.element), (type_.count,))
        case StructType():
            return {
                "names": [field.name for field in type_.fields],
                "formats": [element_type(field.type) for field in type_.fields],
                "offsets": [field.offset for field in type_.fields],
                "itemsize": type_.size,
            }
