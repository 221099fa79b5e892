"""The way into the command `syrupc`."""

from __future__ import annotations

from typing import NoReturn

from syrupc.interrupts import ending_at_once


def main() -> NoReturn:
    with ending_at_once():
        from syrupc.cli import main as command
    command()


if __name__ == "__main__":
    main()
