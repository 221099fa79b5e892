"""A command as a test runs it: in this process, with a policy to work on."""

from __future__ import annotations

from collections.abc import Callable

POLICY = """\
import syrup

turn = syrup.Array(syrup.u64, 1)


@syrup.jit
def spread(pkt: syrup.Packet) -> syrup.Executor:
    if pkt.payload.u8(0) == 2:
        return 5
    return turn.fetch_add(0, 1) % 5
"""


class Run:
    """The outcome of one command."""

    def __init__(self, status: int, out: bytes, err: bytes) -> None:
        self.status, self.binary = status, out
        self.out, self.err = out.decode(errors="replace"), err.decode()


Runner = Callable[..., Run]
