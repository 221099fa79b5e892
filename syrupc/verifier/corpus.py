"""Measure the pre-verifier on a corpus of programs whose verdict by a kernel is known.

`python -m syrupc.verifier.corpus FILE.json.xz` prints one JSON line for each case and a table by category on standard
error. A case has `insns` (hex), `maps`, `relocs` (the wide load at slot `insn` names `maps[map]`), the way it is
loaded, and `kernel.verdict`.
"""

from __future__ import annotations

import json
import lzma
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from syrupc.isa.codec import decode
from syrupc.kernel.contexts import CONTEXTS
from syrupc.kernel.helpers import helpers_of
from syrupc.kernel.profiles import KernelProfile, profile
from syrupc.kernel.program_types import PROGRAM_TYPES
from syrupc.objfile.model import MapDefinition
from syrupc.verifier.gate import judge
from syrupc.verifier.subject import GPL_COMPATIBLE, Conditions, MapUse, Subject
from syrupc.verifier.verdict import Outcome, ProgramVerdict

KERNEL: Final = "6.18"
"""The kernel whose verdicts the corpus holds."""

_STRICT_ALIGNMENT: Final = 1 << 0
_ANY_ALIGNMENT: Final = 1 << 1
_TEST_RANDOM_HIGH_HALF: Final = 1 << 2
_TEST_STATE_FREQ: Final = 1 << 3
_MODELLED_FLAGS: Final = _STRICT_ALIGNMENT | _ANY_ALIGNMENT | _TEST_RANDOM_HIGH_HALF | _TEST_STATE_FREQ


REASONS: Final = {
    "SYR501": {"bad_insn"},
    "SYR502": {"unreachable_or_cfg"},
    "SYR503": {"packet_bounds"},
    "SYR504": {"uninit_register"},
    "SYR505": {"null_check", "scalar_deref"},
    "SYR506": {"map_value_bounds"},
    "SYR507": {"stack_bounds"},
    "SYR508": {"ctx_access", "pointer_arith"},
    "SYR509": {"scalar_deref", "bad_insn", "ctx_access"},
    "SYR510": {"pointer_arith"},
    "SYR511": {"helper_arg"},
    "SYR512": {"helper_arg", "map_value_bounds", "stack_bounds", "pointer_arith"},
    "SYR513": {"ret_value"},
    "SYR514": {"loop_unbounded"},
    "SYR516": {"loop_unbounded"},
    "SYR517": {"call_depth_recursion"},
    "SYR518": {"map_misuse", "helper_arg"},
    "SYR520": {"unreachable_or_cfg"},
    "SYR521": {"bad_insn"},
    "SYR522": {"map_value_bounds"},
    "SYR523": {"ref_leak"},
    "SYR524": {"misaligned", "stack_bounds"},
}
"""The classes of a corpus into which the kernel's messages fall where ours have this code.

The kernel judges what a helper is given by the region that it lies in, and what is wrong with an address by what it
was made from; one code may then stand for more than one class.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One case: what we said, what the kernel said, and how long we took.

    `reason` is the class of the kernel's message, `at` the instruction that it stopped at; None where it names none.
    """

    id: str
    category: str
    kernel: str
    verdict: str
    code: str | None
    slot: int | None
    processed: int
    milliseconds: float
    reason: str | None = None
    at: int | None = None

    @property
    def line(self) -> str:
        return json.dumps(
            {
                "id": self.id,
                "verdict": self.verdict,
                "code": self.code,
                "insn": self.slot,
                "processed": self.processed,
                "ms": round(self.milliseconds, 3),
            }
        )


def main(arguments: Sequence[str]) -> int:
    """Measure every case of the file; 0 unless a program was accepted that the kernel rejects."""
    if len(arguments) != 1:
        print("usage: python -m syrupc.verifier.corpus FILE.json.xz", file=sys.stderr)
        return 2
    kernel = profile(KERNEL)
    measured = []
    for case in read_corpus(Path(arguments[0])):
        found = measure(case, kernel)
        print(found.line, flush=True)
        measured.append(found)
    print(table(measured), file=sys.stderr)
    return int(any(m.verdict == "accept" and m.kernel == "REJECT" for m in measured))


def read_corpus(path: Path) -> list[dict[str, Any]]:
    with lzma.open(path) as file:
        cases: list[dict[str, Any]] = json.load(file)
    return cases


def measure(case: dict[str, Any], kernel: KernelProfile) -> Measured:
    """Judge one case."""
    start = time.perf_counter()
    subject = subject_of_case(case, kernel)
    verdict = judge(subject) if subject else None
    milliseconds = (time.perf_counter() - start) * 1e3
    first = verdict.diagnostics[0] if verdict and verdict.diagnostics else None
    return Measured(
        id=case["id"],
        category=case["category"],
        kernel=case["kernel"]["verdict"],
        verdict=_word(verdict),
        code=first.code if first else None,
        slot=verdict.slot if verdict and verdict.slot >= 0 else None,
        processed=verdict.processed if verdict else 0,
        milliseconds=milliseconds,
        reason=case["kernel"].get("reason"),
        at=case["kernel"].get("fail_insn"),
    )


