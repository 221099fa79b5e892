"""One machine's kernel as a value and as a file: what it was found to offer, with what cannot be asked by its release.

What a verifier can conclude is not a thing to ask for; that comes from the tables, for the release that the kernel says
it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from syrupc.errors import UsageError
from syrupc.jsonfiles import malformed, parsed, position
from syrupc.kernel.helpers import HELPERS
from syrupc.kernel.map_types import BY_NAME as MAP_TYPE
from syrupc.kernel.map_types import MAP_TYPES
from syrupc.kernel.profiles import DEFAULT_PROFILE, LOOPS, KernelProfile
from syrupc.kernel.program_types import BY_NAME as PROGRAM_TYPE
from syrupc.kernel.reasoning import reasoning
from syrupc.kernel.release import brought, release

_VERSION: Final = 1
_RELEASE: Final = re.compile(r"(\d{1,3})\.(\d{1,3})(?!\d)")
_NUMBER_OF: Final = {helper.name: number for number, helper in HELPERS.items()}
_MAP_NUMBER_OF: Final = {name: row.number for name, row in MAP_TYPE.items()}


@dataclass(frozen=True, slots=True)
class Host:
    """A machine's kernel. `kernel` is what it calls itself (`uname -r`), `machine` the architecture.

    `helpers` has for each program type the numbers that such programs may call; `map_types` are numbers as well.
    `jit`: programs are compiled to machine code. `btf`: the kernel has type information about itself. `unprivileged`:
    processes without capabilities may load programs. `sched_ext`: threads can be scheduled by programs.
    """

    kernel: str
    machine: str
    isa: int
    helpers: Mapping[str, frozenset[int]]
    map_types: frozenset[int]
    loops: frozenset[str]
    acquire_release: bool
    jit: bool
    btf: bool
    unprivileged: bool
    sched_ext: bool

    @property
    def release(self) -> tuple[int, int]:
        return release_of(self.kernel)

    @property
    def profile(self) -> KernelProfile:
        """What programs for this machine may use."""
        follows = reasoning(self.release)
        return KernelProfile(
            name=self.kernel,
            release=self.release,
            isa=self.isa,
            helpers=frozenset(number for number, row in HELPERS.items() if brought(row.since, self.release)).union(
                *self.helpers.values()
            ),
            map_types=self.map_types,
            program_types=frozenset(self.helpers),
            offered=self.helpers,
            loops=self.loops,
            acquire_release=self.acquire_release,
            reasoning=follows if self.jit else replace(follows, rounds_frames_to_16=False),
        )


def release_of(kernel: str) -> tuple[int, int]:
    """ "6.1.0-18-amd64" -> (6, 1). Raises `ValueError` for what does not begin with two numbers."""
    found = _RELEASE.match(kernel)
    if found is None:
        raise ValueError(f"{kernel!r} is no release of Linux")
    return int(found[1]), int(found[2])


def is_supported(kernel: str) -> bool:
    """Whether a kernel that calls itself so is one that the tables are about."""
    return _RELEASE.match(kernel) is not None and release_of(kernel) >= release(DEFAULT_PROFILE)


def differences(host: Host, other: KernelProfile) -> tuple[str, ...]:
    """What a machine has and another profile has not, or the reverse, each in a few words."""
    mine = host.profile
    found = [
        *_differences("program type", mine.program_types, other.program_types),
        *_differences("map type", _map_names(mine.map_types), _map_names(other.map_types)),
        *_differences("loops by", mine.loops, other.loops),
    ]
    for kind in sorted(mine.program_types & other.program_types):
        theirs = other.offered[kind]
        found += _differences(f"helper of {kind}", _helper_names(mine.offered[kind]), _helper_names(theirs))
    found += [f"instruction set v{mine.isa}, not v{other.isa}"] if mine.isa != other.isa else []
    if mine.acquire_release != other.acquire_release:
        found.append(f"{'has' if mine.acquire_release else 'lacks'} loads and stores with an order")
    return tuple(found)


def _differences(what: str, mine: Iterable[str], theirs: Iterable[str]) -> list[str]:
    mine, theirs = set(mine), set(theirs)
    return [
        *(f"lacks {what} {name}" for name in sorted(theirs - mine)),
        *(f"has {what} {name}" for name in sorted(mine - theirs)),
    ]


# -- the file --------------------------------------------------------------------------------------------------------

_T = TypeVar("_T")
_CODE: Final = "SYR008"
_KIND: Final = "kernel profile"
_WORDS: Final = {str: "text", int: "number", bool: "true or false", list: "list", dict: "object"}
_ISA_VERSIONS: Final = (3, 4)
_LONGEST_NAME: Final = 65
_FLAGS: Final = ("acquire_release", "jit", "btf", "unprivileged", "sched_ext")
_FIELDS: Final = frozenset({"version", "kernel", "machine", "isa", "loops", "map_types", "helpers", *_FLAGS})


def fields(host: Host) -> dict[str, Any]:
    """A machine's kernel in JSON's terms: everything by name."""
    return {
        "version": _VERSION,
        "kernel": host.kernel,
        "machine": host.machine,
        "isa": host.isa,
        **{flag: getattr(host, flag) for flag in _FLAGS},
        "loops": sorted(host.loops),
        "map_types": _map_names(host.map_types),
        "helpers": {kind: _helper_names(numbers) for kind, numbers in sorted(host.helpers.items())},
    }


def text(host: Host) -> str:
    """The profile file of a machine."""
    return json.dumps(fields(host), indent=1) + "\n"


def parse(path: str, content: str) -> Host:
    """A machine's kernel from the text of a profile file. Raises `UsageError` SYR008 with its place."""
    reader = _Reader(path, content)
    kernel = reader.kernel()
    helpers = reader.get("helpers", dict)
    for kind, names in helpers.items():
        if kind not in PROGRAM_TYPE:
            raise reader.wrong(kind, f"there are no `{kind}` programs")
        if type(names) is not list:
            raise reader.wrong(kind, f"`{kind}` is no list")
    return Host(
        kernel=kernel,
        machine=reader.get("machine", str),
        isa=reader.isa(),
        helpers={kind: reader.known(kind, names, _NUMBER_OF, "helper") for kind, names in helpers.items()},
        map_types=reader.known("map_types", reader.get("map_types", list), _MAP_NUMBER_OF, "type of map"),
        loops=reader.known("loops", reader.get("loops", list), {name: name for name in LOOPS}, "way to loop"),
        **{flag: reader.get(flag, bool) for flag in _FLAGS},
    )


