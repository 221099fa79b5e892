"""`syrupc run`: what a user types about datagrams and map entries, and the decisions on them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from syrupc.datagram import Datagram
from syrupc.diagnostics import Diagnostic
from syrupc.errors import UsageError
from syrupc.isa.machine import MachineError, World
from syrupc.lang.plain import from_plain
from syrupc.lang.stores import MapFull
from syrupc.objfile.model import Object
from syrupc.simulate import Decision, Simulation
from syrupc.spec import MapSpec, ObjectSpec, ProgramSpec, StructType

_STORE_HELP: Final = (
    "write `--store 'tokens[7]=3'`",
    "a struct is `{'kind': 1}`, the key of a trie `address, length`, and a queue has no key: `jobs[]=3`",
)
_VERIFY: Final = "`syrupc verify` says what is wrong with it"
_STORE: Final = re.compile(r"\s*(\w+)\s*\[(.*?)\]\s*=(.*)")


@dataclass(frozen=True, slots=True)
class Trial:
    """What was typed. `executors` is `None` for as many as there is room for."""

    packets: tuple[str, ...]
    name: str | None = None
    executors: int | None = None
    stores: tuple[str, ...] = ()
    source_port: int = 40_000
    flow_hash: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision on one datagram of a source file."""

    source: str
    payload: bytes
    decision: Decision

    def __str__(self) -> str:
        faults = "".join(
            f" ({each.kind.value} at {self.source}:{each.line}:{each.column})" for each in self.decision.faults
        )
        outcome = f"{self.payload.hex() or '(empty)'}: {self.decision}{faults}, {self.decision.executed} instructions"
        return "\n".join([outcome, *(f"  {line}" for line in self.decision.trace)])

    def fields(self) -> dict[str, Any]:
        """The same in JSON's terms."""
        return {
            "packet": self.payload.hex(),
            "decision": "executor" if self.decision.executor is not None else str(self.decision),
            "executor": self.decision.executor,
            "faults": [{"kind": f.kind.value, "line": f.line, "column": f.column} for f in self.decision.faults],
            "executed": self.decision.executed,
            "trace": list(self.decision.trace),
        }


def run_trial(obj: Object, trial: Trial) -> Iterator[Decided]:
    """Decide on each datagram in turn. Raises `UsageError` SYR003 for what cannot be meant."""
    spec = obj.spec
    if spec is None:
        raise _unusable("the object does not say how to read its decisions", "only objects of `syrupc` can be run")
    program = _program(spec, trial.name)
    datagrams = [_datagram(_payload(text), trial) for text in trial.packets]
    executors = program.max_executors if trial.executors is None else trial.executors
    try:
        simulation = Simulation(obj, program, executors=executors, world=World.seeded(trial.seed))
    except MachineError as error:
        raise _unusable(f"the program cannot be run: {error}", _VERIFY) from None
    for text in trial.stores:
        _store(simulation, text)
    for datagram in datagrams:
        try:
            decision = simulation.decide(datagram)
        except MachineError as error:
            raise _unusable(f"the program cannot go on: {error}", _VERIFY) from None
        yield Decided(spec.source, datagram.payload, decision)


def _program(spec: ObjectSpec, name: str | None) -> ProgramSpec:
    names = [each.name for each in spec.programs]
    if name is None and len(names) == 1:
        return spec.programs[0]
    if name in names:
        return spec.programs[names.index(name)]
    message = f"{spec.source} has several policies" if name is None else f"{spec.source} has no policy `{name}`"
    choice = ", ".join(f"`--policy {each}`" for each in names)
    raise UsageError(Diagnostic("SYR004", message, help=(f"choose one: {choice}",)))


def _payload(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise _unusable(
            f"`{text}` is no packet", "write the payload in hex, two digits a byte: `--packet 02ff`"
        ) from None


def _datagram(payload: bytes, trial: Trial) -> Datagram:
    try:
        return Datagram(payload, trial.source_port, trial.flow_hash)
    except ValueError as error:
        raise _unusable(f"a packet of {len(payload)} bytes cannot be sent: {error}") from None


def _store(simulation: Simulation, text: str) -> None:
    match = _STORE.fullmatch(text)
    if match is None:
        raise _unusable(f"`{text}` is no entry of a map", *_STORE_HELP)
    name = match[1]
    if name not in simulation.declared:
        known = ", ".join(simulation.declared) or "none"
        raise _unusable(f"the policy declares no map `{name}`", f"it declares: {known}")
    try:
        key, value = _literal(match[2]) if match[2].strip() else None, _literal(match[3])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # all that `literal_eval` raises
        raise _unusable(f"`{text}` is no entry of a map", *_STORE_HELP) from None
    try:
        _put(simulation, simulation.declared[name], key, value)
    except (ValueError, TypeError, MapFull) as error:
        raise _unusable(f"`{text}` cannot be stored: {error}") from None


def _literal(text: str) -> Any:
    """What a text says in Python's terms."""
    return ast.literal_eval(text.strip())


def _put(simulation: Simulation, declared: MapSpec, key: Any, value: Any) -> None:
    simulation.store(declared.name, _key(declared, key), from_plain(declared.value, value))


def _key(declared: MapSpec, key: Any) -> Any:
    """The key that a text names. What an integer cannot be is said where it is stored."""
    if key is None or not isinstance(declared.key, StructType):
        return key
    if isinstance(key, tuple):
        return from_plain(declared.key, key[0]), *key[1:]
    return from_plain(declared.key, key)


def _unusable(message: str, *help_: str) -> UsageError:
    return UsageError(Diagnostic("SYR003", message, help=help_))
