"""Kernels of other releases: taken from Debian's archive once, and kept in a cache folder."""

from __future__ import annotations

import lzma
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True, slots=True)
class Kernel:
    """A release as a suite of the archive has it: the newest package of it there. Old suites do not change."""

    release: str
    suite: str


BOOKWORM: Final = Kernel("6.1", "bookworm")
TRIXIE: Final = Kernel("6.12", "trixie")
NEWER: Final = tuple(Kernel(release, "trixie-backports") for release in ("6.16", "6.17", "6.18", "6.19", "7.3"))
"""What the archive has beside them at present: such suites do change."""

_MODULES: Final = (
    "virtio",
    "virtio_ring",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "fuse",
    "virtiofs",
)
"""What a guest needs to reach the host's files, in the order of loading. Newer kernels have it built in."""

_FETCH_SECONDS: Final = 100.0


class UnreachableError(Exception):
    """The kernel is not in the cache and cannot be fetched."""


@dataclass(frozen=True, slots=True)
class Image:
    """What is booted. `modules` are to be loaded in this order."""

    vmlinuz: Path
    modules: tuple[Path, ...]


def fetch(kernel: Kernel) -> Image:
    """The kernel's image, from the cache or from the archive. Raises `UnreachableError`."""
    kept = _cache() / f"{kernel.suite}-{kernel.release}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as made:
            folder = Path(made)
            _unpack(_download(kernel, folder), folder, folder / "kept")
            try:
                (folder / "kept").rename(kept)
            except OSError:  # another process was faster
                if not kept.exists():
                    raise
    return Image(kept / "vmlinuz", tuple(sorted(kept.glob("*.ko"))))


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "syrup-kernels"


def _download(kernel: Kernel, folder: Path) -> Path:
    """The package in the folder. Apt's state is one of our own: the machine's sources stay as they are."""
    own = _own_state(folder, kernel.suite)
    _run([*own, "apt-get", "-qq", "update"], folder)
    # Where there is a package for the binary, the one for the image only depends on it.
    for kind in ("binary", "image"):
        names = _run([*own, "apt-cache", "pkgnames", f"linux-{kind}-{kernel.release}."], folder).split()
        found = [name for name in names if name.endswith("-cloud-amd64")]
        if found:
            break
    else:
        raise UnreachableError(f"the archive has no kernel {kernel.release} in {kernel.suite}")
    _run([*own, "apt-get", "-qq", "download", max(found, key=_version)], folder)
    return next(folder.glob("*.deb"))


def _version(package: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"[0-9]+", package)))


def _own_state(folder: Path, suite: str) -> list[str]:
    site = _run(["apt-get", "indextargets", "--format", "$(SITE)", "Origin: Debian", "Component: main"], folder).split()
    if not site or not KEYRING.exists():
        raise UnreachableError("this machine has no packages of Debian")
    (folder / "state/lists/partial").mkdir(parents=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb [arch=amd64 signed-by={KEYRING}] {site[0]} {suite} main\n")
    settings = folder / "apt.conf"
    settings.write_text(
        f'Dir::State "{folder}/state";\nDir::Cache "{folder}/cache";\nDir::State::status "/dev/null";\n'
        f'Dir::Etc::SourceList "{sources}";\nDir::Etc::SourceParts "/dev/null";\nAPT::Sandbox::User "";\n'
    )
    return ["env", f"APT_CONFIG={settings}"]


def _run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_FETCH_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise UnreachableError(f"`{command[0]}` is missing") from error
    except subprocess.TimeoutExpired as error:
        raise UnreachableError(f"`{' '.join(command)}` did not end") from error
    except subprocess.CalledProcessError as error:
        raise UnreachableError(f"`{' '.join(command)}`: {error.stderr.strip()[-200:]}") from error
    return done.stdout


def _unpack(package: Path, folder: Path, kept: Path) -> None:
    """The image and the modules of a package, without the rest."""
    whole = folder / "whole"
    _run(["dpkg-deb", "-x", str(package), str(whole)], folder)
    kept.mkdir()
    (image,) = (*whole.glob("boot/vmlinuz-*"), *whole.glob("usr/lib/modules/*/vmlinuz"))
    shutil.move(image, kept / "vmlinuz")
    for number, name in enumerate(_MODULES):
        for module in whole.glob(f"**/{name}.ko*"):
            content = module.read_bytes()
            content = lzma.decompress(content) if module.suffix == ".xz" else content
            (kept / f"{number}-{name}.ko").write_bytes(content)
