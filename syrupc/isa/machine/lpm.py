"""The longest-prefix-match trie."""

# A kind has no use for some arguments of what all kinds have in common.
# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Iterator
from errno import EEXIST, EINVAL, ENOENT, ENOSPC

from syrupc.isa.machine.maps import EXIST, NOEXIST, Shape, SimMap, check
from syrupc.isa.machine.memory import Region


class LpmTrie(SimMap):
    """`LPM_TRIE`: a key is a prefix length (u32, in the machine's byte order) and the bytes it counts bits of."""

    def __init__(self, shape: Shape, cpus: int = 1) -> None:
        super().__init__(shape, cpus)
        self._bits = (shape.key_size - 4) * 8
        self._cells: dict[tuple[int, int], Region] = {}

    def _split(self, key: bytes) -> tuple[int, int] | None:
        """Prefix length, and the data as a number whose first bit is the highest; `None` if the length is too great."""
        length = int.from_bytes(key[:4], "little")
        return None if length > self._bits else (length, int.from_bytes(key[4:], "big"))

    def _prefix(self, length: int, data: int) -> tuple[int, int]:
        return length, data >> (self._bits - length)

    def find(self, key: bytes, cpu: int) -> Region | None:
        split = self._split(key)
        if split is None:
            return None
        longest, data = split
        found = (self._cells.get(self._prefix(length, data)) for length in range(longest, -1, -1))
        return next((cell for cell in found if cell is not None), None)

    def put(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        split = self._split(key)
        if flags > EXIST or split is None:
            return -EINVAL
        prefix = self._prefix(*split)
        there = prefix in self._cells
        if there and flags == NOEXIST:
            return -EEXIST
        if not there and flags == EXIST:
            return -ENOENT
        if not there and len(self._cells) >= self.shape.max_entries:
            return -ENOSPC
        self._cells[prefix] = self.new_value(value)
        return 0

    def remove(self, key: bytes) -> int:
        split = self._split(key)
        if split is None:
            return -EINVAL
        return -ENOENT if self._cells.pop(self._prefix(*split), None) is None else 0

    def lookup(self, key: bytes) -> bytes | None:
        self.check_key(key)
        cell = self.find(key, 0)
        return None if cell is None else bytes(cell.data)

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        self.check_key(key)
        self.check_value(value, self.shape.value_size)
        check(self.put(key, value, flags, 0))

    def entries(self) -> Iterator[tuple[bytes, list[Region]]]:
        return ((key, [cell]) for key, cell in zip(self.keys(), tuple(self._cells.values()), strict=True))

    def keys(self) -> Iterator[bytes]:
        size = self.shape.key_size - 4
        for length, bits in tuple(self._cells):
            yield length.to_bytes(4, "little") + (bits << (self._bits - length)).to_bytes(size, "big")
