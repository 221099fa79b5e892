"""The maps of an object in the kernel: made anew, or given and checked."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import replace

from syrup import maps as live_maps
from syrup._sys import maps as kernel_maps
from syrup._sys import objects, uapi
from syrup._sys.fd import Fd
from syrup.maps import Maps
from syrupc.diagnostics import Diagnostic
from syrupc.errors import LoadError
from syrupc.lang.maps import Map
from syrupc.objfile.model import MapDefinition, Object
from syrupc.spec import MapKind, MapSpec, ObjectSpec

_REQUIRED_FLAGS = {uapi.BPF_MAP_TYPE_LPM_TRIE: uapi.BPF_F_NO_PREALLOC}

Given = Mapping[str, Map | Fd]
"""Maps by name that are used instead of new ones."""


def create(source: Object, definition: MapDefinition, btf: Fd | None) -> Fd:
    """A new map. Raises `LoadError`, or `PermissionError` for the caller to explain."""
    shared = any(m.name == definition.name and m.kind is MapKind.ARRAY for m in declared(source))
    flags = _REQUIRED_FLAGS.get(definition.type, 0) | (uapi.BPF_F_MMAPABLE if shared else 0)
    try:
        made = kernel_maps.create(
            _shape(definition),
            flags=definition.flags | flags,
            name=definition.name,
            btf=btf,
            key_type=definition.key_type_id,
            value_type=definition.value_type_id,
        )
    except PermissionError:
        raise
    except OSError as error:
        raise LoadError(_refused(definition, error)) from error
    if definition.initial is not None:
        _fill(definition, made)
    return made


def given_map(definition: MapDefinition, given: Given) -> Fd | None:
    """The map that was given for a definition. Raises `LoadError` where it is of another shape."""
    if definition.name not in given:
        return None
    found = given[definition.name]
    fd = found if isinstance(found, Fd) else live_maps.descriptor(found)
    shape = objects.map_info(fd.fileno()).shape
    if shape == _shape(definition):
        return fd
    raise LoadError(
        Diagnostic(
            "SYR603",
            f"the map given for `{definition.name}` does not fit its declaration",
            notes=(f"declared: {_text(_shape(definition))}", f"given: {_text(shape)}"),
        )
    )


def live(source: Object, made: Mapping[str, Fd], given: Given) -> Maps:
    """The declared maps; a live map that was given stays the same value."""
    shapes = {d.name: _shape(d) for d in source.maps}
    return Maps(_live(m, made[m.name], shapes[m.name], given.get(m.name)) for m in declared(source))


def declared(source: Object) -> tuple[MapSpec, ...]:
    """The maps that the policy file declares, without those that the compiler adds."""
    return source.spec.maps if source.spec else ()


def unchanged(old: ObjectSpec, new: ObjectSpec) -> frozenset[str]:
    """The declared maps that both versions declare alike: those keep their contents over a replacement."""
    before = {replace(m, span=None) for m in old.maps}
    return frozenset(m.name for m in new.maps if replace(m, span=None) in before)


def _live(spec: MapSpec, fd: Fd, shape: kernel_maps.Shape, given: Map | Fd | None) -> Map:
    return live_maps.live(spec, fd, shape) if given is None or isinstance(given, Fd) else given


def _fill(definition: MapDefinition, made: Fd) -> None:
    """A data section: its content is its only value, and what the program may not write is frozen."""
    kernel_maps.update(made.fileno(), bytes(definition.key_size), definition.initial or b"")
    if definition.flags & uapi.BPF_F_RDONLY_PROG:
        kernel_maps.freeze(made.fileno())


def _shape(definition: MapDefinition) -> kernel_maps.Shape:
    return kernel_maps.Shape(definition.type, definition.key_size, definition.value_size, definition.max_entries)


def _text(shape: kernel_maps.Shape) -> str:
    entries = "1 entry" if shape.max_entries == 1 else f"{shape.max_entries} entries"
    return f"type {shape.type}, {entries} of {shape.key_size} to {shape.value_size} bytes"


def _refused(definition: MapDefinition, error: OSError) -> Diagnostic:
    note = f"{_text(_shape(definition))}: {error.strerror}"
    help_ = ("declare fewer entries",) if error.errno in (errno.ENOMEM, errno.E2BIG) else ()
    return Diagnostic("SYR606", f"the kernel does not create the map `{definition.name}`", notes=(note,), help=help_)
