"""The address space of the interpreter: regions far apart, each with its own bounds and permissions.

An address is 64 bits: eight high ones (like a kernel address), 24 bits that name a region, 32 bits of offset. Every
second name stays unused, so that arithmetic that leaves a region never lands in another one, and every access outside
is a `StepError`.
"""

from __future__ import annotations

from typing import Final

OFFSET_MASK: Final = (1 << 32) - 1
_FIRST: Final = 0xFF000001


class StepError(Exception):
    """Something that a program must not do; the machine adds where it happened."""


class UnmodelledStepError(StepError):
    """Something that the program may do, and that this interpreter does not model."""


class Region:
    """Bytes that a program can address: a packet, a map's value, a ring buffer's record."""

    __slots__ = ("data", "name", "size", "writable")

    def __init__(self, name: str, data: bytearray, *, writable: bool = True) -> None:
        self.name = name
        self.data = data
        self.size = len(data)
        self.writable = writable

    def load(self, offset: int, size: int) -> int:
        """The `size` bytes at `offset` as an unsigned little-endian number."""
        if offset + size > self.size:
            raise self.outside("load", offset, size)
        return int.from_bytes(self.data[offset : offset + size], "little")

    def store(self, offset: int, size: int, value: int) -> None:
        """Stores the low `size` bytes of `value`."""
        if offset + size > self.size:
            raise self.outside("store", offset, size)
        if not self.writable:
            raise StepError(f"store to {self.name}, which is read-only")
        self.data[offset : offset + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def read(self, offset: int, size: int) -> bytes:
        """The bytes that a helper reads."""
        if offset + size > self.size:
            raise self.outside("load", offset, size)
        return bytes(self.data[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        """Stores the bytes that a helper writes."""
        if offset + len(data) > self.size:
            raise self.outside("store", offset, len(data))
        if not self.writable:
            raise StepError(f"store to {self.name}, which is read-only")
        self.data[offset : offset + len(data)] = data

    def outside(self, what: str, offset: int, size: int) -> StepError:
        return StepError(f"{what} of {size} bytes at offset {offset} of {self.name}, which has {self.size}")


class StackFrame(Region):
    """The stack of one call. It knows which bytes were written, since the others hold nothing in particular."""

    __slots__ = ("filler", "written")

    def __init__(self, name: str, size: int, filler: int | None) -> None:
        super().__init__(name, bytearray(size))
        self.filler = filler
        self.clear()

    def clear(self) -> None:
        """Forgets what an earlier call left. With a filler every byte counts as written."""
        self.data[:] = bytes([self.filler or 0]) * self.size
        self.written = 0 if self.filler is None else (1 << self.size) - 1

    def load(self, offset: int, size: int) -> int:
        self._require(offset, size)
        return super().load(offset, size)

    def read(self, offset: int, size: int) -> bytes:
        self._require(offset, size)
        return super().read(offset, size)

    def store(self, offset: int, size: int, value: int) -> None:
        super().store(offset, size, value)
        self.written |= ((1 << size) - 1) << offset

    def write(self, offset: int, data: bytes) -> None:
        super().write(offset, data)
        self.written |= ((1 << len(data)) - 1) << offset

    def _require(self, offset: int, size: int) -> None:
        if offset + size > self.size:
            raise self.outside("load", offset, size)
        wanted = (1 << size) - 1
        if self.written >> offset & wanted != wanted:
            raise StepError(
                f"load of {size} bytes at offset {offset - self.size} of {self.name}, not all of them written"
            )


class Opaque(Region):
    """Something with an address but no bytes: a map, a function of the program, a socket."""

    __slots__ = ("thing",)

    def __init__(self, name: str, thing: object) -> None:
        super().__init__(name, bytearray())
        self.thing = thing


class Memory:
    """The regions that have an address. `regions` maps the high half of an address to its region."""

    def __init__(self) -> None:
        self.regions: dict[int, Region] = {}
        self._bases: dict[Region, int] = {}
        self._kept: dict[int, Region] = {}

    def place(self, region: Region) -> int:
        """The address of the region's first byte; the same one as long as the region stays."""
        base = self._bases.get(region)
        if base is None:
            number = _FIRST + 2 * len(self._bases)
            if number > OFFSET_MASK:
                raise UnmodelledStepError("more than 8 million regions in one run")
            base = number << 32
            self.regions[number] = region
            self._bases[region] = base
        return base

    def keep(self) -> None:
        """What is placed now stays over `forget`."""
        self._kept = dict(self.regions)

    def forget(self) -> None:
        """Takes the addresses of all regions that were placed since `keep`."""
        if len(self.regions) == len(self._kept):
            return
        self.regions.clear()
        self.regions.update(self._kept)
        self._bases = {region: number << 32 for number, region in self._kept.items()}

    def withdraw(self, address: int) -> None:
        """From now on the region at `address` cannot be accessed."""
        region, _ = self.find(address)
        self.regions[address >> 32] = Opaque(f"{region.name} (given back)", None)

    def find(self, address: int) -> tuple[Region, int]:
        """The region that `address` points into (or past), and the offset there."""
        region = self.regions.get(address >> 32)
        if region is None:
            raise self.nothing_at(address)
        return region, address & OFFSET_MASK

    def nothing_at(self, address: int) -> StepError:
        """The error of an access where no region is."""
        above, offset = self.regions.get((address >> 32) + 1), address & OFFSET_MASK
        if above is not None and offset >> 31:
            return StepError(f"access at offset {offset - (1 << 32)} of {above.name}")
        return StepError("null pointer" if address < 1 << 12 else f"{address:#x} is not an address")

    def load(self, address: int, size: int) -> int:
        region, offset = self.find(address)
        return region.load(offset, size)

    def store(self, address: int, size: int, value: int) -> None:
        region, offset = self.find(address)
        region.store(offset, size, value)

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes at `address`, none for size 0 (then any address will do, as in the kernel)."""
        if not size:
            return b""
        region, offset = self.find(address)
        return region.read(offset, size)

    def write(self, address: int, data: bytes) -> None:
        if data:
            region, offset = self.find(address)
            region.write(offset, data)

    def clear(self, address: int, size: int) -> None:
        """Writes zeros."""
        if size:
            region, offset = self.find(address)
            if offset + size > region.size:
                raise region.outside("store", offset, size)
            region.write(offset, bytes(size))

    def string(self, address: int, limit: int) -> bytes:
        """The bytes at `address` up to a zero byte, at most `limit`."""
        found = bytearray()
        region, offset = self.find(address)
        while len(found) < limit:
            byte = region.load(offset + len(found), 1)
            if not byte:
                break
            found.append(byte)
        return bytes(found)
