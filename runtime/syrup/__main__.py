"""The way into the command `syrup`."""

from __future__ import annotations

from typing import NoReturn

from syrupc.interrupts import ending_at_once


def main() -> NoReturn:
    with ending_at_once():
        from syrup.cli import main as command
    command()


if __name__ == "__main__":
    main()
