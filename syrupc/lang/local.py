"""The entries of a map that is not in a kernel: those of the interpreter's map of the same kind.

A policy that is called as plain Python, the same policy in the interpreter, and a test that looks at the map all see
these entries, and what a full map or a longest prefix means is said in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from errno import E2BIG, ENOSPC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from syrupc import spec
from syrupc.kernel.map_types import OF_KIND
from syrupc.lang.world import CPUS, running_on

if TYPE_CHECKING:
    import numpy

    from syrupc.isa.machine import SimMap


class MapFull(MemoryError):  # noqa: N818 -- the name of a condition, as users see it in fault counters
    """A new key in a map that already holds `max_entries`."""


class LocalStore:
    """The store of a declared map, in this process."""

    def __init__(self, declared: spec.MapSpec) -> None:
        self._spec = declared

    @cached_property
    def simulated(self) -> SimMap:
        """The map that the interpreter's programs access."""
        from syrupc.isa.machine import Shape, make_map  # not needed to declare a map

        declared = self._spec
        key_size = 0 if declared.key is None else declared.key.size
        number = OF_KIND[declared.kind].number
        return make_map(Shape(number, key_size, declared.value.size, declared.max_entries), CPUS)

    def lookup(self, key: bytes) -> bytes | None:
        found = self.simulated.find(key, running_on() or 0)
        return None if found is None else bytes(found.data)

    def update(self, key: bytes, value: bytes) -> None:
        """Insert or replace. Of a per-CPU kind a policy sets its own CPU's value; all others set the total."""
        cpu = running_on()
        result = self.simulated.put(key, value, 0, cpu or 0)
        if result in (-E2BIG, -ENOSPC):
            raise MapFull(f"{self._spec.max_entries} entries")
        assert result == 0, "the caller has checked the key"
        if self._spec.kind.per_cpu and cpu is None:
            for other in range(1, CPUS):
                self.simulated.put(key, bytes(len(value)), 0, other)

    def delete(self, key: bytes) -> bool:
        return self.simulated.remove(key) == 0

    def keys(self) -> Iterator[bytes]:
        return iter(tuple(self.simulated.keys()))

    def per_cpu(self, key: bytes) -> tuple[bytes, ...] | None:
        """The value on each CPU; for a policy, its own CPU's alone."""
        cpu = running_on()
        cpus = range(CPUS) if cpu is None else (cpu,)
        found = [self.simulated.find(key, each) for each in cpus]
        return tuple(bytes(each.data) for each in found if each is not None) or None

    def array(self) -> numpy.ndarray[Any, Any]:
        raise TypeError("only a map in the kernel has an array view: load the policy first")
