"""The way into the demo."""

from __future__ import annotations

import sys
from typing import NoReturn

from syrupc.interrupts import ending_at_once


def main() -> NoReturn:
    with ending_at_once():
        from benchmarks.demo.command import main as demonstrate
    sys.exit(demonstrate())


if __name__ == "__main__":
    main()
