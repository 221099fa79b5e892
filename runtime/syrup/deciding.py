"""What the kernel would decide, without one: a policy's compiled object in the project's own interpreter."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from syrupc import simulate
from syrupc.diagnostics import Diagnostic
from syrupc.errors import InternalError
from syrupc.isa.machine import MachineError, SimMap
from syrupc.isa.machine import World as MachineWorld
from syrupc.lang.functions import cpu, now_ns, random
from syrupc.lang.local import LocalStore
from syrupc.lang.maps import Map
from syrupc.lang.packets import Packet, datagram_of
from syrupc.lang.world import CPUS
from syrupc.spec import DROP, PASS, FaultSite, MapSpec, ProgramSpec
from syrupc.verifier.verdict import VerifiedObject

# Asked at every use, so that a `World` that is entered later counts.
_WORLD: Final = MachineWorld(random, now_ns, cpu)


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a decision ended early, and why: `kind` is the name of what Python raises there."""

    kind: str
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.kind} at {self.file}:{self.line}:{self.column}"


class Decision(int):
    """A decision: an executor's index, `PASS` or `DROP`, to be compared with those. `fault` says why it ended early."""

    fault: Fault | None

    def __new__(cls, decided: int, fault: Fault | None = None) -> Decision:
        self = super().__new__(cls, decided)
        self.fault = fault
        return self

    def __repr__(self) -> str:
        words = {PASS: "PASS", DROP: "DROP"}.get(int(self), f"executor {int(self)}")
        return f"{words} ({self.fault})" if self.fault else words

    __str__ = __repr__


class Decider:
    """One compiled policy over the maps that its module declares."""

    def __init__(self, verified: VerifiedObject, program: ProgramSpec, maps: Mapping[str, Map], executors: int) -> None:
        spec = verified.object.spec
        assert spec is not None, "compiled by us"
        self._maps = maps
        self._file = spec.source
        shared = {declared.name: _simulated(declared, maps) for declared in spec.maps}
        self._simulation = simulate.Simulation(
            verified.object, program, executors=executors, world=_WORLD, cpus=CPUS, shared=shared
        )

    def uses(self, maps: Mapping[str, Map]) -> bool:
        """Whether these are its maps: the same objects, not equal ones."""
        return all(self._maps[name] is each for name, each in maps.items())

    def decide(self, packet: Packet) -> Decision:
        """Decide on one packet. Raises `InternalError` where the program does what none of ours may do."""
        try:
            decided = self._simulation.decide(datagram_of(packet))
        except MachineError as error:
            raise _stopped(error) from error
        for line in decided.trace:
            print(line, file=sys.stderr)  # as `trace` does in plain Python
        if decided.executor is not None:
            return Decision(decided.executor)
        return Decision(DROP if decided.drop else PASS, self._fault(decided.faults))

    def _fault(self, sites: tuple[FaultSite, ...]) -> Fault | None:
        return next((Fault(each.kind.value, self._file, each.line, each.column) for each in sites), None)


def declared_maps(names: Mapping[str, Any], verified: VerifiedObject) -> dict[str, Map]:
    """The maps of a module that a policy compiled from it uses, as they are called now. `TypeError` for anything else
    under a map's name."""
    spec = verified.object.spec
    found: dict[str, Map] = {}
    for declared in spec.maps if spec else ():
        value = names.get(declared.name)
        if not isinstance(value, Map):
            raise TypeError(f"`{declared.name}` is {value!r}, where the policy declares a {declared.kind.value}")
        found[declared.name] = value
    return found


def _simulated(declared: MapSpec, maps: Mapping[str, Map]) -> SimMap:
    found = maps[declared.name]
    ours, theirs = _shape(declared), _shape(found.spec)
    if ours != theirs or not isinstance(found._store, LocalStore):
        raise TypeError(f"`{declared.name}` is {found!r}, which is not what the policy declares")
    simulated: SimMap = found._store.simulated
    return simulated


def _shape(declared: MapSpec) -> tuple[object, ...]:
    return declared.kind, declared.key, declared.value, declared.max_entries


def _stopped(error: MachineError) -> InternalError:
    return InternalError(
        Diagnostic(
            "SYR901",
            f"the compiled policy cannot go on in the interpreter: {error}",
            notes=("stage: decide; this is a fault of syrupc, not of the policy",),
            help=("report it with the policy",),
        )
    )
