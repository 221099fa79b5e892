"""A bpf file system of a test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def mounted_bpffs(place: Path) -> Iterator[Path]:
    place.mkdir()
    subprocess.run(["mount", "-t", "bpf", "bpf", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
