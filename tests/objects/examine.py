"""What the commands do to an object, in this process, and whether any of it is what must not be.

An object or a diagnostic, in little time and memory, and nothing in what is said that steers a terminal.
"""

from __future__ import annotations

import io
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrupc.errors import ObjectError, UsageError
from syrupc.kernel.profiles import NAMES, profile
from syrupc.listing import list_object, sources_of
from syrupc.objfile.model import Object
from syrupc.objfile.reader import read_object
from syrupc.report import Output, Report, sentence
from syrupc.trial import Trial, run_trial
from syrupc.verifier import verify
from tests.fuzz.patience import ImpatienceError, limited

SECONDS: Final = 2.0
"""What reading may take, of computing time; and so may listing and telling."""
WALK_SECONDS: Final = 120.0
"""What verifying may take: it ends after a million instructions walked, as in the kernel, and that takes a while."""
MAX_OUTPUT: Final = 1 << 20
_KERNEL: Final = profile(NAMES[-1])


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of it: codes, or outcomes of the verdict; and what must not be, if it was."""

    outcome: str
    find: str | None = None
    details: str = ""


def examine(
    data: bytes, *, judged: bool = True, formats: tuple[str, ...] = ("text",), seconds: float = SECONDS
) -> Examination:
    """Read the object; where it can be read and is to be `judged`, verify and list it, and show the findings."""
    try:
        with _step("reading", seconds):
            obj = read_object(data)
    except ObjectError as error:
        report = Report("x.o")
        report.fail(error)
        codes = ",".join(d.code for d in error.diagnostics)
        if not codes.startswith("SYR4"):
            return Examination(codes, f"reading gives {codes}")
        return Examination(codes, *_shown(report, formats))
    except FoundError as found:
        return found.examination
    if not judged:
        return Examination("read")
    try:
        return _judge(obj, formats, seconds)
    except FoundError as found:
        return found.examination


def _judge(obj: Object, formats: tuple[str, ...], seconds: float) -> Examination:
    report = Report("x.o")
    with _step("verifying", WALK_SECONDS):
        verdict = verify(obj, _KERNEL)
    with _step("listing", seconds):
        text = list_object(obj)
    with _step("running", WALK_SECONDS):
        _run(obj)
    with _step("telling", seconds):
        report.sources |= sources_of(obj)
        report.judge(verdict)
        report.messages += [sentence(report.path, each) for each in verdict.programs]
        find, details = _shown(report, formats)
    outcome = "+".join(sorted({each.outcome.value for each in verdict.programs}))
    return Examination(outcome, find or _unclean("the listing", text, 1000 + 600 * _slots(obj)), details)


def _run(obj: Object) -> None:
    """What `syrupc run` does, for the first policy; a program that goes wrong is told like any other mistake."""
    policies = obj.spec.programs if obj.spec else ()
    if policies:
        with suppress(UsageError):
            list(run_trial(obj, Trial(("00" * 24,), policies[0].name)))


def _slots(obj: Object) -> int:
    return sum(len(program.insns) for program in obj.programs)


def _shown(report: Report, formats: tuple[str, ...]) -> tuple[str | None, str]:
    for name in formats:
        stream = io.StringIO()
        Output(name, True, False, stream, stream).show([report])
        said = stream.getvalue()
        find = _unclean(f"output as {name}", said, MAX_OUTPUT)
        if find:
            return find, said[:2000]
    return None, ""


def _unclean(what: str, text: str, limit: int) -> str | None:
    if len(text) > limit:
        return f"{what} is too long"
    bad = next((c for c in text if c not in "\n\t" and not c.isprintable()), None)
    return None if bad is None else f"{what} has a character that steers a terminal"


class FoundError(Exception):
    """Ends an examination."""

    def __init__(self, examination: Examination) -> None:
        super().__init__(examination.find)
        self.examination = examination


@contextmanager
def _step(doing: str, seconds: float) -> Iterator[None]:
    """Turns whatever nobody expected into a find that names where it happened."""
    begin = time.process_time()
    try:
        with limited(seconds):
            yield
    except ObjectError:
        if doing != "reading":
            raise FoundError(_crash(doing, "ObjectError")) from None
        raise
    except ImpatienceError:
        raise FoundError(_crash(doing, f"takes more than {seconds:g} s")) from None
    except Exception as error:  # the point of it all
        raise FoundError(_crash(doing, type(error).__name__)) from None
    if time.process_time() - begin > seconds * 1.5:
        raise FoundError(Examination("slow", f"{doing} takes more than {seconds:g} s"))


def _crash(doing: str, what: str) -> Examination:
    frames = traceback.extract_tb(sys.exc_info()[2])
    ours = [frame for frame in frames if "/syrupc/" in frame.filename]
    place = f"{Path(ours[-1].filename).stem}.{ours[-1].name}" if ours else "elsewhere"
    return Examination("crash", f"{doing}: {what} in {place}", traceback.format_exc()[-4000:])
