"""Ask the running kernel for its verdict on a subject: its maps are made, its program is loaded and closed again."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Final

from syrup._sys import bpf, maps, uapi
from syrup._sys.fd import Fd
from syrupc.isa.codec import encode
from syrupc.objfile.model import MapDefinition
from syrupc.verifier.subject import Subject

_OWNED: Final = frozenset({3, 14, 16, 25})
"""prog_array, devmap, cpumap, devmap_hash: such a map is of the type of the first program that names it."""
_LOG: Final = 1 << 18
_LAST_WORDS: Final = 3
_TAIL: Final = ("processed ", "max_states", "verification time", "stack depth", "mark_precise", "from ")


class NoMapError(Exception):
    """This kernel does not make such a map."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error, and what the kernel's verifier said; it says nothing where it was not asked."""

    errno: int
    log: str

    @property
    def words(self) -> list[str]:
        """The last lines that give a reason, the last one first."""
        lines = [line for line in self.log.splitlines() if line and not line.startswith(_TAIL)]
        return lines[: -_LAST_WORDS - 1 : -1] or [errno.errorcode.get(self.errno, "?")]


@dataclass(frozen=True, slots=True)
class Host:
    """Maps for many programs that name them by the same numbers."""

    definitions: Sequence[MapDefinition]
    inner: Mapping[int, int]
    made: Sequence[Fd]

    def refusal(self, subject: Subject, flags: int = 0) -> Refusal | None:
        """Why the program is refused, None if it loads. `flags` are those of BPF_PROG_LOAD."""
        with ExitStack() as own:
            insns = list(subject.insns)
            for slot, use in subject.uses.items():
                fd = self.made[use.map]
                if self.definitions[use.map].type in _OWNED:
                    fd = own.enter_context(_make(self.definitions[use.map]))
                insns[slot] = replace(insns[slot], imm=fd.fileno())
            return _refusal(replace(subject, insns=tuple(insns)), flags)


@contextmanager
def host(definitions: Sequence[MapDefinition], inner: Mapping[int, int] | None = None) -> Iterator[Host]:
    """Make the maps. Raises `NoMapError` for one that this kernel does not make."""
    inner = inner or {}
    with ExitStack() as stack:
        made: dict[int, Fd] = {}
        # What stands for the contents of a map of maps is made before it, and is numbered behind it.
        for number in reversed(range(len(definitions))):
            of = made[inner[number]] if number in inner else None
            made[number] = stack.enter_context(_make(definitions[number], of))
        yield Host(definitions, inner, [made[number] for number in range(len(definitions))])


def _make(definition: MapDefinition, inner: Fd | None = None) -> Fd:
    attr = bpf.MapCreate(
        map_type=definition.type,
        key_size=definition.key_size,
        value_size=definition.value_size,
        max_entries=definition.max_entries,
        map_flags=definition.flags,
        inner_map_fd=inner.fileno() if inner else 0,
    )
    try:
        made = Fd(bpf.call(uapi.BPF_MAP_CREATE, attr))
    except OSError as error:
        raise NoMapError(f"map `{definition.name}`: {error}") from error
    if definition.initial is not None:
        maps.update(made.fileno(), bytes(definition.key_size), definition.initial)
        maps.freeze(made.fileno())
    return made


def _refusal(subject: Subject, flags: int) -> Refusal | None:
    code, license_text = bpf.buffer(encode(subject.insns)), bpf.buffer(b"GPL\0" if subject.gpl else b"none\0")
    attr = bpf.ProgLoad(
        prog_type=subject.type.number,
        insn_cnt=len(subject.insns),
        insns=bpf.address(code),
        license=bpf.address(license_text),
        prog_flags=flags,
        expected_attach_type=subject.conditions.attach_type,
    )
    log = bpf.room(_LOG)
    for level in (0, 1):  # once more for the words only: to write them takes most of the time
        attr.log_level, attr.log_size, attr.log_buf = (level, _LOG, bpf.address(log)) if level else (0, 0, 0)
        try:
            Fd(bpf.call(uapi.BPF_PROG_LOAD, attr)).close()
        except OSError as error:
            if error.errno == errno.ENOMEM:
                raise
            number = error.errno or 0
        else:
            return None
    return Refusal(number, log.value.decode(errors="replace"))
