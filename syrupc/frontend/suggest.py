"""The name that was meant: of all that are known, the one that is nearest to one that is not.

Nearness counts what it takes to type one name for the other: a letter more, less or another counts two; two letters
swapped, or the wrong case, are one slip and count one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LETTER: Final = 2
_SLIP: Final = 1


def did_you_mean(name: str, known: Iterable[str], form: str = "{}") -> tuple[str, ...]:
    """The line of help that suggests the name that was meant, put into `form`; nothing if none is near."""
    near = nearest(name, known)
    return () if near is None else (f"did you mean `{form.format(near)}`?",)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to `name`; None if not even that is near."""
    candidates = ((_distance(name, each), each[:1] != name[:1], each) for each in known)
    distance, _, found = min(candidates, default=(1 << 30, True, ""))
    letters = len(name) + len(found)
    near = distance <= _LETTER or 2 * distance <= letters // _LETTER  # one slip, or a quarter of its letters
    return found if near and distance < _LETTER * max(len(name), len(found)) else None


def _distance(wrong: str, right: str) -> int:
    if wrong.lower() == right.lower():
        return _SLIP if wrong != right else 0
    # Three rows of the usual table: the one before the last is where a swap comes from.
    before: list[int] = []
    row = [_LETTER * j for j in range(len(right) + 1)]
    for i, letter in enumerate(wrong, 1):
        older, before, row = before, row, [_LETTER * i]
        for j, wanted in enumerate(right, 1):
            change = 0 if letter == wanted else _SLIP if letter.lower() == wanted.lower() else _LETTER
            best = min(before[j - 1] + change, before[j] + _LETTER, row[j - 1] + _LETTER)
            if i > 1 and j > 1 and (letter, wrong[i - 2]) == (right[j - 2], wanted):
                best = min(best, older[j - 2] + _SLIP)
            row.append(best)
    return row[-1]
