"""Every program in `frontend/` is rejected with exactly the diagnostics that its comments expect."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from syrupc.diagnostics import Diagnostic
from syrupc.driver import judge
from syrupc.errors import CompileError
from syrupc.frontend.source import PolicySource
from syrupc.options import Options
from tests.cases.expectations import expectations, labels_of, place_of

_CASES = sorted((Path(__file__).parent / "frontend").glob("*.py"))

HELPLESS = {"SYR102"}
"""Codes whose message says all: what Python's own parser found."""


@cache
def diagnostics(path: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        judge(PolicySource(path.name, path.read_text()), Options())
    return caught.value.diagnostics


each_case = pytest.mark.parametrize("path", _CASES, ids=lambda p: p.stem)


@each_case
def test_program_is_rejected_at_the_offending_line(path: Path) -> None:
    expected = expectations(path.read_text())
    found = diagnostics(path)
    assert [(e.line, e.code) for e in expected.errors] == [(d.span.line, d.code) for d in found if d.span]
    for error, diagnostic in zip(expected.errors, found, strict=True):
        assert error.words in diagnostic.message


@each_case
def test_places_are_exact_where_the_program_draws_them(path: Path) -> None:
    expected = expectations(path.read_text())
    for error, diagnostic in zip(expected.errors, diagnostics(path), strict=True):
        assert diagnostic.span is not None
        if error.place:
            assert error.place == place_of(diagnostic.span)
    if expected.drawn:
        found = labels_of(diagnostics(path))
        assert [place for place, _ in expected.labels] == [place for place, _ in found]
        for (_, words), (_, label) in zip(expected.labels, found, strict=True):
            assert words in label


@each_case
def test_help_says_what_to_write(path: Path) -> None:
    found = diagnostics(path)
    said = [line for each in found for line in each.help]
    for words in expectations(path.read_text()).help:
        assert any(words in line for line in said), said
    assert [each.message for each in found if not each.help and each.code not in HELPLESS] == []


@each_case
def test_spans_lie_within_the_source(path: Path) -> None:
    lines = path.read_text().split("\n")
    for diagnostic in diagnostics(path):
        assert diagnostic.span is not None
        for span in (diagnostic.span, *(label.span for label in diagnostic.labels)):
            assert 1 <= span.line <= span.end_line <= len(lines)
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1
            assert span.end_column <= len(lines[span.end_line - 1]) + 1
            assert (span.line, span.column) <= (span.end_line, span.end_column)


def test_most_programs_draw_their_places() -> None:
    drawn = [path for path in _CASES if expectations(path.read_text()).drawn]
    assert len(_CASES) >= 60
    assert len(drawn) > 2 * len(_CASES) // 3
