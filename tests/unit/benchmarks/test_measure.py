"""What benchmarks report: medians with their spread, as a table and as JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as everything
from benchmarks.measure import ROOT, Figure, example, figure, main, timed
from syrupc.diagnostics import Diagnostic
from syrupc.errors import LoadError

METHOD = "What is it?\n\nBy looking."


def test_a_figure_is_the_median_with_its_extremes() -> None:
    assert figure("x", "ns", [5.0, 1.0, 3.0], at_most=4) == Figure("x", "ns", 3.0, 1.0, 5.0, 3, 4)


def test_warming_up_is_not_counted() -> None:
    calls: list[int] = []

    samples = timed(lambda: calls.append(1), repetitions=3, warm_up=2)

    assert (len(calls), len(samples.wall), len(samples.cpu)) == (5, 3, 3)


def test_the_cpu_time_of_children_counts() -> None:
    busy = [sys.executable, "-c", "sum(range(3_000_000))"]

    (spent,) = timed(lambda: subprocess.run(busy, check=True), repetitions=1, warm_up=0).cpu

    assert spent > 10


def test_the_figures_are_written_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["x", "--json", str(target)])

    main(lambda: [figure("x", "ns", [1.0])], METHOD)

    found = json.loads(target.read_text())
    assert found["question"] == "What is it?"
    assert found["figures"][0]["value"] == 1.0


def test_json_on_the_standard_output_is_all_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "--json", "-"])

    main(lambda: [figure("x", "ns", [1.0])], METHOD)

    assert json.loads(capsys.readouterr().out)["figures"][0]["name"] == "x"


def test_what_is_missing_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> list[Figure]:
        raise LoadError(Diagnostic("SYR601", "no rights"))

    monkeypatch.setattr(sys, "argv", ["x"])

    with pytest.raises(SystemExit) as end:
        main(refused, METHOD)
    assert end.value.code == 1
    assert "error[SYR601]: no rights" in capsys.readouterr().err


def test_every_question_has_its_file_and_its_method() -> None:
    files = {path.stem: path.read_text() for path in (ROOT / "benchmarks").glob("*.py")}

    assert {name for name, text in files.items() if "main(measure, __doc__" in text} == set(everything.QUESTIONS)
    assert all("?\n\n" in files[name].partition("from __future__")[0] for name in everything.QUESTIONS)


def test_every_example_is_measured() -> None:
    from benchmarks.measure import EXAMPLES

    assert sorted(path.stem for path in (ROOT / "examples").glob("*.py")) == sorted(EXAMPLES)
    assert all(example(name).is_file() for name in EXAMPLES)


def test_an_unknown_question_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "speed"])

    with pytest.raises(SystemExit):
        everything.main()
    assert "there is no benchmark 'speed'" in capsys.readouterr().err
