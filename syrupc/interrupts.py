"""Ctrl-C while a command is still being imported, which is most of a short run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Meanwhile Ctrl-C ends the process as it ends any other, without a word.

    There is nothing to tidy up yet. Python would raise in the midst of an import, with a traceback through it, or lose
    the interrupt between two of them.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # whoever ignores it, does so for us too
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
