"""Policy files that are compiled and run in the interpreter, for what they decide and what they leave behind."""

from __future__ import annotations

import functools
import textwrap

from syrupc.driver import compile_source
from syrupc.frontend.source import PolicySource
from syrupc.options import Options
from syrupc.simulate import Datagram, Simulation
from syrupc.verifier.verdict import VerifiedObject

EXECUTORS = 8

_HEADER = """import syrup
from enum import IntEnum
from syrup import be16, be32, be64, i8, i16, i32, u8, u16, u32, u64
"""


@functools.cache
def compiled(text: str, kernel: str = "5.15") -> VerifiedObject:
    """The object of a policy file without its imports."""
    source = PolicySource("p.py", _HEADER + textwrap.dedent(text))
    return compile_source(source, Options(kernel=kernel, max_executors=EXECUTORS))


def simulation(text: str, kernel: str = "5.15") -> Simulation:
    """The file's first policy in the interpreter."""
    verified = compiled(text, kernel)
    spec = verified.object.spec
    assert spec is not None
    return Simulation(verified.object, spec.programs[0], executors=EXECUTORS)


def outcome(running: Simulation, payload: bytes = b"", **fields: int) -> str:
    """What is decided on a datagram, or the fault."""
    decided = running.decide(Datagram(payload, **fields))
    return decided.faults[0].kind.value if decided.faults else str(decided)


def decide(declarations: str, body: str, payload: bytes = b"", *, kernel: str = "5.15") -> str:
    """What a policy with this body decides on the datagram, or the fault."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    policy = f"@syrup.jit\ndef policy(pkt: syrup.Packet) -> syrup.Executor:\n{lines}\n"
    return outcome(simulation(textwrap.dedent(declarations) + "\n" + policy, kernel), payload)
