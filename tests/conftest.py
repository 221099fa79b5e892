"""What holds for every test: no leaked descriptor, no skip without a known reason, BPF only where there is BPF."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from syrupc.lower.emit import descriptors
from tests.bpf_probe import why_no_bpf
from tests.vm.machine import why_not

# Whoever starts tests in the background has them ignore it, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

ALLOWED_SKIPS: Final = (
    # A reason that begins with one of these is a fact about the machine, also in CI.
    "BPF programs cannot be loaded here",
    "no BPF on ",
    "no corpus of kernel programs here",
    "no other kernel runs here",
)


@cache
def _no_bpf() -> str | None:
    return why_no_bpf()


@cache
def _no_guests() -> str | None:
    reason = why_not()
    return f"no other kernel runs here: {reason}" if reason else None


def _strict() -> bool:
    return os.environ.get("SYRUP_CI") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("bpf") and (reason := _no_bpf()):
            item.add_marker(pytest.mark.skip(reason=reason))
        if item.get_closest_marker("vm") and (reason := _no_guests()):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_unknown_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_unknown_skip(report)
    return report


def _refuse_unknown_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not (_strict() and report.skipped):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
    if not reason.startswith(ALLOWED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, which is a failure with SYRUP_CI=1: {reason}"


def _descriptors() -> dict[int, str]:
    """The open file descriptors and what they are of."""
    found = {}
    for entry in os.listdir("/proc/self/fd"):
        try:
            found[int(entry)] = os.readlink(f"/proc/self/fd/{entry}")
        except FileNotFoundError:  # the one that listed the directory
            continue
    return found


@pytest.fixture(autouse=True)
def _no_leaked_descriptors() -> Iterator[None]:
    before = _descriptors()
    yield
    leaked = _descriptors().keys() - before.keys() - descriptors()
    if leaked:
        gc.collect()  # a cycle that awaits collection is not a leak
        leaked = _descriptors().keys() - before.keys() - descriptors()
    names = [f"{number} -> {name}" for number, name in _descriptors().items() if number in leaked]
    assert not names, f"the test left file descriptors open: {', '.join(names)}"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the source tree."""
    return Path(__file__).resolve().parents[1]
