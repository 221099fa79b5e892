"""Run the benchmarks, each in a process of its own: `python -m benchmarks [NAME ...] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ROOT

QUESTIONS = (
    "compile_time",
    "verify_time",
    "command_time",
    "import_time",
    "state_store",
    "decision_cost",
    "helper_cost",
    "replace_under_load",
    "against_c",
)


def main() -> int:
    options = _options()
    answers, failed = [], False
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or QUESTIONS:
            answer = Path(folder) / f"{name}.json"
            command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(answer)]
            failed |= subprocess.run(command, check=False, cwd=ROOT).returncode != 0
            if answer.exists():
                answers.append({"benchmark": name, **json.loads(answer.read_text())})
    if options.json:
        Path(options.json).write_text(json.dumps(answers, indent=2) + "\n")
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which; all if none is given: {', '.join(QUESTIONS)}")
    parser.add_argument("--json", metavar="FILE", help="write all figures as JSON")
    options = parser.parse_args()
    for name in options.names:
        if name not in QUESTIONS:
            parser.error(f"there is no benchmark {name!r}; there are: {', '.join(QUESTIONS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
