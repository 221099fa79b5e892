"""Every program in `frontend/` is rejected with exactly the diagnostics that its comments expect.

`# E: CODE words` stands on the offending line; `# E@5: CODE words`, on any line, is about line 5.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syrupc.diagnostics import Diagnostic
from syrupc.driver import judge
from syrupc.errors import CompileError
from syrupc.frontend.source import PolicySource
from syrupc.options import Options

_CASES = sorted((Path(__file__).parent / "frontend").glob("*.py"))
_EXPECTATION = re.compile(r"# E(?:@(\d+))?: (SYR\d{3}) (.+)$")


def _expected(text: str) -> list[tuple[int, str, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := _EXPECTATION.search(line):
            found.append((int(match[1] or number), match[2], match[3]))
    return sorted(found)


def _diagnostics(path: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        judge(PolicySource(path.name, path.read_text()), Options())
    return caught.value.diagnostics


@pytest.mark.parametrize("path", _CASES, ids=lambda p: p.stem)
def test_program_is_rejected_at_the_offending_line(path: Path) -> None:
    expected = _expected(path.read_text())
    found = _diagnostics(path)
    places = [(d.span.line, d.code) for d in found if d.span]
    assert [(line, code) for line, code, _ in expected] == places
    for (_, _, words), diagnostic in zip(expected, found, strict=True):
        assert words in diagnostic.message


@pytest.mark.parametrize("path", _CASES, ids=lambda p: p.stem)
def test_span_lies_within_the_source(path: Path) -> None:
    lines = path.read_text().split("\n")
    for diagnostic in _diagnostics(path):
        assert diagnostic.span is not None
        for span in (diagnostic.span, *(label.span for label in diagnostic.labels)):
            assert 1 <= span.line <= max(span.line, span.end_line) <= len(lines)
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1


def test_there_are_at_least_sixty_rejected_programs() -> None:
    assert len(_CASES) >= 60
