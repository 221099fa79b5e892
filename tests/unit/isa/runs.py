"""Short ways to run a program text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syrupc.isa.assembly import parse_program
from syrupc.isa.machine import Context, Image, Machine, Options, Result, SimMap, World, sk_reuseport

DATAGRAM = bytes(range(40))


def image(text: str, maps: Sequence[SimMap] = (), name: str = "program") -> Image:
    return Image(parse_program(text), dict(enumerate(maps)), name)


def run(
    text: str,
    *maps: SimMap,
    context: Context | None = None,
    world: World | None = None,
    **options: object,
) -> Result:
    """One run on a datagram, or on another context."""
    machine = Machine(image(text, maps), options=Options(**options))  # type: ignore[arg-type]
    return machine.run(context or sk_reuseport(DATAGRAM), world)


def returned(text: str, *maps: SimMap, **settings: object) -> int:
    return run(text, *maps, **settings).r0  # type: ignore[arg-type]


def stack(values: Mapping[int, int]) -> str:
    """Stores 64-bit cells on the stack."""
    return "\n".join(f"r0 = {value:#x} ll\n*(u64 *)(r10 - {-at}) = r0" for at, value in values.items())
