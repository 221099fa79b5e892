"""The command `syrupc` in an empty folder with one policy and a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syrupc import cli
from tests.unit.commands import POLICY, Run, Runner


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def syrupc(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Iterator[Runner]:
    (folder / "spread.py").write_text(POLICY)

    def run(*arguments: str) -> Run:
        status = cli.run(arguments)
        return Run(status, *capfdbinary.readouterr())

    return run  # type: ignore[return-value]
