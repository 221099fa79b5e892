"""Load every policy of this repository into stock kernels, compiled for every profile that is not newer.

What the gate accepts must load: `python -m tests.vm`, or `--kernel 6.12 --kernel 7.3` for some of them. Each is booted
under qemu, in emulation, which takes about half a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from syrupc.driver import judge
from syrupc.errors import CompileError
from syrupc.files import read_source
from syrupc.kernel.profiles import NAMES
from syrupc.kernel.release import release
from syrupc.options import Options
from syrupc.verifier.verdict import Verdict
from tests.vm.kernels import BOOKWORM, NEWER, TRIXIE, Kernel, UnreachableError, fetch
from tests.vm.loads import loads_in
from tests.vm.machine import SilentError, why_not

KERNELS: Final = {kernel.release: kernel for kernel in (BOOKWORM, TRIXIE, *NEWER)}
POLICIES: Final = ("examples", "tests/policies", "benchmarks/policies")
_ROOT: Final = Path(__file__).resolve().parents[2]
_LACKING: Final = "SYR301"
_SHOWN: Final = 300


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.vm", description=__doc__)
    parser.add_argument("--kernel", action="append", choices=KERNELS, help="only this release; repeatable")
    options = parser.parse_args()
    if reason := why_not():
        parser.error(reason)
    known = {name: list(_verdicts(name)) for name in NAMES}
    table = Table("kernel", "programs", "loaded", "refused")
    wrong = 0
    for name in options.kernel or KERNELS:
        verdicts = [v for of, found in known.items() if release(of) <= release(name) for v in found]
        wrong += _row(table, KERNELS[name], verdicts)
    Console().print(table)
    return int(wrong > 0)


def _verdicts(kernel: str) -> Iterator[Verdict]:
    """Every policy that the kernel has everything for."""
    for path in sorted(path for folder in POLICIES for path in (_ROOT / folder).glob("*.py")):
        try:
            yield judge(read_source(str(path)), Options(kernel=kernel))
        except CompileError as error:
            if {each.code for each in error.diagnostics} != {_LACKING}:
                raise


def _row(table: Table, kernel: Kernel, verdicts: list[Verdict]) -> int:
    try:
        answers = loads_in(fetch(kernel), verdicts)
    except (UnreachableError, SilentError) as error:
        table.add_row(kernel.release, "-", "-", str(error).strip()[-_SHOWN:])
        return 1
    said = [(verdict.profile, answer) for verdict, each in zip(verdicts, answers, strict=True) for answer in each]
    refused = [f"{answer.program} for {of}: {answer.refusal}" for of, answer in said if answer.refusal is not None]
    table.add_row(kernel.release, str(len(said)), str(len(said) - len(refused)), "\n".join(refused))
    return len(refused)


if __name__ == "__main__":
    sys.exit(main())
