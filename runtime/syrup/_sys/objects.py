"""What maps and programs have in common: ids, descriptions, pins."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from syrup._sys import bpf, uapi
from syrup._sys.fd import Fd
from syrup._sys.maps import Shape


@dataclass(frozen=True, slots=True)
class ProgramInfo:
    """What the kernel says of a loaded program. The run time counts only while statistics are on."""

    id: int
    type: int
    name: str
    jited_size: int
    run_time_ns: int
    run_count: int
    verified_insns: int


@dataclass(frozen=True, slots=True)
class MapInfo:
    """What the kernel says of a map."""

    id: int
    name: str
    flags: int
    shape: Shape


def program_info(fd: int) -> ProgramInfo:
    raw = bpf.ProgInfo()
    _describe(fd, raw)
    return ProgramInfo(
        raw.id, raw.type, raw.name.decode(), raw.jited_prog_len, raw.run_time_ns, raw.run_cnt, raw.verified_insns
    )


def map_info(fd: int) -> MapInfo:
    raw = bpf.MapInfo()
    _describe(fd, raw)
    shape = Shape(raw.type, raw.key_size, raw.value_size, raw.max_entries)
    return MapInfo(raw.id, raw.name.decode(), raw.map_flags, shape)


def program_by_id(number: int) -> Fd | None:
    """The program, or `None` once nothing runs or holds it. `PermissionError` without CAP_SYS_ADMIN."""
    return _by_id(uapi.BPF_PROG_GET_FD_BY_ID, number)


def map_by_id(number: int) -> Fd | None:
    """The map, or `None` once nothing uses it. `PermissionError` without CAP_SYS_ADMIN."""
    return _by_id(uapi.BPF_MAP_GET_FD_BY_ID, number)


def map_ids() -> Iterator[int]:
    """The ids of all maps of the host. `PermissionError` without CAP_SYS_ADMIN."""
    attr = bpf.ById()
    while True:
        try:
            bpf.call(uapi.BPF_MAP_GET_NEXT_ID, attr)
        except FileNotFoundError:
            return
        yield int(attr.next_id)
        attr.id = attr.next_id


def pin(fd: int, path: Path) -> None:
    """Keep the object under a name in a bpf file system, mode 0600. The name must be free and hold no dot."""
    name = bpf.buffer(bytes(path) + b"\0")
    bpf.call(uapi.BPF_OBJ_PIN, bpf.Pin(pathname=bpf.address(name), bpf_fd=fd))


def pinned(path: Path) -> Fd | None:
    """The object under a name, or `None` where there is none."""
    name = bpf.buffer(bytes(path) + b"\0")
    try:
        return Fd(bpf.call(uapi.BPF_OBJ_GET, bpf.Pin(pathname=bpf.address(name))))
    except FileNotFoundError:
        return None


def _describe(fd: int, raw: bpf.ProgInfo | bpf.MapInfo) -> None:
    attr = bpf.InfoByFd(bpf_fd=fd, info_len=bpf.size(raw), info=bpf.address(raw))
    bpf.call(uapi.BPF_OBJ_GET_INFO_BY_FD, attr)


def _by_id(command: int, number: int) -> Fd | None:
    try:
        return Fd(bpf.call(command, bpf.ById(id=number)))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise
