"""What a rejected program expects to be told: read from its comments.

`# E: CODE words` stands on the offending line; `# E@5: CODE words`, on any line, is about line 5. An exact place is
drawn below its line, and so are the other places that the diagnostic shows:

        return turn[0] + n
        #      ^^^^^^^^^^^ E: SYR201 may be negative
        #      ------- a u64
        # help: `u64(n)` if

What cannot be drawn (it begins under the `#`, or ends on another line) is written with its first and last column:
`# E[1-19]: CODE words`, `# E[5-7:12]: CODE words` if it ends on line 7, and `# -[1-5] words` for another place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from syrupc.diagnostics import Diagnostic, Span

_BEHIND: Final = re.compile(r"# E(?:@(\d+))?(?:\[(\d+)-(?:(\d+):)?(\d+)\])?: (SYR\d{3}) (.+)$")
_DRAWN: Final = re.compile(r"^(\s*#\s+)(\^+) E: (SYR\d{3}) (.+)$")
_LABEL: Final = re.compile(r"^(\s*#\s+)(-+) (.+)$")
_LABEL_BEHIND: Final = re.compile(r"# -(?:@(\d+))?\[(\d+)-(?:(\d+):)?(\d+)\] (.+)$")
_HELP: Final = re.compile(r"^\s*# help: (.+)$")

Place = tuple[int, int, int, int]
"""Line, column, last line and the column behind the last, as in a `Span`."""


@dataclass(frozen=True)
class Expected:
    """A diagnostic that must come: `place` is exact, or a line alone; `words` are in its message."""

    line: int
    code: str
    words: str
    place: Place | None = None


@dataclass(frozen=True)
class Expectations:
    """All that a program expects. `labels` are the other places, each with words; `drawn` tells whether they must be
    all that there are."""

    errors: tuple[Expected, ...]
    labels: tuple[tuple[Place, str], ...]
    help: tuple[str, ...]

    @property
    def drawn(self) -> bool:
        return any(each.place for each in self.errors)


def place_of(span: Span) -> Place:
    return span.line, span.column, span.end_line, span.end_column


def labels_of(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[Place, str]]:
    """The other places of all diagnostics, in the order of the source; a diagnostic's own words count as one."""
    found = [(place_of(label.span), label.message) for each in diagnostics for label in each.labels]
    found += [(place_of(each.span), each.label) for each in diagnostics if each.span and each.label]
    return sorted(found)


def expectations(text: str) -> Expectations:
    """Read the comments of a program."""
    errors: list[Expected] = []
    labels: list[tuple[Place, str]] = []
    helps: list[str] = []
    subject = 0
    for number, line in enumerate(text.splitlines(), 1):
        if drawn := _DRAWN.match(line):
            place = _drawn(drawn, subject)
            errors.append(Expected(subject, drawn[3], drawn[4], place))
        elif label := _LABEL.match(line):
            labels.append((_drawn(label, subject), label[3]))
        elif said := _HELP.match(line):
            helps.append(said[1])
        else:
            subject = number
            if behind := _BEHIND.search(line):
                at, start, end_line, last, code, words = behind.groups()
                place = _written(int(at or number), start, end_line, last) if last else None
                errors.append(Expected(int(at or number), code, words, place))
            elif label := _LABEL_BEHIND.search(line):
                at, start, end_line, last, words = label.groups()
                labels.append((_written(int(at or number), start, end_line, last), words))
    in_order = sorted(errors, key=lambda e: (e.line, e.place or (0, 0, 0, 0), e.code))
    return Expectations(tuple(in_order), tuple(sorted(labels)), tuple(helps))


def _drawn(match: re.Match[str], line: int) -> Place:
    start = len(match[1]) + 1
    return line, start, line, start + len(match[2])


def _written(line: int, start: str, end_line: str | None, last: str) -> Place:
    return line, int(start), int(end_line or line), int(last) + 1