def _word(verdict: ProgramVerdict | None) -> str:
    if verdict is None or verdict.outcome is Outcome.UNSUPPORTED:
        return "unsupported"
    return "accept" if verdict.outcome is Outcome.ACCEPTED else "reject"


def subject_of_case(case: dict[str, Any], kernel: KernelProfile) -> Subject | None:
    """The subject of a case; None if its program type, or the way it is loaded, is not modelled."""
    kind = PROGRAM_TYPES.get(case["prog_type"])
    if kind is None or case["prog_flags"] & ~_MODELLED_FLAGS:
        return None
    maps, inner = _maps(case["maps"])
    insns = decode(bytes.fromhex(case["insns"]))
    flags = case["prog_flags"]
    return Subject(
        name=case["name"],
        insns=insns,
        type=kind,
        context=CONTEXTS.get(kind.name),
        helpers=helpers_of(kind.name, kernel.release),
        maps=maps,
        uses={
            r["insn"]: _use(r, insns[r["insn"] + 1].imm) for r in case["relocs"] if 0 <= r["map"] < len(case["maps"])
        },
        gpl=case["license"] in GPL_COMPATIBLE,
        kernel=kernel,
        inner=inner,
        conditions=Conditions(
            attach_type=case["expected_attach_type"],
            strict_alignment=bool(flags & _STRICT_ALIGNMENT),
            often=bool(flags & _TEST_STATE_FREQ),
        ),
    )


def _use(relocation: dict[str, Any], offset: int) -> MapUse:
    return MapUse(relocation["map"], offset if relocation["kind"] == "map_value" else None)


def _maps(entries: list[dict[str, Any]]) -> tuple[tuple[MapDefinition, ...], dict[int, int]]:
    """The maps, and behind them those that stand for the contents of maps of maps."""
    maps = [_map(f"map{number}", entry) for number, entry in enumerate(entries)]
    inner = {}
    for number, entry in enumerate(entries):
        if entry.get("inner"):
            inner[number] = len(maps)
            maps.append(_map(f"inner{number}", entry["inner"]))
    return tuple(maps), inner


def _map(name: str, entry: dict[str, Any]) -> MapDefinition:
    initial = entry.get("init_hex")
    return MapDefinition(
        name=name,
        type=entry["type"],
        key_size=entry["key_size"],
        value_size=entry["value_size"],
        max_entries=entry["max_entries"],
        flags=entry["map_flags"],
        initial=bytes.fromhex(initial) if initial and entry.get("frozen") else None,
    )


# -- the table ---------------------------------------------------------------------------------------------------------


def table(measured: Iterable[Measured]) -> str:
    """Counts by category: right verdicts, both ways of being wrong, and what is not modelled; then how far the reasons
    agree."""
    found = list(measured)
    rows: dict[str, Counter[str]] = {}
    for m in found:
        for category in (m.category, "all"):
            rows.setdefault(category, Counter())[_kind(m)] += 1
    head = f"{'category':10}" + "".join(f"{name:>14}" for name in _COLUMNS)
    lines = [head]
    for category, counts in sorted(rows.items(), key=lambda item: (item[0] == "all", item[0])):
        lines.append(f"{category:10}" + "".join(f"{counts[name]:14}" for name in _COLUMNS))
    return "\n".join([*lines, *_agreement(found)])


def _agreement(measured: Sequence[Measured]) -> list[str]:
    """How far both agree on what is wrong, among the programs that both reject."""
    both = [m for m in measured if m.verdict == "reject" and m.kernel == "REJECT"]
    classed = [m for m in both if m.reason not in (None, "other")]
    placed = [m for m in both if m.at is not None]
    return [
        _share("class of reason right", [m.reason in REASONS.get(m.code or "", ()) for m in classed]),
        _share("failing instruction equal", [m.slot == m.at for m in placed]),
    ]


def _share(what: str, right: Sequence[bool]) -> str:
    return f"{what}: {sum(right)} of {len(right)}" + (f" ({sum(right) / len(right):.1%})" if right else "")


_COLUMNS: Final = ("accept", "reject", "false accept", "false reject", "unsupp. accept", "unsupp. reject")


def _kind(m: Measured) -> str:
    kernel = m.kernel.lower()
    if m.verdict == "unsupported":
        return f"unsupp. {kernel}"
    return m.verdict if m.verdict == kernel else f"false {m.verdict}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
