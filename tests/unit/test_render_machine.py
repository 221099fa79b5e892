"""What programs are given of a diagnostic: JSON, SARIF, workflow commands."""

from __future__ import annotations

import json

from syrupc.diagnostics import Diagnostic, Label, Severity, Span
from syrupc.render import render_github, render_json, render_sarif

FULL = Diagnostic(
    "SYR201",
    "u64 meets a signed value",
    Span("policies/lb.py", 5, 12, 5, 30),
    label="signed",
    labels=(Label(Span("policies/lb.py", 2, 1, 3, 4), "declared here"),),
    notes=("because",),
    help=("write `u64(x)`",),
    details=("r1",),
)
BARE = Diagnostic("SYR001", "no file", severity=Severity.WARNING)


def test_json_holds_every_field() -> None:
    assert json.loads(render_json([FULL, BARE])) == {
        "version": 1,
        "diagnostics": [
            {
                "code": "SYR201",
                "title": "u64 meets a value that may be negative",
                "severity": "error",
                "message": "u64 meets a signed value",
                "span": {"file": "policies/lb.py", "line": 5, "column": 12, "end_line": 5, "end_column": 30},
                "label": "signed",
                "labels": [
                    {
                        "span": {"file": "policies/lb.py", "line": 2, "column": 1, "end_line": 3, "end_column": 4},
                        "message": "declared here",
                    }
                ],
                "notes": ["because"],
                "help": ["write `u64(x)`"],
                "details": ["r1"],
            },
            {
                "code": "SYR001",
                "title": "file cannot be read",
                "severity": "warning",
                "message": "no file",
                "span": None,
                "label": "",
                "labels": [],
                "notes": [],
                "help": [],
                "details": [],
            },
        ],
    }


def test_no_findings_are_an_empty_list_not_an_empty_text() -> None:
    assert json.loads(render_json([])) == {"version": 1, "diagnostics": []}


def test_sarif_has_rules_results_and_places() -> None:
    log = json.loads(render_sarif([FULL, BARE], tool_version="1.2"))
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert log["version"] == "2.1.0"
    assert driver["version"] == "1.2"
    assert [rule["id"] for rule in driver["rules"]] == ["SYR001", "SYR201"]
    (first,) = run["results"]
    assert driver["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "SYR201"
    assert first["level"] == "error"
    assert first["message"]["text"] == "u64 meets a signed value: signed\nnote: because\nhelp: write `u64(x)`"
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "policies/lb.py"},
        "region": {"startLine": 5, "startColumn": 12, "endLine": 5, "endColumn": 30},
    }
    assert first["relatedLocations"][0]["message"]["text"] == "declared here"


def test_what_has_no_place_is_no_result_in_sarif_but_hindered_the_run() -> None:
    (run,) = json.loads(render_sarif([FULL, BARE]))["runs"]
    assert [each["ruleId"] for each in run["results"]] == ["SYR201"]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    (told,) = invocation["toolExecutionNotifications"]
    assert (told["descriptor"]["id"], told["level"], told["message"]["text"]) == ("SYR001", "warning", "no file")
    (run,) = json.loads(render_sarif([FULL]))["runs"]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_sarif_names_files_by_uri() -> None:
    log = json.loads(render_sarif([Diagnostic("SYR101", "a", Span("/a b/é.py", 1)), BARE]))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///a%20b/%C3%A9.py"
    relative = json.loads(render_sarif([Diagnostic("SYR101", "a", Span("a b.py", 1))]))
    place = relative["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b.py"


def test_a_workflow_command_names_file_line_and_columns() -> None:
    assert render_github([FULL]) == (
        "::error file=policies/lb.py,line=5,col=12,endColumn=30,"
        "title=SYR201 u64 meets a value that may be negative"
        "::u64 meets a signed value: signed%0Anote: because%0Ahelp: write `u64(x)`\n"
    )


def test_a_workflow_command_over_several_lines_has_no_columns() -> None:
    text = render_github([Diagnostic("SYR101", "no", Span("lb.py", 2, 3, 4, 5))])
    assert text.startswith("::error file=lb.py,line=2,endLine=4,title=")


def test_a_workflow_command_without_a_place_is_a_plain_annotation() -> None:
    assert render_github([BARE]) == "::warning title=SYR001 file cannot be read::no file\n"


def test_nothing_in_a_message_begins_another_workflow_command() -> None:
    hostile = Diagnostic("SYR101", "50%\n::set-env name=a::b\r\n\x1b", Span("a,b:c%.py", 1))
    text = render_github([hostile])
    assert text.count("\n") == 1
    assert text.startswith("::error file=a%2Cb%3Ac%25.py,")
    assert "::50%25%0A::set-env name=a::b%0A␛\n" in text
