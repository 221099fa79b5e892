"""Generate policies and hold Python, the interpreter and the kernel equal: `python -m tests.fuzz`, or `make fuzz`.

Every run goes on with seeds that were never used, and adds to the ledger. What must not be is made small and written to
a file, which `--replay` runs again.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bpf_probe import why_no_bpf
from tests.fuzz import replay
from tests.fuzz.campaign import FIRST_SEED, Plan, processors, run, stopper
from tests.fuzz.census import report
from tests.fuzz.examine import examine
from tests.fuzz.ledger import PATH, Ledger
from tests.fuzz.share import Found, Result, examiner
from tests.fuzz.tally import Tally

_LINE_EVERY = 10.0


def main() -> int:
    options = _options()
    console = Console(highlight=False, soft_wrap=True)
    if options.replay:
        return _replay(options.replay, console)
    reason = why_no_bpf() if options.kernel else "as asked"
    if reason:
        console.print(f"two ways, without the kernel: {reason}")
    return _campaign(options, console)


def _campaign(options: argparse.Namespace, console: Console) -> int:
    ledger = Ledger.read(options.ledger, options.first_seed)
    first, begin = ledger.next_seed, time.monotonic()
    total, names = Tally(), set[str]()

    def claim() -> int | None:
        enough = total.programs >= options.programs or time.monotonic() - begin >= options.seconds
        return None if enough or len(names) >= options.finds else ledger.claim()

    last, stop = begin, stopper()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda number, _frame: _end(stop, number))
    for result in _shown(run(Plan(options.processes, options.kernel), claim, stop), options.programs, console):
        total += result.tally
        now = time.monotonic()
        ledger.add(result.tally, now - last)
        last = now
        for found in result.found:
            if found.find.what not in names:
                names.add(found.find.what)
                _write(found, options.finds_folder, console)
    _summarise(total, time.monotonic() - begin, range(first, ledger.next_seed), console)
    console.print(f"all runs: {ledger.tally.programs_three_ways} programs three ways in {ledger.seconds / 3600:.1f} h")
    return 1 if total.finds else 0


def _end(stop: Event, number: int) -> None:
    """Ctrl-C ends the run with what was done; a second one ends the process."""
    stop.set()
    signal.signal(number, signal.default_int_handler)


def _shown(results: Iterator[Result], goal: int, console: Console) -> Iterator[Result]:
    """The results, with a progress bar on a terminal and a line now and then elsewhere."""
    if console.is_terminal:
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("programs"),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("", total=goal)
            for result in results:
                bar.update(task, advance=result.tally.programs, description=f"seed {result.seed}")
                yield result
        return
    done, begin, last = 0, time.monotonic(), time.monotonic()
    for result in results:
        done += result.tally.programs
        if time.monotonic() - last > _LINE_EVERY:
            last = time.monotonic()
            console.print(f"{done} of {goal} programs, {done / (last - begin):.1f} a second")
        yield result


def _write(found: Found, folder: Path, console: Console) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / f"seed_{found.seed}_{abs(hash(found.find.what)) % 10_000:04}.py"
    path.write_text(replay.write(found.small))
    path.with_suffix(".original.py").write_text(replay.write(found.program))
    console.rule(f"{found.find.what} (seed {found.seed})")
    console.print(found.small.text, markup=False)
    console.print(found.small_find.details, markup=False)
    console.print(f'again: make fuzz ARGS="--replay {path}"')


def _replay(path: Path, console: Console) -> int:
    with examiner() as made:
        done = examine(replay.read(path), made.bench)
    if done.find:
        console.print(done.find.what, markup=False)
        console.print(done.find.details, markup=False)
        return 1
    console.print(f"rejected: {', '.join(done.rejected)}" if done.rejected else "all ways agree")
    return 0


def _summarise(total: Tally, seconds: float, seeds: range, console: Console) -> None:
    ways = f"{total.programs_three_ways} programs three ways and {total.programs_two_ways} two ways"
    rate = f"in {seconds:.0f} s ({total.programs / max(seconds, 1):.1f} a second)"
    console.print(f"{ways}, {rate}: {total.files} files with {total.questions} questions")
    console.print(f"seeds {seeds.start} to {seeds.stop - 1}")
    rejected = ", ".join(f"{code} {count}" for code, count in total.rejected.most_common()) or "none"
    console.print(f"files that were not run: {rejected} (of these too costly: {total.too_costly})")
    for line in report(total.files, total.features, total.outcomes):
        console.print(line, markup=False)
    for what, count in total.finds.most_common():
        console.print(f"FIND, {count} times: {what}", markup=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=2000, metavar="N", help="stop after so many (default: 2000)")
    parser.add_argument("--seconds", type=float, default=float("inf"), metavar="S", help="stop after so long")
    parser.add_argument("--finds", type=int, default=5, metavar="N", help="stop after so many different finds")
    parser.add_argument("--processes", type=int, default=processors(), metavar="N", help="side by side")
    parser.add_argument("--no-kernel", dest="kernel", action="store_false", help="two ways only")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run a file that a find was written to")
    parser.add_argument("--ledger", type=Path, default=PATH, metavar="FILE", help="where runs are counted")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, metavar="N", help="where a new ledger begins")
    parser.add_argument("--finds-folder", type=Path, default=Path("build/finds"), metavar="DIR", help="where finds go")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
