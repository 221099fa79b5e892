"""One boot of another kernel under qemu, in emulation: it runs one command over the host's own files."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.vm.kernels import Image

SECONDS: Final = 110.0
"""A boot that takes longer is ended."""

SCRATCH: Final = "/mnt"
"""Where the guest has the folder that it shares with the host; all else is read-only."""

_ROOT: Final = Path(__file__).resolve().parents[2]
_INIT: Final = Path(__file__).with_name("init.sh")
_MEMORY: Final = 768
_BOOTS: Final = 2
# Debian has it outside of PATH: where qemu is, and later in a package of its own.
_VIRTIOFSD: Final = (Path("/usr/lib/qemu/virtiofsd"), Path("/usr/libexec/virtiofsd"))


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command: its exit status, what it said, and the files that it left in the scratch folder."""

    status: int
    output: str
    files: Mapping[str, bytes]
    seconds: float


class SilentError(Exception):
    """The guest ended, or was ended, without an exit status. The message has the end of its console."""


def why_not() -> str | None:
    """`None` if guests can run here; otherwise what is missing, in words."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return f"guests run on Linux x86_64, and this is {platform.system()} {platform.machine()}"
    if os.geteuid():
        return "`virtiofsd` needs root to share files"
    missing = [name for name in ("qemu-system-x86_64", "busybox") if shutil.which(name) is None]
    missing += [] if _virtiofsd() else ["virtiofsd"]
    return f"{', '.join(missing)} is missing" if missing else None


def run_in(image: Image, command: Sequence[str], files: Mapping[str, bytes] | None = None) -> Done:
    """Boot, run the command from the root of the source tree, and power off.

    The command runs as root, with this process's Python where it says `python`; `files` are in `SCRATCH` before it
    starts. A boot that brings no exit status is done once more; raises `SilentError` if that brings none either.
    """
    for last in range(_BOOTS):
        with tempfile.TemporaryDirectory(prefix="guest") as made:
            try:
                return _boot(image, command, files or {}, Path(made))
            except SilentError:
                if last == _BOOTS - 1:
                    raise
    raise AssertionError


def _boot(image: Image, command: Sequence[str], files: Mapping[str, bytes], folder: Path) -> Done:
    scratch = folder / "scratch"
    scratch.mkdir()
    for name, content in files.items():
        (scratch / name).write_bytes(content)
    (scratch / "command").write_text(_script(command))
    begin = time.monotonic()
    with _shared(folder / "host.sock", Path("/")), _shared(folder / "scratch.sock", scratch):
        console = _qemu(image, _initramfs(image, folder), folder)
    left = {path.name: path.read_bytes() for path in scratch.iterdir() if path.name not in files}
    if not left.get("status"):
        raise SilentError(console[-2000:])
    return Done(int(left["status"]), left.get("output", b"").decode(errors="replace"), left, time.monotonic() - begin)


def _script(command: Sequence[str]) -> str:
    python = sys.executable
    words = [python if word == "python" else word for word in command]
    return (
        f"cd {shlex.quote(str(_ROOT))}\n"
        f"export HOME={SCRATCH} TMPDIR={SCRATCH} PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={_ROOT}:{_ROOT / 'runtime'}\n"
        f"export PATH={shlex.quote(str(Path(python).parent))}:/usr/sbin:/usr/bin:/sbin:/bin\n"
        f"exec {shlex.join(words)}\n"
    )


def _initramfs(image: Image, folder: Path) -> Path:
    """A shell that goes over to the host's files, with the modules that it takes to reach them."""
    busybox = shutil.which("busybox")
    assert busybox
    tree, packed = folder / "initramfs", folder / "initramfs.cpio"
    (tree / "modules").mkdir(parents=True)
    (tree / "bin").mkdir()
    shutil.copy(busybox, tree / "busybox")
    (tree / "bin/sh").symlink_to("/busybox")
    shutil.copy(_INIT, tree / "init")
    (tree / "init").chmod(0o755)
    for module in image.modules:
        shutil.copy(module, tree / "modules")
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    with packed.open("wb") as archive:
        subprocess.run(
            [busybox, "cpio", "-o", "-H", "newc"],
            input=names.encode(),
            cwd=tree,
            stdout=archive,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    return packed


def _virtiofsd() -> str | None:
    found = next((path for path in _VIRTIOFSD if path.exists()), None)
    return str(found) if found else shutil.which("virtiofsd")


@contextmanager
def _shared(path: Path, folder: Path) -> Iterator[None]:
    """The folder is served at the socket, to one guest."""
    server = _virtiofsd()
    assert server
    with socket.socket(socket.AF_UNIX) as listener, path.with_suffix(".log").open("wb") as log:
        listener.bind(str(path))
        listener.listen(1)
        descriptor = listener.fileno()
        process = subprocess.Popen(
            [server, f"--fd={descriptor}", "-o", f"source={folder}", "-o", "cache=always", "-o", "sandbox=chroot"],
            pass_fds=(descriptor,),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _qemu(image: Image, initramfs: Path, folder: Path) -> str:
    """What the guest's console says until it powers off."""
    # More than one thread for emulation breaks guests that patch their own code; fewer than two CPUs hide what only
    # happens between CPUs.
    command = [
        *("qemu-system-x86_64", "-machine", "pc,memory-backend=memory", "-accel", "tcg,thread=single", "-cpu", "max"),
        *("-smp", "2", "-m", str(_MEMORY), "-object", f"memory-backend-memfd,id=memory,share=on,size={_MEMORY}M"),
        *_device("host", folder),
        *_device("scratch", folder),
        *("-kernel", str(image.vmlinuz), "-initrd", str(initramfs)),
        *("-append", "console=ttyS0 quiet panic=-1 mitigations=off nokaslr"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot"),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return said.decode(errors="replace")


def _device(tag: str, folder: Path) -> list[str]:
    chardev = f"socket,id={tag},path={folder / tag}.sock"
    return ["-chardev", chardev, "-device", f"vhost-user-fs-pci,chardev={tag},tag={tag}"]
