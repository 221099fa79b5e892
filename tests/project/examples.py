"""Examples in documents: taking them out of Markdown, and running them, each kind in its way."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrupc.diagnostics import Diagnostic
from syrupc.driver import compile_source
from syrupc.errors import SyrupError
from syrupc.frontend.source import PolicySource
from syrupc.isa.assembly import parse_program
from syrupc.kernel.map_types import BY_NAME
from syrupc.kernel.profiles import DEFAULT_PROFILE, profile
from syrupc.objfile.model import FunctionInfo, MapDefinition, Object, Program, Relocation, RelocationKind
from syrupc.objfile.reader import read_object
from syrupc.options import Options
from syrupc.spec import ObjectSpec, ProgramSpec
from syrupc.verifier import verify

ROOT: Final = Path(__file__).resolve().parents[2]

POLICY: Final = """\
import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.flow_hash % 6
"""
"""What `policy.py` holds where a command of a document names it."""

_FENCE: Final = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTION: Final = re.compile(r"^## ([^\n]*)$", re.MULTILINE)
_MAP: Final = re.compile(r"^; map (\w+): (\w+), key (\d+), value (\d+), entries (\d+)$", re.MULTILINE)
_SAYS: Final = re.compile(r"^; says: executors (\w+)(, never drops)?$", re.MULTILINE)
_MAP_USE: Final = re.compile(r"\bmap\(([a-z]\w*)\)")


@dataclass(frozen=True)
class Example:
    """A fenced block: the section it stands in, the words after the fence, its text, and its line in the document."""

    section: str
    kind: tuple[str, ...]
    text: str
    line: int


def examples(document: str) -> list[Example]:
    """All fenced blocks of a Markdown document."""
    found = []
    for fence in _FENCE.finditer(document):
        sections = _SECTION.findall(document, 0, fence.start())
        line = document.count("\n", 0, fence.start()) + 1
        found.append(Example(sections[-1] if sections else "", tuple(fence[1].split()), fence[2], line))
    return found


def policy_findings(text: str) -> tuple[Diagnostic, ...]:
    """What the compiler says of a policy."""
    try:
        compile_source(PolicySource("example.py", text), Options())
    except SyrupError as error:
        return error.diagnostics
    return ()


def program_findings(text: str, section: str, kernel: str = DEFAULT_PROFILE) -> tuple[Diagnostic, ...]:
    """What the pre-verifier says of a program in assembly.

    `; map NAME: TYPE, key BYTES, value BYTES, entries N` declares a map, and `map(NAME)` names it; `; says: executors
    NAME, never drops` is what the object says of the program.
    """
    maps = tuple(
        MapDefinition(name, BY_NAME[kind].number, int(key), int(value), int(entries))
        for name, kind, key, value, entries in _MAP.findall(text)
    )
    insns = parse_program(_MAP_USE.sub("map(0)", text))
    program = Program("example", section, insns, _relocations(text), (FunctionInfo(0, "example", 0),), ())
    verdict = verify(Object(b"", (program,), maps, "GPL", b"", _said(text, maps)), profile(kernel))
    return verdict.diagnostics


def _said(text: str, maps: Sequence[MapDefinition]) -> ObjectSpec | None:
    found = _SAYS.search(text)
    if found is None:
        return None
    (room,) = (each.max_entries for each in maps if each.name == found[1])
    program = ProgramSpec("example", "socket", found[1], "", room, not found[2], ())
    return ObjectSpec("example.py", "0" * 64, (program,), ())


def _relocations(text: str) -> tuple[Relocation, ...]:
    found: list[Relocation] = []
    slot = 0
    for line in (re.sub(r";.*", "", line).strip() for line in text.splitlines()):
        if not line or line.endswith(":"):
            continue
        found += [Relocation(slot, RelocationKind.MAP, name) for name in _MAP_USE.findall(line)]
        slot += 2 if line.endswith(" ll") else 1
    return tuple(found)


def module_findings(text: str) -> tuple[Diagnostic, ...]:
    """What reading and verifying says of the object that LLVM makes of a module in its assembly language."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple("bpfel").create_target_machine(cpu="v3", opt=2)
    module = llvm.parse_assembly(f'target triple = "bpfel"\n{text}')
    try:
        return verify(read_object(machine.emit_object(module)), profile(DEFAULT_PROFILE)).diagnostics
    except SyrupError as error:
        return error.diagnostics


