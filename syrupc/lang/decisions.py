"""What a policy answers."""

from __future__ import annotations

from typing import Final, TypeAlias

from syrupc import spec

Executor: TypeAlias = int
"""An executor's index, `PASS` or `DROP`."""

PASS: Final[Executor] = spec.PASS
"""Leave the choice to the system's default."""

DROP: Final[Executor] = spec.DROP
"""Discard the input. For UDP at the socket hook the client sees ECONNREFUSED on its next send."""
