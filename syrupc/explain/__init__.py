"""The page behind each diagnostic code: what it means, an example that gives it, and one that does not."""

from __future__ import annotations

from pathlib import Path

from syrupc.codes import TITLES
from syrupc.diagnostics import Diagnostic
from syrupc.errors import UsageError


def page(code: str) -> str:
    """The page of a code in Markdown. `503` and `syr503` do for `SYR503`; raises `UsageError` SYR003."""
    name = code.upper() if code.upper().startswith("SYR") else f"SYR{code}"
    if name not in TITLES:
        hint = "`syrupc explain` lists all of them"
        raise UsageError(Diagnostic("SYR003", f"there is no diagnostic `{code}`", help=(hint,)))
    return (Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8")


def index() -> str:
    """All codes with their titles, a line each."""
    return "".join(f"{code}  {title}\n" for code, title in sorted(TITLES.items()))
