"""Helper calls and accesses of every program type held against the running kernel: accepted here is accepted there."""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

import pytest

from syrupc.kernel.profiles import NAMES
from tests.mutants.campaign import running
from tests.properties import accesses, calls
from tests.properties.held import KNOWN, Held, hold
from tests.properties.places import TYPES

pytestmark = pytest.mark.bpf

SAMPLES: Final = 2500
RARE: Final = 100
"""One in so many may be refused here for a known reason."""


def test_helper_calls_that_are_accepted_load() -> None:
    kernel, held = running(), Held()
    hold(calls.sample, random.Random(2), kernel, SAMPLES, held)
    assert not held.unsound, held.unsound[0]
    assert held.accepted > SAMPLES // 5  # the samples are worth something
    assert set(held.types) == set(TYPES)
    assert len(held.tried) > 120
    if kernel.name == NAMES[-1]:
        assert set(held.imprecise) <= set(KNOWN), held.imprecise - Counter(KNOWN)
        assert held.imprecise.total() <= SAMPLES // RARE


def test_accesses_that_are_accepted_load() -> None:
    kernel, held = running(), Held()
    hold(accesses.sample, random.Random(1), kernel, SAMPLES, held)
    assert not held.unsound, held.unsound[0]
    assert held.accepted > SAMPLES // 8
    assert set(held.types) == set(TYPES)
    if kernel.name == NAMES[-1]:
        assert held.imprecise.total() <= SAMPLES // RARE