def run_commands(text: str, folder: Path, *, alone: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the lines of a console example that begin with `$`, in a folder with `policy.py` and the examples.

    `alone` runs them in network and mount namespaces of their own, where the command `service` starts a service and a
    bpf file system is mounted; both are gone afterwards.
    """
    lines = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    assert lines, "the example has no command"
    shell = ["sh", "-euc", "\n".join([*_ALONE, *lines] if alone else lines)]
    return _run(["unshare", "--net", "--mount", *shell] if alone else shell, folder)


def run_script(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python example, in namespaces of its own and in the same folder."""
    (folder / "example.py").write_text(text)
    return run_commands("$ python example.py", folder, alone=True)


def run_session(document: Sequence[Example], folder: Path, *, alone: bool) -> Iterator[tuple[Example, str]]:
    """Run a document from top to bottom as one session in one folder, and yield what each block printed.

    `file=NAME` is saved under that name, `python root` is run, and so are the lines of `console` that begin with
    `$`, but not `make`. Those with `&` at the end stay until the session ends, and `syrup attach` until its block ends.
    A command that fails ends it, unless its block says `fails`. `alone` is as for `run_commands`; a document that then
    starts no service finds one of six workers.
    """
    own_service = any("&" in each.text for each in document if each.kind[:1] == ("console",))
    lines = [*_ALONE, *_STAYING, *([] if own_service else ["service --port 9000 --workers 6"])] if alone else []
    ran = []
    for number, each in enumerate(document):
        commands = _commands(each, f"step{number}.py", folder)
        if commands:
            ran.append(each)
            lines += [*commands, *(["end_attaches"] if alone else []), f"echo '{_MARK}'"]
    shell = ["sh", "-uc", "\n".join(["set -e", *lines])]
    done = _run(["unshare", "--net", "--mount", *shell] if alone else shell, folder)
    outputs = done.stdout.split(f"{_MARK}\n")
    assert done.returncode == 0, f"after line {ran[len(outputs) - 1].line}: {done.stdout}{done.stderr}"
    yield from zip(ran, outputs, strict=False)


def _commands(example: Example, name: str, folder: Path) -> list[str]:
    """One block of a session as lines of shell."""
    match example.kind:
        case (_, word) if word.startswith("file="):
            (folder / word.removeprefix("file=")).write_text(example.text)
        case ("python", "root"):
            (folder / name).write_text(example.text)
            return [f"python {name}"]
        case ("console", *words):
            typed = [line[2:] for line in example.text.splitlines() if line.startswith("$ ")]
            typed = [line for line in typed if not line.startswith("make ")]
            typed = [f"stay {line[:-1]}" if line.endswith("&") else line for line in typed]
            return [f"! ({line}) 2>&1" if "fails" in words else line for line in typed]
    return []


_MARK: Final = "-- end of block --"
_SERVICE: Final = Path(__file__).with_name("service.py")
_ALONE: Final = (
    "trap 'touch service.pid attach.pid; kill $(cat service.pid attach.pid) 2>/dev/null || true' EXIT",
    f'service() {{ python {_SERVICE} "$@"; }}',
    "ip link set lo up",
    "mount -t bpf bpf /sys/fs/bpf",
)
_STAYING: Final = (
    # Starts a command that stays, and waits for its first words, or for the last that `syrup attach` says.
    """started() { tail -n +1 -f --pid=$! "$1" | grep -q -m1 "$2" || { cat "$1"; exit 1; }; }""",
    """stay() { said=$(mktemp said.XXXXXX); "$@" >"$said" 2>&1 & echo $! >>service.pid; started "$said" .; }""",
    """syrup() { case " $* " in
    *" --pin "*) command syrup "$@";;
    " attach "*) said=$(mktemp said.XXXXXX); command syrup "$@" >"$said" 2>&1 & echo $! >>attach.pid
        started "$said" Ctrl-C; cat "$said";;
    *) command syrup "$@";; esac; }""",
    """end_attaches() { [ ! -f attach.pid ] || { kill $(cat attach.pid); wait $(cat attach.pid); rm attach.pid; }; }""",
)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "policy.py").write_text(POLICY)
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}",
        "XDG_CACHE_HOME": str(folder / ".cache"),
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
