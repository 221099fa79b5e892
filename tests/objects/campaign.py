"""Many damaged objects in a process of its own that may use little memory: shares of numbers, and what came of them."""

from __future__ import annotations

import multiprocessing
import random
import resource
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Final

from tests.objects import (
    crafted_types,  # noqa: F401 - enters its objects
    seeds,
)
from tests.objects.crafted import CRAFTED
from tests.objects.examine import Examination, examine
from tests.objects.mutations import mutate

MEMORY: Final = 500 << 20
"""Bytes that reading and judging may take beyond what the process has before."""

_JUDGED: Final = 5  # one of so many that can be read: verifying costs more than all the rest
_ALL_FORMATS: Final = 40
_FORMATS: Final = ("text", "json", "sarif", "github")
_PAGE: Final = resource.getpagesize()

# Not forked: the seeds bring LLVM and Numba, whose threads and memory are not to be in the process that is limited.
_SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass
class Share:
    """What came of the inputs from `first` on; `finds` has one number for each, and what was seen."""

    first: int
    done: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    finds: dict[str, tuple[int, str]] = field(default_factory=dict)


def originals() -> list[bytes]:
    """The seeds, built in another process."""
    with _SPAWN.Pool(1) as pool:
        return pool.apply(seeds.build)


def damaged(number: int, objects: Sequence[bytes]) -> bytes:
    """The input of a number: the same for the same seeds."""
    rnd = random.Random(number)
    return mutate(rnd, rnd.choice(objects))


def examine_number(number: int, objects: Sequence[bytes]) -> Examination:
    formats = _FORMATS if number % _ALL_FORMATS == 0 else ("text",)
    return examine(damaged(number, objects), judged=number % _JUDGED == 0, formats=formats)


def run(objects: Sequence[bytes], first: int, count: int) -> Share:
    """Examine so many inputs. A process that ends by itself is a find, of the input that it was at."""
    share = Share(first)
    while share.done < count:
        receiver, sender = _SPAWN.Pipe(duplex=False)
        begin = first + share.done
        process = _SPAWN.Process(target=_work, args=(objects, begin, count - share.done, sender))
        process.start()
        sender.close()
        part = _received(receiver, begin)
        receiver.close()
        process.join()
        if isinstance(part, int):
            what = f"the process ends with status {process.exitcode}"
            part = Share(begin, part + 1 - begin, finds={what: (part, "")})
        share.done += part.done
        share.outcomes += part.outcomes
        share.finds = part.finds | share.finds
    return share


def _received(receiver: Connection, begin: int) -> Share | int:
    """What the process found; where it ended by itself, the number that it was at."""
    found: Share | int = begin
    try:
        while isinstance(found, int):
            found = receiver.recv()
    except EOFError:
        pass
    return found


def _work(objects: Sequence[bytes], first: int, count: int, sender: Connection) -> None:
    limit_memory(MEMORY)
    share = Share(first)
    for number in range(first, first + count):
        sender.send(number)
        found = examine_number(number, objects)
        share.done += 1
        share.outcomes[found.outcome] += 1
        if found.find and found.find not in share.finds:
            share.finds[found.find] = (number, found.details)
    sender.send(share)


def examine_crafted(seconds: float) -> dict[str, Examination]:
    """What comes of each of the crafted objects, by its name."""
    with _SPAWN.Pool(1, limit_memory, (MEMORY,)) as pool:
        return pool.apply(_examine_crafted, (seconds,))


def _examine_crafted(seconds: float) -> dict[str, Examination]:
    return {name: examine(make(), formats=_FORMATS, seconds=seconds) for name, (_, make) in CRAFTED.items()}


def limit_memory(more: int) -> None:
    """Let this process take so many bytes more than it has."""
    with open("/proc/self/statm") as file:
        limit = int(file.read().split()[0]) * _PAGE + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
