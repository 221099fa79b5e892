"""JSON files that people may edit: what is wrong with one is told with its line and column."""

from __future__ import annotations

import json

from syrupc.diagnostics import Diagnostic, Span
from syrupc.errors import UsageError


def parsed(path: str, text: str, code: str, kind: str) -> object:
    """The value that the text holds. Raises `UsageError` with the code for what is no JSON."""
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as error:
        why = error.msg[:1].lower() + error.msg[1:]
        raise malformed(code, kind, path, (error.lineno, error.colno), why) from None
    except RecursionError:
        raise malformed(code, kind, path, (1, 1), "it is nested too deeply") from None
    except ValueError:
        raise malformed(code, kind, path, (1, 1), "a number has too many digits") from None
    return value


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def malformed(code: str, kind: str, path: str, place: tuple[int, int], why: str) -> UsageError:
    """The error for a file of some kind that is not as it must be at a place."""
    return UsageError(
        Diagnostic(code, f"malformed {kind}: {why}", Span(path, *place), help=(f"`syrupc explain {code}` shows one",))
    )
