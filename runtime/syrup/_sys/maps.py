"""BPF maps by descriptor: create, read, write, map into memory."""

from __future__ import annotations

import errno
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from syrup._sys import bpf, uapi
from syrup._sys.cpus import possible_cpus
from syrup._sys.fd import Fd

_FIRST_BATCH = 256

Memory = mmap.mmap
"""Memory that is shared with the kernel."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a map is made of: the kernel's type number, sizes in bytes, the number of entries."""

    type: int
    key_size: int
    value_size: int
    max_entries: int

    @property
    def stored_size(self) -> int:
        """Bytes that the kernel exchanges for one value: per-CPU kinds give one for each possible CPU."""
        return stride(self.value_size) * possible_cpus() if self.type in uapi.PER_CPU_TYPES else self.value_size


def stride(value_size: int) -> int:
    """The distance of two values in an array's memory: the kernel rounds up to 8 bytes."""
    return (value_size + 7) & ~7


def create(
    shape: Shape, *, flags: int = 0, name: str = "", btf: Fd | None = None, key_type: int = 0, value_type: int = 0
) -> Fd:
    attr = bpf.MapCreate(
        map_type=shape.type,
        key_size=shape.key_size,
        value_size=shape.value_size,
        max_entries=shape.max_entries,
        map_flags=flags,
        map_name=bpf.object_name(name),
    )
    if btf is not None and value_type and shape.type in uapi.TYPES_WITH_BTF:
        attr.btf_fd, attr.btf_key_type_id, attr.btf_value_type_id = btf.fileno(), key_type, value_type
    return Fd(bpf.call(uapi.BPF_MAP_CREATE, attr))


def lookup(fd: int, key: bytes | None, size: int) -> bytes | None:
    """The value of `size` stored bytes, or `None` where there is no such key. Without a key: a queue's next value."""
    value = bpf.room(size)
    return value.raw if _found(fd, uapi.BPF_MAP_LOOKUP_ELEM, key, value) else None


def pop(fd: int, size: int) -> bytes | None:
    """Take out the next value of a queue or a stack; `None` where it is empty."""
    value = bpf.room(size)
    return value.raw if _found(fd, uapi.BPF_MAP_LOOKUP_AND_DELETE_ELEM, None, value) else None


def holds(fd: int, value: bytes) -> bool:
    """Whether a value may have been added to a Bloom filter."""
    return _found(fd, uapi.BPF_MAP_LOOKUP_ELEM, None, bpf.buffer(value))


def update(fd: int, key: bytes | None, value: bytes) -> None:
    """Insert or replace; without a key push or add. A full hash map or queue gives E2BIG, a full trie ENOSPC."""
    key_buffer, value_buffer = _optional(key), bpf.buffer(value)
    attr = bpf.MapElement(map_fd=fd, key=_address(key_buffer), value=bpf.address(value_buffer))
    bpf.call(uapi.BPF_MAP_UPDATE_ELEM, attr)


def delete(fd: int, key: bytes) -> bool:
    """Whether there was such a key."""
    key_buffer = bpf.buffer(key)
    try:
        bpf.call(uapi.BPF_MAP_DELETE_ELEM, bpf.MapElement(map_fd=fd, key=bpf.address(key_buffer)))
    except FileNotFoundError:
        return False
    return True


def freeze(fd: int) -> None:
    """No more writes from user space: the kernel may then treat the contents as constants."""
    bpf.call(uapi.BPF_MAP_FREEZE, bpf.MapElement(map_fd=fd))


def entries(fd: int, shape: Shape) -> Iterator[tuple[bytes, bytes]]:
    """All entries, many a call. Entries that come or go meanwhile may or may not be among them."""
    position: bytes | None = None
    room = min(_FIRST_BATCH, shape.max_entries)
    done = False
    while not done:
        try:
            position, batch, done = _batch(fd, shape, position, room)
        except OSError as error:
            # A hash bucket holds more than there is room for.
            if error.errno != errno.ENOSPC or room >= shape.max_entries:
                raise
            room = min(room * 2, shape.max_entries)
            continue
        yield from batch


def mapped(fd: int, shape: Shape) -> Memory:
    """The values of an array made with BPF_F_MMAPABLE as shared memory, `stride(value_size)` bytes apart."""
    length = stride(shape.value_size) * shape.max_entries
    pages = -(-length // mmap.PAGESIZE)
    return mmap.mmap(fd, pages * mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)


def _found(fd: int, command: int, key: bytes | None, value: Any) -> bool:
    """Whether a look-up found something."""
    key_buffer = _optional(key)
    try:
        bpf.call(command, bpf.MapElement(map_fd=fd, key=_address(key_buffer), value=bpf.address(value)))
    except FileNotFoundError:
        return False
    return True


def _optional(data: bytes | None) -> Any:
    return None if data is None else bpf.buffer(data)


def _address(memory: Any) -> int:
    return 0 if memory is None else bpf.address(memory)


def _batch(fd: int, shape: Shape, position: bytes | None, room: int) -> tuple[bytes, list[tuple[bytes, bytes]], bool]:
    """The next position, some entries, and whether they were the last."""
    start = _optional(position)
    # The position is opaque: a key for hash kinds of old kernels, a 32-bit index otherwise.
    after = bpf.room(max(shape.key_size, 4))
    keys, values = bpf.room(shape.key_size * room), bpf.room(shape.stored_size * room)
    attr = bpf.MapBatch(
        in_batch=_address(start),
        out_batch=bpf.address(after),
        keys=bpf.address(keys),
        values=bpf.address(values),
        count=room,
        map_fd=fd,
    )
    last = False
    try:
        bpf.call(uapi.BPF_MAP_LOOKUP_BATCH, attr)
    except FileNotFoundError:
        last = True
    found = range(int(attr.count))
    return (
        after.raw,
        list(zip(_cut(keys.raw, shape.key_size, found), _cut(values.raw, shape.stored_size, found), strict=True)),
        last,
    )


def _cut(data: bytes, size: int, found: range) -> Iterator[bytes]:
    return (data[i * size : (i + 1) * size] for i in found)
