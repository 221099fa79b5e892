"""What a terminal shows of a diagnostic."""

from __future__ import annotations

from pathlib import Path

import pytest

from syrupc.diagnostics import Diagnostic, Label, Severity, Span
from syrupc.render import MAX_DIAGNOSTICS, render_text
from syrupc.snippet import LINE_WIDTH

POLICY = "import syrup\n\n\ndef decide(pkt):\n    kind = pkt.payload.u8(23)\n    return kind % 6\n"


def show(diagnostic: Diagnostic, text: str | None = POLICY, **options: bool) -> str:
    sources = {} if text is None else {"lb.py": text}
    return render_text([diagnostic], sources=sources, **options)


def test_shows_place_line_carets_label_notes_and_help() -> None:
    diagnostic = Diagnostic(
        "SYR503",
        "packet read may go past the end of the packet",
        Span("lb.py", 5, 12, 5, 30),
        label="reads byte 23 of the payload",
        notes=("only 8 bytes are known to be present here",),
        help=("leave early first: `if len(pkt.payload) < 24: return PASS`",),
    )
    assert show(diagnostic) == (
        "error[SYR503]: packet read may go past the end of the packet\n"
        " --> lb.py:5:12\n"
        "  |\n"
        "5 |     kind = pkt.payload.u8(23)\n"
        "  |            ^^^^^^^^^^^^^^^^^^ reads byte 23 of the payload\n"
        "  = note: only 8 bytes are known to be present here\n"
        "  = help: leave early first: `if len(pkt.payload) < 24: return PASS`\n"
    )


def test_a_span_without_an_end_is_one_caret() -> None:
    assert show(Diagnostic("SYR101", "no", Span("lb.py", 6, 12))).endswith(
        "6 |     return kind % 6\n  |            ^\n"
    )


def test_a_warning_without_a_place_is_one_line() -> None:
    assert show(Diagnostic("SYR001", "odd", severity=Severity.WARNING)) == "warning[SYR001]: odd\n"


def test_details_are_shown_only_when_asked_for() -> None:
    diagnostic = Diagnostic("SYR501", "bad", details=("r1 = 0\nr2 = 1",))
    assert show(diagnostic) == "error[SYR501]: bad\n"
    assert show(diagnostic, verbose=True) == "error[SYR501]: bad\n  = detail: r1 = 0\n            r2 = 1\n"


def test_labels_stand_in_the_order_of_lines_and_gaps_are_marked() -> None:
    diagnostic = Diagnostic(
        "SYR201",
        "types",
        Span("lb.py", 6, 12, 6, 16),
        label="here",
        labels=(Label(Span("lb.py", 1, 1, 1, 7), "first"), Label(Span("lb.py", 4, 5, 4, 11), "then")),
    )
    assert show(diagnostic) == (
        "error[SYR201]: types\n"
        " --> lb.py:6:12\n"
        "  |\n"
        "1 | import syrup\n"
        "  | ------ first\n"
        "...\n"
        "4 | def decide(pkt):\n"
        "  |     ------ then\n"
        "5 |     kind = pkt.payload.u8(23)\n"
        "6 |     return kind % 6\n"
        "  |            ^^^^ here\n"
    )


def test_a_label_in_another_file_gets_a_place_of_its_own() -> None:
    diagnostic = Diagnostic("SYR201", "types", Span("lb.py", 1, 1, 1, 7), labels=(Label(Span("o.py", 12, 3), "x"),))
    text = render_text([diagnostic], sources={"lb.py": POLICY, "o.py": "\n" * 11 + "  y = 1\n"})
    assert text == (
        "error[SYR201]: types\n"
        "  --> lb.py:1:1\n"
        "   |\n"
        " 1 | import syrup\n"
        "   | ^^^^^^\n"
        "  ::: o.py:12:3\n"
        "   |\n"
        "12 |   y = 1\n"
        "   |   - x\n"
    )


def test_a_span_over_several_lines_marks_its_first_and_last() -> None:
    source = "if (one and\n        two and\n        three and\n        four):\n    pass\n"
    assert show(Diagnostic("SYR101", "no", Span("lb.py", 1, 4, 4, 14), label="all this"), source) == (
        "error[SYR101]: no\n"
        " --> lb.py:1:4\n"
        "  |\n"
        "1 | if (one and\n"
        "  |    ^^^^^^^^\n"
        "...\n"
        "4 |         four):\n"
        "  |         ^^^^^ all this\n"
    )


