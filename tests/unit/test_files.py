"""Input files with every way they can be wrong; output files whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syrupc import files
from syrupc.errors import UsageError
from syrupc.files import decode_policy, read_bytes, write_whole


def message(error: pytest.ExceptionInfo[UsageError]) -> str:
    (diagnostic,) = error.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message}"


def test_what_is_read_is_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_bytes(b"\x00\xff")
    assert read_bytes(str(tmp_path / "p.py")) == b"\x00\xff"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        read_bytes(f"{tmp_path}/none.py")
    assert message(error) == f"SYR001 cannot read `{tmp_path}/none.py`: there is no such file or directory"


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        read_bytes(str(tmp_path))
    assert message(error).endswith(": it is a directory")


def test_an_object_is_no_policy() -> None:
    with pytest.raises(UsageError) as error:
        decode_policy(b"\x7fELF\x02\x01\x01\xf7", "sita.bpf.o")
    assert message(error) == "SYR001 cannot read `sita.bpf.o` as a policy: it is an object, or another ELF file"
    assert error.value.diagnostics[0].span is None


def test_a_file_of_someone_else_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(UsageError) as error:
        read_bytes(str(tmp_path / "p.py"))
    assert message(error).endswith(": permission denied")


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(UsageError) as error:
        read_bytes("a\0b")
    assert "SYR001" in message(error)


def test_an_endless_file_is_refused() -> None:
    with pytest.raises(UsageError) as error:
        read_bytes("/dev/zero")
    assert message(error) == "SYR001 cannot read `/dev/zero`: it is larger than 16 MiB"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_that_is_not_utf8_has_a_place(mark: bytes) -> None:
    with pytest.raises(UsageError) as error:
        decode_policy(mark + "a = 'é'\nb = '".encode() + b"\xe9'", "p.py")
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.message == "cannot read `p.py`: byte 0xe9 is not UTF-8"
    assert str(diagnostic.span) == "p.py:2:6"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode_policy(b"\xef\xbb\xbfa", "p.py") == "a"


# -- writing -----------------------------------------------------------------------------------------------------------


def test_what_is_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    write_whole(str(tmp_path / "x.o"), b"one")
    write_whole(str(tmp_path / "x.o"), b"two")
    assert (tmp_path / "x.o").read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["x.o"]


def test_a_new_file_has_the_usual_mode_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_whole(str(tmp_path / "x.o"), b"one")
    finally:
        os.umask(old)
    assert (tmp_path / "x.o").stat().st_mode & 0o777 == 0o640
    (tmp_path / "x.o").chmod(0o604)
    write_whole(str(tmp_path / "x.o"), b"two")
    assert (tmp_path / "x.o").stat().st_mode & 0o777 == 0o604


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.o").write_bytes(b"one")
    (tmp_path / "x.o").symlink_to("real.o")
    write_whole(str(tmp_path / "x.o"), b"two")
    assert (tmp_path / "x.o").is_symlink()
    assert (tmp_path / "real.o").read_bytes() == b"two"


def test_a_failed_write_leaves_the_old_file_and_nothing_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(str(tmp_path / "x.o"), b"one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError) as error:
        write_whole(str(tmp_path / "x.o"), b"two")
    assert message(error) == f"SYR002 cannot write `{tmp_path}/x.o`: no space left on device"
    assert (tmp_path / "x.o").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["x.o"]


@pytest.mark.parametrize(("place", "reason"), [(".", "it is a directory"), ("none/x.o", "there is no such file")])
def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path, place: str, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        write_whole(str(tmp_path / place), b"")
    assert f": {reason}" in message(error)


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_whole("/dev/null", b"gone")
    assert Path("/dev/null").is_char_device()


def test_a_long_name_leaves_room_for_the_temporary_one(tmp_path: Path) -> None:
    name = "x" * 250 + ".o"
    write_whole(str(tmp_path / name), b"one")
    assert os.listdir(tmp_path) == [name]


def test_inputs_may_be_as_large_as_any_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 4)
    (tmp_path / "p").write_bytes(b"1234")
    assert read_bytes(str(tmp_path / "p")) == b"1234"
