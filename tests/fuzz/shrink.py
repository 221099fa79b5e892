"""A find made small: fewer questions, then less source, then simpler inputs, as long as it stays the same find."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from pysource_minimize import minimize

from syrupc.datagram import Datagram
from tests.fuzz.sample import Ask, Program

Check = Callable[[Program], bool]
T = TypeVar("T")


def shrink(program: Program, still_found: Check, seconds: float, *, asked: bool) -> Program:
    """The smallest program that was met within so many seconds for which `still_found` holds.

    What was not found by asking keeps its questions: they tell whether the program still ends.
    """
    search = _Search(program, still_found, time.monotonic() + seconds)
    for step in (_fewer_asks, _less_source, _fewer_asks, _fewer_presets, _plain_inputs) if asked else (_less_source,):
        step(search)
    return search.smallest


@dataclass
class _Search:
    """`smallest` is the last program that was a find: every step goes on from there."""

    smallest: Program
    still_found: Check
    deadline: float

    def accepts(self, candidate: Program) -> bool:
        if time.monotonic() > self.deadline or not self.still_found(candidate):
            return False
        self.smallest = candidate
        return True

    def take_any(self, candidates: Callable[[Program], Iterator[Program]]) -> None:
        """Take the first candidate that is still a find, until there is none."""
        while any(map(self.accepts, candidates(self.smallest))):
            pass


def _fewer_asks(search: _Search) -> None:
    search.take_any(lambda p: (replace(p, asks=rest) for rest in _without_one(p.asks)))


def _fewer_presets(search: _Search) -> None:
    search.accepts(replace(search.smallest, presets=()))
    search.take_any(lambda p: (replace(p, presets=rest) for rest in _without_one(p.presets)))


def _less_source(search: _Search) -> None:
    start = search.smallest

    def accepts(text: str) -> bool:
        presets = tuple(p for p in start.presets if p.map in text)
        return search.accepts(replace(start, text=text + "\n", presets=presets))

    with suppress(ValueError):  # at the deadline, or if it is no find any more once it is written out anew
        minimize(start.text, accepts, retries=0)


def _plain_inputs(search: _Search) -> None:
    """Zeros, a plain header, and nothing behind what matters."""

    def simpler(p: Program) -> Iterator[Program]:
        for index, ask in enumerate(p.asks):
            for plainer in (replace(ask, clock=0), replace(ask, chance=0), *_plainer(ask)):
                if plainer != ask:
                    yield replace(p, asks=(*p.asks[:index], plainer, *p.asks[index + 1 :]))

    search.take_any(simpler)


def _plainer(ask: Ask) -> Iterator[Ask]:
    datagram, payload = ask.datagram, ask.datagram.payload
    yield replace(ask, datagram=Datagram(payload))
    yield replace(ask, datagram=replace(datagram, linear=None, options=b"", ttl=64, tos=0))
    if payload and datagram.linear is None:
        yield replace(ask, datagram=replace(datagram, payload=payload[:-1]))
    for at, byte in enumerate(payload):
        if byte:
            yield replace(ask, datagram=replace(datagram, payload=payload[:at] + b"\0" + payload[at + 1 :]))


def _without_one(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """From the end: what was asked before may have made what comes after possible."""
    for index in reversed(range(len(items))):
        yield items[:index] + items[index + 1 :]
