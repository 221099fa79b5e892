"""From a verified object to maps and programs in the kernel, owned by one value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Self

from syrup import allocate, privileges, rejection
from syrup._sys import programs, uapi
from syrup._sys.fd import Fd
from syrup.allocate import Given
from syrup.maps import Maps
from syrupc.diagnostics import Diagnostic
from syrupc.errors import InternalError, LoadError, SyrupError
from syrupc.isa.codec import encode
from syrupc.isa.insn import Insn
from syrupc.objfile.btf import parse_btf
from syrupc.objfile.model import Object, Program, Relocation, RelocationKind
from syrupc.objfile.progload import func_info_bytes, line_info_bytes
from syrupc.spec import ProgramSpec
from syrupc.verifier.verdict import VerifiedObject


class Loaded:
    """Programs and maps in the kernel, attached nowhere. Closing unloads the programs.

    `maps` are the policy's own, live; `descriptors` has every map of the object by name. A map stays open while
    anything refers to it, so that a live map may be kept, and handed to the next version of its policy.
    """

    def __init__(self, verified: VerifiedObject, descriptors: dict[str, Fd], maps: Maps, loaded: dict[str, Fd]) -> None:
        self.verified = verified
        self.maps = maps
        self.descriptors: Mapping[str, Fd] = MappingProxyType(descriptors)
        self.programs: Mapping[str, Fd] = MappingProxyType(loaded)

    def spec(self, name: str) -> ProgramSpec:
        """How to read the outcome of a program. `KeyError` for one that is not in the object."""
        declared = self.verified.object.spec
        return {p.name: p for p in (declared.programs if declared else ())}[name]

    @property
    def closed(self) -> bool:
        return all(fd.closed for fd in self.programs.values())

    def close(self) -> None:
        for program in self.programs.values():
            program.close()
        self.maps = Maps()
        self.descriptors = MappingProxyType({})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def load(verified: VerifiedObject, *, maps: Given | None = None, only: Collection[str] | None = None) -> Loaded:
    """Create the object's maps and load its programs.

    A map named in `maps` is used instead of a new one, and keeps its contents; it must be of the declared shape.
    `only` names the programs to load; all of them otherwise. Raises `LoadError` where the system refuses and
    `InternalError` where the kernel rejects what was verified; then nothing stays loaded.
    """
    if not isinstance(verified, VerifiedObject):
        raise TypeError(f"a VerifiedObject is loaded, from a verdict's `require()`, not a {type(verified).__name__}")
    privileges.require_bpf()
    try:
        return _load(verified, maps or {}, only)
    except PermissionError as error:
        raise LoadError(privileges.not_permitted()) from error
    except SyrupError as error:
        raise rejection.explain_age(verified.verdict.profile, error) from None


def create_maps(verified: VerifiedObject) -> Maps:
    """The policy's declared maps alone, before anything is loaded; for `load` to be given."""
    privileges.require_bpf()
    source = verified.object
    names = {m.name for m in allocate.declared(source)}
    try:
        with _btf(source) or nullcontext() as btf:
            made = {d.name: allocate.create(source, d, btf) for d in source.maps if d.name in names}
    except PermissionError as error:
        raise LoadError(privileges.not_permitted()) from error
    except SyrupError as error:
        raise rejection.explain_age(verified.verdict.profile, error) from None
    return allocate.live(source, made, {})


def _load(verified: VerifiedObject, given: Given, only: Collection[str] | None) -> Loaded:
    source = verified.object
    made: dict[str, Fd] = {}
    with ExitStack() as undo, _btf(source) or nullcontext() as btf:
        for d in source.maps:
            made[d.name] = allocate.given_map(d, given) or undo.enter_context(allocate.create(source, d, btf))
        wanted = [p for p in source.programs if only is None or p.name in only]
        loaded = {p.name: undo.enter_context(_load_program(verified, p, made, btf)) for p in wanted}
        undo.pop_all()
    return Loaded(verified, made, allocate.live(source, made, given), loaded)


def _btf(source: Object) -> Fd | None:
    if not source.btf:
        return None
    try:
        return programs.load_btf(source.btf)
    except programs.Rejected as refused:
        raise InternalError(
            Diagnostic(
                "SYR902",
                "the kernel does not accept the object's type information",
                details=tuple(refused.log.splitlines()[-20:]),
            )
        ) from None


def _load_program(verified: VerifiedObject, program: Program, made: Mapping[str, Fd], btf: Fd | None) -> Fd:
    source = verified.object
    types = parse_btf(source.btf) if btf is not None else None
    code = programs.ProgramCode(
        type=_program_type(program),
        name=program.name,
        code=encode(_relocated(program, made)),
        license=source.license,
        functions=func_info_bytes(program) if types else b"",
        lines=line_info_bytes(program, types) if types else b"",
    )
    try:
        return programs.load(code, btf)
    except programs.Rejected as refused:
        raise rejection.explain(program, refused, verified.waiver) from None


def _program_type(program: Program) -> int:
    kind = program.section.replace(".", "/").partition("/")[0]
    if kind not in uapi.PROGRAM_TYPES:
        known = ", ".join(f"`{name}`" for name in uapi.PROGRAM_TYPES)
        raise LoadError(
            Diagnostic(
                "SYR605", f"programs of section `{program.section}` cannot be loaded", notes=(f"known: {known}",)
            )
        )
    return uapi.PROGRAM_TYPES[kind]


def _relocated(program: Program, made: Mapping[str, Fd]) -> Iterable[Insn]:
    code = list(program.insns)
    for relocation in program.relocations:
        slot = relocation.slot
        code[slot], code[slot + 1] = _resolved(code[slot], code[slot + 1], relocation, made)
    return code


def _resolved(first: Insn, second: Insn, relocation: Relocation, made: Mapping[str, Fd]) -> tuple[Insn, Insn]:
    match relocation.kind:
        case RelocationKind.MAP:
            fd = made[relocation.target].fileno()
            return replace(first, src=uapi.BPF_PSEUDO_MAP_FD, imm=fd), replace(second, imm=0)
        case RelocationKind.MAP_VALUE:
            fd = made[relocation.target].fileno()
            return replace(first, src=uapi.BPF_PSEUDO_MAP_VALUE, imm=fd), replace(second, imm=relocation.addend)
        case RelocationKind.KFUNC:
            raise LoadError(
                Diagnostic(
                    "SYR605", f"the program calls the kernel function `{relocation.target}`, which cannot be loaded"
                )
            )
