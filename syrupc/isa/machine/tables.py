"""Maps with keys and values: arrays, hash tables, and the storage of an attachment."""

# A kind has no use for some arguments of what all kinds have in common.
# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Iterator
from errno import E2BIG, EEXIST, EINVAL, ENOENT

from syrupc.isa.machine.maps import EXIST, NOEXIST, Shape, SimMap, check
from syrupc.isa.machine.memory import Region, UnmodelledStepError


def _stride(value_size: int) -> int:
    return (value_size + 7) // 8 * 8


class CellMap(SimMap):
    """Keys with one value each, or one a CPU; `self.cells` has those that exist."""

    def __init__(self, shape: Shape, cpus: int = 1, *, per_cpu: bool = False) -> None:
        super().__init__(shape, cpus)
        self.per_cpu = per_cpu
        self.cells: dict[bytes, list[Region]] = {}

    def cell(self, key: bytes) -> list[Region] | None:
        """The values of `key`: one, or one a CPU."""
        return self.cells.get(key)

    def find(self, key: bytes, cpu: int) -> Region | None:
        cell = self.cell(key)
        return None if cell is None else cell[self.index(cpu)]

    def index(self, cpu: int) -> int:
        if not self.per_cpu:
            return 0
        if not 0 <= cpu < self.cpus:
            raise UnmodelledStepError(f"CPU {cpu} with a map that was made for {self.cpus}")
        return cpu

    def entries(self) -> Iterator[tuple[bytes, list[Region]]]:
        return iter(tuple(self.cells.items()))

    def new_cell(self) -> list[Region]:
        return [self.new_value() for _ in range(self.cpus if self.per_cpu else 1)]

    def lookup(self, key: bytes) -> bytes | None:
        self.check_key(key)
        cell = self.cell(key)
        if cell is None:
            return None
        if not self.per_cpu:
            return bytes(cell[0].data)
        stride = _stride(self.shape.value_size)
        return b"".join(bytes(value.data).ljust(stride, b"\0") for value in cell)

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        self.check_key(key)
        size = self.shape.value_size
        if not self.per_cpu:
            self.check_value(value, size)
            return check(self.put(key, value, flags, 0))
        stride = _stride(size)
        self.check_value(value, stride * self.cpus)
        for cpu in range(self.cpus):
            # The flags speak of the whole cell: the first value decides whether it may be there.
            start = cpu * stride
            check(self.put(key, value[start : start + size], flags if cpu == 0 else 0, cpu))
        return None


class Array(CellMap):
    """`ARRAY` and `PERCPU_ARRAY`: every index below `max_entries` has a value, zero at first."""

    def cell(self, key: bytes) -> list[Region] | None:
        cell = self.cells.get(key)
        if cell is None and int.from_bytes(key, "little") < self.shape.max_entries:
            cell = self.cells[key] = self.new_cell()
        return cell

    def direct_value(self) -> Region | None:
        return None if self.per_cpu or self.shape.max_entries != 1 else self.find(bytes(4), 0)

    def put(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        if flags > EXIST:
            return -EINVAL
        cell = self.cell(key)
        if cell is None:
            return -E2BIG
        if flags == NOEXIST:
            return -EEXIST
        cell[self.index(cpu)].data[:] = value
        return 0

    def remove(self, key: bytes) -> int:
        return -EINVAL

    def keys(self) -> Iterator[bytes]:
        return (index.to_bytes(4, "little") for index in range(self.shape.max_entries))

    def entries(self) -> Iterator[tuple[bytes, list[Region]]]:
        for key in self.keys():
            cell = self.cell(key)
            assert cell is not None
            yield key, cell


class Hash(CellMap):
    """`HASH` and `PERCPU_HASH`. Iteration goes by age; the kernel's order is that of its hash function."""

    def put(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        if flags > EXIST:
            return -EINVAL
        cell = self.cell(key)
        if cell is None:
            return self._insert(key, value, flags, cpu)
        if flags == NOEXIST:
            return -EEXIST
        if self.per_cpu:
            cell[self.index(cpu)].data[:] = value
        else:
            # The kernel puts a new element in place of the old one, which a reader may still hold.
            cell[0] = self.new_value(value)
        return 0

    def _insert(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        if flags == EXIST:
            return -ENOENT
        if len(self.cells) >= self.shape.max_entries and not self.make_room():
            return -E2BIG
        cell = self.new_cell()
        cell[self.index(cpu)].data[:] = value
        self.cells[key] = cell
        return 0

    def make_room(self) -> bool:
        """Whether a full map can take another key."""
        return False

    def remove(self, key: bytes) -> int:
        return -ENOENT if self.cells.pop(key, None) is None else 0

    def keys(self) -> Iterator[bytes]:
        return iter(tuple(self.cells))


class LruHash(Hash):
    """`LRU_HASH` and `LRU_PERCPU_HASH`: a full map forgets the key that was used longest ago.

    The order is exact here and approximate in the kernel, which evicts in batches from per-CPU lists.
    """

    def cell(self, key: bytes) -> list[Region] | None:
        cell = self.cells.pop(key, None)
        if cell is not None:
            self.cells[key] = cell
        return cell

    def make_room(self) -> bool:
        del self.cells[next(iter(self.cells))]
        return True


class LocalStorage(SimMap):
    """`CGROUP_STORAGE` and `PERCPU_CGROUP_STORAGE`: the one value that an attachment has (one a CPU)."""

    def __init__(self, shape: Shape, cpus: int = 1, *, per_cpu: bool = False) -> None:
        super().__init__(shape, cpus)
        self.values = [self.new_value() for _ in range(cpus if per_cpu else 1)]

    def storage(self, cpu: int) -> Region:
        return self.values[cpu if len(self.values) > 1 else 0]