class _Reader:
    """The values of a profile file, each checked; what is wrong is found again in the text by its name."""

    def __init__(self, path: str, content: str) -> None:
        self._path, self._content = path, content
        value = parsed(path, content, _CODE, _KIND)
        if not isinstance(value, dict):
            raise malformed(
                _CODE, _KIND, path, (1, 1), "it is no object, as `syrup features --profile FILE` writes one"
            )
        self._value: dict[str, Any] = value
        if value.get("version") != _VERSION:
            why = f"the version is {json.dumps(value.get('version'))[:20]}, and {_VERSION} is what is read here"
            raise self.wrong("version", why)
        for name in value:
            if name not in _FIELDS:
                raise self.wrong(name, f"a profile has no `{name}`")

    def wrong(self, name: str, why: str) -> UsageError:
        at = max(self._content.find(json.dumps(name)), 0)
        return malformed(_CODE, _KIND, self._path, position(self._content, at), why)

    def get(self, name: str, kind: type[_T]) -> _T:
        if name not in self._value:
            raise self.wrong("version", f"it lacks `{name}`")
        value = self._value[name]
        if type(value) is not kind:
            raise self.wrong(name, f"`{name}` is no {_WORDS[kind]}")
        return value

    def kernel(self) -> str:
        name = self.get("kernel", str)
        if not is_supported(name) or not name.isprintable() or len(name) > _LONGEST_NAME:
            raise self.wrong(
                "kernel", f"`kernel` is no release of Linux {DEFAULT_PROFILE} or newer, as `uname -r` prints"
            )
        return name

    def isa(self) -> int:
        version = self.get("isa", int)
        if version not in _ISA_VERSIONS:
            raise self.wrong("isa", f"`isa` is {version}, not {' or '.join(map(str, _ISA_VERSIONS))}")
        return version

    def known(self, key: str, names: list[Any], table: Mapping[str, _T], what: str) -> frozenset[_T]:
        for name in names:
            if type(name) is not str or name not in table:
                raise self.wrong(name if type(name) is str else key, f"there is no {what} {json.dumps(name)[:60]}")
        return frozenset(table[name] for name in names)


def _map_names(numbers: Iterable[int]) -> list[str]:
    return [MAP_TYPES[number].name for number in sorted(numbers)]


def _helper_names(numbers: Iterable[int]) -> list[str]:
    return [HELPERS[number].name for number in sorted(numbers)]
