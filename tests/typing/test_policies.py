"""What an editor's type checker says of policies: nothing, under its strictest rules."""

from __future__ import annotations

from pathlib import Path

from mypy import api

_ROOT = Path(__file__).parents[2]


def _findings(*paths: Path) -> str:
    out, err, _ = api.run(["--config-file", str(_ROOT / "setup.cfg"), "--no-incremental", *map(str, paths)])
    return out + err


def test_examples_are_well_typed_under_strict_rules() -> None:
    assert _findings(*sorted((_ROOT / "examples").glob("*.py"))).startswith("Success: no issues found")


def test_misspelt_attribute_is_found_while_typing(tmp_path: Path) -> None:
    policy = tmp_path / "policy.py"
    policy.write_text(
        "import syrup\n\n\n@syrup.jit\ndef policy(pkt: syrup.Packet) -> syrup.Executor:\n    return pkt.payload.u9(0)\n"
    )
    assert '"View" has no attribute "u9"' in _findings(policy)
