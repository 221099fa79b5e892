"""A ring buffer's memory (BPF_MAP_TYPE_RINGBUF, since 5.8): records between two positions that only grow.

The first page holds the position up to which records were consumed, which this side writes. Behind it, for reading
only, lie a page with the position up to which they were produced, and the data, twice in a row, so that a record that
goes round the end is in one piece. A record is a 32-bit length with two flags, four bytes that concern the kernel, and
the content.
"""

from __future__ import annotations

import mmap
import threading
from typing import Final

_HEADER: Final = 8
_BUSY: Final = 1 << 31
_DISCARDED: Final = 1 << 30


class RingMemory:
    """A ring buffer, mapped into this process."""

    def __init__(self, fd: int, size: int) -> None:
        page = mmap.PAGESIZE
        self._size = size
        self._ours = mmap.mmap(fd, page, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._theirs = mmap.mmap(fd, page + 2 * size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page)
        # Cast, so that a position is one load or store of 64 bits and never torn.
        self._consumed = memoryview(self._ours).cast("Q")
        self._produced = memoryview(self._theirs)[:page].cast("Q")
        self._data = memoryview(self._theirs)[page:]
        self._lengths = self._data.cast("I")
        self._order = threading.Lock()

    def take(self, most: int) -> list[bytes]:
        """Take out up to so many of the oldest records, none behind one that its producer has not finished."""
        position, end = self._consumed[0], self._produced[0]
        taken: list[bytes] = []
        while position != end and len(taken) < most:
            self._fence()
            place = position % self._size
            header = self._lengths[place // 4]
            if header & _BUSY:
                break
            self._fence()
            length = header & ~(_BUSY | _DISCARDED)
            if not header & _DISCARDED:
                taken.append(bytes(self._data[place + _HEADER : place + _HEADER + length]))
            position += -(-(_HEADER + length) // 8) * 8
        self._fence()
        self._consumed[0] = position
        return taken

    def close(self) -> None:
        for view in (self._consumed, self._produced, self._lengths, self._data):
            view.release()
        self._ours.close()
        self._theirs.close()

    def _fence(self) -> None:
        # What was loaded and stored before comes before what follows, also where the processor does not order it by
        # itself: POSIX makes a mutex synchronize memory.
        with self._order:
            pass