def test_tabs_and_wide_characters_do_not_move_the_carets() -> None:
    tabs = show(Diagnostic("SYR101", "no", Span("lb.py", 1, 4, 1, 5)), "\tx\t= y\n")
    assert tabs.endswith("1 |     x   = y\n  |         ^\n")
    wide = show(Diagnostic("SYR101", "no", Span("lb.py", 1, 10, 1, 11)), 's = "日本" + x\n')
    assert wide.endswith('1 | s = "日本" + x\n  |            ^\n')
    assert show(Diagnostic("SYR101", "no", Span("lb.py", 1, 2)), "'日'").endswith("  |  ^^\n")


def test_a_combining_character_takes_no_cell() -> None:
    assert show(Diagnostic("SYR101", "no", Span("lb.py", 1, 4)), "e\u0301 x").endswith("1 | e\u0301 x\n  |   ^\n")


@pytest.mark.parametrize("span", [Span("lb.py", 99, 1), Span("lb.py", 0, 0), Span("gone.py", 3, 4)])
def test_a_place_without_a_known_line_is_still_named(span: Span) -> None:
    text = show(Diagnostic("SYR101", "no", span, label="why"))
    assert f"--> {span}" in text
    assert f"line {span.line}: why" in text


def test_columns_beyond_the_line_end_up_behind_it() -> None:
    assert show(Diagnostic("SYR101", "no", Span("lb.py", 1, 90, 1, 99))).endswith("import syrup\n  |             ^\n")


def test_carriage_returns_count_as_line_ends() -> None:
    assert "2 | b\n  | ^\n" in show(Diagnostic("SYR101", "no", Span("lb.py", 2)), "a\r\nb\rc\n")


def test_form_feeds_and_line_separators_do_not_count_as_line_ends() -> None:
    assert "2 | b\n  | ^\n" in show(Diagnostic("SYR101", "no", Span("lb.py", 2)), "a\x0c\u2028a\nb\n")


def test_nothing_in_a_source_or_a_message_steers_the_terminal() -> None:
    hostile = "\x1b[31m \u202e \x9b31m \x7f"
    diagnostic = Diagnostic("SYR101", hostile, Span("lb.py", 1), label=hostile, notes=(hostile,), details=(hostile,))
    text = show(diagnostic, hostile, verbose=True)
    assert text.count("␛[31m") == 5
    assert all(character == "\n" or character.isprintable() for character in text)


def test_a_long_line_is_cut_around_what_is_marked() -> None:
    source = "a" * 500 + "x" + "b" * 500
    text = show(Diagnostic("SYR101", "no", Span("lb.py", 1, 501, 1, 502), label="this"), source)
    line, carets = text.splitlines()[-2:]
    assert line[carets.index("^")] == "x"
    assert len(line) <= LINE_WIDTH + len("1 | ")
    assert line.startswith("1 | …")
    assert line.endswith("…")


def test_colour_changes_nothing_but_colour() -> None:
    diagnostic = Diagnostic("SYR101", "no", Span("lb.py", 5, 12, 5, 30), label="x", notes=("n",), help=("h",))
    coloured = show(diagnostic, color=True)
    assert "\x1b[1;31m" in coloured
    for escape in ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(escape, "")
    assert coloured == show(diagnostic)


def test_output_is_bounded() -> None:
    many = [Diagnostic("SYR101", "no", details=("line\n" * 10_000,), notes=("line\n" * 10_000,))] * 1000
    assert "... and 950 more" in render_text(many)
    assert render_text(many, verbose=True).count("\n") < MAX_DIAGNOSTICS * 230


def test_no_findings_no_text() -> None:
    assert render_text([]) == ""


def test_files_are_read_when_no_sources_are_given(tmp_path: Path) -> None:
    policy = tmp_path / "lb.py"
    policy.write_text(POLICY)
    assert "1 | import syrup" in render_text([Diagnostic("SYR101", "no", Span(str(policy), 1, 1, 1, 7))])


@pytest.mark.parametrize("name", ["/dev/zero", "/", "no\0name", "/nowhere/at/all.py"])
def test_only_plain_files_are_read(name: str) -> None:
    assert "1 |" not in render_text([Diagnostic("SYR101", "no", Span(name, 1))])
