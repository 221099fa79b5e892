"""The user space of the `tokens` policy: refills every user's tokens at an interval, which is what sets the rates."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, MutableMapping
from typing import Final

from benchmarks.demo.trace import BATCH_USER, Load

INTERVAL_NS: Final = 250_000_000
_BATCH_TOKENS: Final = 1
_AMPLE: Final = 3


def budget(load: Load) -> dict[int, int]:
    """Each user's tokens for an interval: several times what the GETs need, and few for the batch user's SCANs."""
    expected = load.rate / (load.users - 1) * INTERVAL_NS / 1e9
    return {BATCH_USER: _BATCH_TOKENS} | dict.fromkeys(range(1, load.users), round(_AMPLE * expected) + 10)


@contextlib.contextmanager
def refilled(tokens: MutableMapping[int, int], load: Load) -> Iterator[None]:
    """Refill now, and at every interval from a thread until the end."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(INTERVAL_NS / 1e9):
            tokens.update(budget(load))

    tokens.update(budget(load))
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
