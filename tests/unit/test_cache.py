"""The cache of compiled objects: what it keys on, what it refuses to believe, what it lets go of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from syrupc import cache as module
from syrupc.cache import Cache, fetch, key_of, store
from syrupc.options import Options

SOURCE = b"import syrup\n"
OPTIONS = Options()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "deep" / "syrup")


def names(cache: Cache) -> set[str]:
    return set(os.listdir(cache.directory))


def test_what_is_stored_is_found_again(cache: Cache) -> None:
    store(cache, "k", b"object")
    assert fetch(cache, "k") == b"object"
    assert fetch(cache, "other") is None


def test_nothing_is_found_or_made_where_nothing_was_stored(cache: Cache) -> None:
    assert fetch(cache, "k") is None
    assert not cache.directory.exists()


def test_only_this_user_may_look_into_the_directory(cache: Cache) -> None:
    store(cache, "k", b"object")
    assert cache.directory.stat().st_mode & 0o777 == 0o700
    assert (cache.directory / "k").stat().st_mode & 0o777 == 0o600


def test_storing_leaves_no_temporary_file(cache: Cache) -> None:
    store(cache, "k", b"one")
    store(cache, "k", b"two")
    assert names(cache) == {"k"}
    assert fetch(cache, "k") == b"two"


# -- the key -----------------------------------------------------------------------------------------------------------


def test_equal_inputs_give_equal_keys_whatever_the_hash_seed() -> None:
    program = (
        "from syrupc.cache import _canonical, key_of\nfrom syrupc.options import Options\n"
        "print(key_of(b'x', 'p.py', Options()), _canonical({'b': frozenset('abcdef'), 'a': (1, None)}))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in "12"
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].split()[0]) == 64


def test_source_name_and_every_option_change_the_key() -> None:
    keys = [
        key_of(SOURCE, "p.py", OPTIONS),
        key_of(SOURCE + b" ", "p.py", OPTIONS),
        key_of(SOURCE, "q.py", OPTIONS),
        key_of(SOURCE, "p.py", replace(OPTIONS, hook="socket")),
        key_of(SOURCE, "p.py", replace(OPTIONS, kernel="6.12")),
        key_of(SOURCE, "p.py", replace(OPTIONS, max_executors=63)),
        key_of(SOURCE + b"p", ".py", OPTIONS),
    ]
    assert len(set(keys)) == len(keys)


def test_a_change_of_any_file_of_the_compiler_changes_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lower").mkdir()
    emit = tmp_path / "lower" / "emit.py"
    emit.write_text("a = 1\n")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "cache.py"))
    before, status = key_of(SOURCE, "p.py", OPTIONS), emit.stat()
    emit.write_text("a = 2\n")
    os.utime(emit, ns=(status.st_atime_ns, status.st_mtime_ns))  # same size, same time
    assert key_of(SOURCE, "p.py", OPTIONS) != before
    emit.write_text("a = 1\n")
    assert key_of(SOURCE, "p.py", OPTIONS) == before
    emit.rename(tmp_path / "emit.py")
    assert key_of(SOURCE, "p.py", OPTIONS) != before


def test_the_interpreter_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(SOURCE, "p.py", OPTIONS)
    monkeypatch.setattr(sys, "version", "4.0")
    assert key_of(SOURCE, "p.py", OPTIONS) != before


@pytest.mark.parametrize("package", ["numba", "llvmlite"])
def test_the_version_of_the_code_generator_changes_the_key(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key_of(SOURCE, "p.py", OPTIONS)
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    (tmp_path / package / "_version.py").write_text("version = '99'\n")
    monkeypatch.syspath_prepend(tmp_path)
    # A package that a test before this one imported would be found there.
    monkeypatch.delitem(sys.modules, package, raising=False)
    assert key_of(SOURCE, "p.py", OPTIONS) != before


def test_keys_are_computed_without_importing_the_code_generator() -> None:
    program = (
        "import sys\nfrom syrupc.cache import key_of\nfrom syrupc.options import Options\n"
        "key_of(b'', '', Options())\nprint([m for m in ('numba', 'llvmlite', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# -- what is not believed ----------------------------------------------------------------------------------------------


def flip_a_bit(entry: Path) -> None:
    content = bytearray(entry.read_bytes())
    content[-1] ^= 1
    entry.write_bytes(content)


def cut_short(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes()[:-1])


def empty(entry: Path) -> None:
    entry.write_bytes(b"")


def give_to_another_key(entry: Path) -> None:
    other = Cache(entry.parent)
    store(other, "other", b"another object")
    (entry.parent / "other").replace(entry)


def let_others_write(entry: Path) -> None:
    entry.chmod(0o622)


def replace_by_directory(entry: Path) -> None:
    entry.unlink()
    entry.mkdir()


def replace_by_pipe(entry: Path) -> None:
    entry.unlink()
    os.mkfifo(entry, 0o600)


@pytest.mark.parametrize(
    "tamper",
    [
        flip_a_bit,
        cut_short,
        empty,
        give_to_another_key,
        let_others_write,
        replace_by_directory,
        replace_by_pipe,
    ],
)
def test_an_entry_that_is_not_as_it_was_written_is_a_miss(cache: Cache, tamper: Callable[[Path], None]) -> None:
    store(cache, "k", b"object")
    tamper(cache.directory / "k")
    assert fetch(cache, "k") is None


def test_a_link_in_place_of_an_entry_is_refused(cache: Cache, tmp_path: Path) -> None:
    store(cache, "k", b"object")
    (cache.directory / "k").rename(tmp_path / "elsewhere")
    (cache.directory / "k").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        fetch(cache, "k")


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_directory_that_others_may_write_to_is_refused(cache: Cache, mode: int) -> None:
    store(cache, "k", b"object")
    cache.directory.chmod(mode)
    with pytest.raises(PermissionError):
        fetch(cache, "k")
    with pytest.raises(PermissionError):
        store(cache, "k", b"object")


def test_a_link_in_place_of_the_directory_is_refused(cache: Cache, tmp_path: Path) -> None:
    store(cache, "k", b"object")
    cache.directory.rename(tmp_path / "elsewhere")
    cache.directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):  # noqa: PT011 - ELOOP or ENOTDIR
        fetch(cache, "k")


@pytest.mark.parametrize("of", ["directory", "entry"])
def test_what_another_user_wrote_is_not_believed(cache: Cache, of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store(cache, "k", b"object")
    real, inode = os.fstat, (cache.directory if of == "directory" else cache.directory / "k").stat().st_ino

    def foreign(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        fields = list(status)
        fields[4] += 1 if status.st_ino == inode else 0
        return os.stat_result(fields)

    monkeypatch.setattr(os, "fstat", foreign)
    if of == "entry":
        assert fetch(cache, "k") is None
    else:
        with pytest.raises(PermissionError):
            fetch(cache, "k")


def test_root_leaves_no_directory_in_a_home_of_another_user(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    real = Path.stat

    def foreign(self: Path, **options: bool) -> os.stat_result:
        fields = list(real(self, **options))
        fields[4] = 1000
        return os.stat_result(fields)

    monkeypatch.setattr(Path, "stat", foreign)
    with pytest.raises(PermissionError):
        store(cache, "k", b"object")
    assert not os.path.exists(cache.directory)


# -- what is let go of -------------------------------------------------------------------------------------------------


def test_what_was_not_used_for_longest_goes_first(cache: Cache) -> None:
    small = replace(cache, max_bytes=1000)
    for age, key in enumerate("abcd"):
        store(small, key, bytes(150))
        os.utime(cache.directory / key, (age, age))
    assert fetch(small, "a") == bytes(150)  # now it is the last one used
    store(small, "e", bytes(240))
    assert names(cache) == {"a", "c", "d", "e"}


def test_an_object_too_large_for_the_cache_is_not_kept(cache: Cache) -> None:
    store(replace(cache, max_bytes=1000), "k", bytes(500))
    assert not cache.directory.exists()


def test_what_an_interrupted_run_left_is_removed_once_it_is_old(cache: Cache) -> None:
    store(cache, "k", b"object")
    for name in ("old.tmp", "new.tmp"):
        (cache.directory / name).touch()
    os.utime(cache.directory / "old.tmp", (0, 0))
    store(cache, "l", b"object")
    assert names(cache) == {"k", "l", "new.tmp"}


def test_a_failed_store_leaves_nothing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    store(cache, "k", b"object")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        store(cache, "l", b"object")
    assert names(cache) == {"k"}
