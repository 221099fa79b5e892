"""The lines of source that a diagnostic speaks of, with carets under what is meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from syrupc.diagnostics import Span

TAB_WIDTH: Final = 4
LINE_WIDTH: Final = 160
"""Longer lines are cut around what is marked, so that one generated line cannot fill the screen."""
_LEAD: Final = 40  # how much is left standing before the first mark of a line that is cut

PRIMARY: Final = "^"
SECONDARY: Final = "-"

Paint = Callable[[str, str], str]
"""Colours a text for a role: `gutter`, `primary` or `secondary`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is underlined, with which character, and the words beside it."""

    span: Span
    character: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Underline:
    """A mark's part on one line: columns from 1, `end` exclusive, 0 for the end of the line."""

    line: int
    start: int
    end: int
    mark: Mark


def excerpt(lines: Sequence[str], marks: Sequence[Mark], gutter: int, paint: Paint) -> Iterator[str]:
    """The marked lines of one file, in order, each with its underlines; what lies between them is left out.

    `lines` is the file, `gutter` the width of the line numbers. Marks outside the file are left out as well.
    """
    parts = [part for mark in marks for part in _underlines(mark) if part.line <= len(lines)]
    parts.sort(key=lambda part: (part.line, part.mark.character != PRIMARY))
    previous = 0
    for number, group in groupby(parts, key=lambda part: part.line):
        if previous and number - previous == 2:
            yield from _line(previous + 1, lines[previous], [], gutter, paint)
        elif previous and number - previous > 2:
            yield "..."
        yield from _line(number, lines[number - 1], list(group), gutter, paint)
        previous = number


def printable(text: str) -> str:
    """`text` without characters that steer a terminal or reorder what is read; tabs are left alone."""
    return "".join(map(_harmless, text))


def shortened(text: str) -> str:
    """`text`, cut at its end if it is longer than a line may be."""
    return text if len(text) <= LINE_WIDTH else text[: LINE_WIDTH - 1] + "…"


def _harmless(character: str) -> str:
    if character == "\t" or character.isprintable():
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures
    return " " if unicodedata.category(character) == "Zs" else "\ufffd"


def _underlines(mark: Mark) -> Iterator[_Underline]:
    """A span over several lines marks the rest of its first line and the beginning of its last."""
    span = mark.span
    if span.line < 1:
        return
    start = max(span.column, 1)
    if span.end_line <= span.line:
        yield _Underline(span.line, start, span.end_column or start + 1, mark)
        return
    yield _Underline(span.line, start, 0, replace(mark, text=""))
    yield _Underline(span.end_line, 0, span.end_column, mark)


def _line(number: int, text: str, underlines: Iterable[_Underline], gutter: int, paint: Paint) -> Iterator[str]:
    """One line of source and a line for each underline."""
    ranges = [(*_range(underline, text), underline.mark) for underline in underlines]
    text, removed = _window(text, min((start for start, _, _ in ranges), default=0))
    columns, shown = _layout(text)
    yield f"{paint(f'{number:>{gutter}} |', 'gutter')} {shown}".rstrip()
    for first, last, mark in ranges:
        start, end = (columns[min(max(at - removed, 0), len(text))] for at in (first, last))
        words = f" {printable(mark.text)}" if mark.text else ""
        role = "primary" if mark.character == PRIMARY else "secondary"
        carets = paint(mark.character * max(end - start, 1) + words, role)
        yield f"{paint(' ' * gutter + ' |', 'gutter')} {' ' * start}{carets}"


def _range(underline: _Underline, text: str) -> tuple[int, int]:
    """The characters of `text` that are underlined, from and to, counted from 0."""
    start = underline.start - 1 if underline.start else len(text) - len(text.lstrip())
    end = underline.end - 1 if underline.end else len(text.rstrip())
    return start, max(end, start)


def _window(text: str, first: int) -> tuple[str, int]:
    """`text`, cut around `first` if it is too long, and by how many characters it moved to the left."""
    if len(text) <= LINE_WIDTH:
        return text, 0
    removed = first - _LEAD if first > LINE_WIDTH - _LEAD else 0
    head = "…" if removed else ""
    tail = "…" if len(text) - removed > LINE_WIDTH else ""
    return head + text[removed + len(head) : removed + LINE_WIDTH - len(tail)] + tail, removed


def _layout(text: str) -> tuple[list[int], str]:
    """Where on the screen each character of `text` begins (and where the text ends), and how it is shown."""
    columns, shown, at = [], "", 0
    for character in text:
        columns.append(at)
        piece = " " * (TAB_WIDTH - at % TAB_WIDTH) if character == "\t" else _harmless(character)
        shown += piece
        at += len(piece) if character == "\t" else _cells(piece)
    return [*columns, at], shown


def _cells(character: str) -> int:
    """How many cells of a terminal the character takes."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
