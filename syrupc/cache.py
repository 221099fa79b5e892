"""Compiled objects kept from one run to the next, by everything that their bytes depend on.

Nothing here is trusted. An entry is found by a hash over the source, its name, the options, the interpreter, the
versions of Numba and llvmlite, and the content of every file of this package: sizes and times of change would be
cheaper, but a checkout, a copy or a quick edit can leave both as they were, and reading the files takes a few
milliseconds. What is found must be whole (it carries a hash of itself) and written by this user into a directory that
no one else can write to; anything else counts as not there. The caller reads the object back and verifies it, every
time: the cache saves the compilation, never the proof.

The functions raise `OSError` where the directory cannot be used, and the caller goes on without a cache.
"""

from __future__ import annotations

import enum
import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from syrupc.options import Options

_MAGIC: Final = b"syrup cache 1\n"
_DIGEST_SIZE: Final = 32
_STALE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Cache:
    """Where entries are kept, and how many bytes of them. The directory is made on first use."""

    directory: Path
    max_bytes: int = 64 << 20


def user_cache(environment: Mapping[str, str]) -> Cache | None:
    """`$XDG_CACHE_HOME/syrup`, or `~/.cache/syrup`; `None` for a user without a home."""
    base = environment.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Cache(Path(base) / "syrup")
    home = environment.get("HOME", "")
    return Cache(Path(home) / ".cache" / "syrup") if os.path.isabs(home) else None


def key_of(source: bytes, name: str, options: Options) -> str:
    """The key of what compiling `source`, a file called `name`, gives."""
    digest = hashlib.sha256(_MAGIC)
    for part in (source, name.encode(errors="surrogateescape"), _canonical(options).encode(), *_toolchain()):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def fetch(cache: Cache, key: str) -> bytes | None:
    """The object stored under `key`, `None` if there is none that is whole and ours."""
    if not cache.directory.exists():
        return None
    with _own_directory(cache.directory) as directory:
        content = _read(key, directory, cache.max_bytes)
    head = len(_MAGIC) + _DIGEST_SIZE
    data = content[head:]
    return data if content[:head] == _head(key, data) else None


def store(cache: Cache, key: str, data: bytes) -> None:
    """Keep `data` under `key`, and let go of what was not used for longest where there is too much."""
    if len(data) > cache.max_bytes // 4:
        return
    _create(cache.directory)
    with _own_directory(cache.directory) as directory:
        temporary = f"{key}.{os.urandom(8).hex()}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with open(os.open(temporary, flags, 0o600, dir_fd=directory), "wb") as entry:
                entry.write(_head(key, data) + data)
            os.replace(temporary, key, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=directory)
            raise
        _evict(directory, cache.max_bytes)


# -- what the bytes depend on ----------------------------------------------------------------------------------------


def _toolchain() -> Iterator[bytes]:
    """What compiles: the interpreter, Numba and llvmlite (found, not imported), and this package, file by file."""
    yield f"{sys.implementation.cache_tag} {sys.version}".encode()
    for package in ("numba", "llvmlite"):
        spec = find_spec(package)
        yield Path(spec.origin).with_name("_version.py").read_bytes() if spec and spec.origin else b""
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        yield os.fsencode(path.relative_to(root))
        yield path.read_bytes()


def _canonical(value: object) -> str:
    """`value` as text that is equal for equal values, whatever the hash seed."""
    match value:
        case enum.Enum():
            return f"{type(value).__name__}.{value.name}"
        case Mapping():
            return f"{{{', '.join(sorted(f'{_canonical(k)}: {_canonical(v)}' for k, v in value.items()))}}}"
        case Set():
            return f"{{{', '.join(sorted(map(_canonical, value)))}}}"
        case tuple() | list():
            return f"({', '.join(map(_canonical, value))})"
        case None | bool() | int() | float() | str() | bytes():
            return repr(value)
    if is_dataclass(value) and not isinstance(value, type):
        inside = ", ".join(f"{field.name}={_canonical(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__name__}({inside})"
    raise TypeError(f"{type(value).__name__} has no canonical text")


# -- the directory -----------------------------------------------------------------------------------------------


def _head(key: str, data: bytes) -> bytes:
    """What an entry begins with. The key is part of the hash: an entry under another's name is not whole."""
    return _MAGIC + hashlib.sha256(key.encode() + b"\0" + data).digest()


def _is_ours(status: os.stat_result, kind: int) -> bool:
    """Of this kind, owned by this user, and nobody else may write to it."""
    return stat.S_IFMT(status.st_mode) == kind and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _create(directory: Path) -> None:
    """Make the directory, unless root would leave it in a user's home (as under `sudo`), where it is no use to them."""
    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    if os.geteuid() == 0 and existing.stat().st_uid != 0:
        raise PermissionError(f"{existing} belongs to another user")
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def _own_directory(path: Path) -> Iterator[int]:
    """A descriptor of the directory, once it is known to be this user's alone; all else goes through it."""
    with _opened(path, os.O_DIRECTORY) as directory:
        if not _is_ours(os.fstat(directory), stat.S_IFDIR):
            raise PermissionError(f"{path} belongs to another user, or others may write to it")
        yield directory


def _read(name: str, directory: int, limit: int) -> bytes:
    """The content of an entry, empty where it is not there or not ours."""
    try:
        # A pipe in its place must not make us wait.
        with _opened(name, os.O_NONBLOCK, directory) as file:
            if not _is_ours(os.fstat(file), stat.S_IFREG):
                return b""
            os.utime(file)  # what is used stays longest
            with open(file, "rb", closefd=False) as entry:
                return entry.read(limit + 1)
    except FileNotFoundError:
        return b""


@contextmanager
def _opened(path: str | Path, flags: int, directory: int | None = None) -> Iterator[int]:
    """A descriptor for reading, of `path` itself and never of what a link in its place names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, dir_fd=directory)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _evict(directory: int, max_bytes: int) -> None:
    """Remove the entries used longest ago until the rest fits, and what an interrupted run left behind."""
    entries = []
    for name in os.listdir(directory):
        with suppress(FileNotFoundError):  # another process may evict at the same time
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
            entries.append((status.st_mtime, status.st_size, name))
    room = max_bytes
    for used, size, name in sorted(entries, reverse=True):
        stale = name.endswith(".tmp") and used < time.time() - _STALE_SECONDS
        room -= size
        if room < 0 or stale:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=directory)
