"""How an object is refused, in the words that all of this package use."""

from __future__ import annotations

from syrupc.diagnostics import Diagnostic
from syrupc.errors import ObjectError


def not_an_object(reason: str) -> ObjectError:
    return ObjectError(
        Diagnostic(
            code="SYR401",
            message="this file is not a BPF object",
            notes=(reason,),
            help=("write one with `syrupc compile`, or with `clang --target=bpf -g -O2 -c`",),
        )
    )


def malformed(reason: str) -> ObjectError:
    return ObjectError(
        Diagnostic(code="SYR402", message="the object is malformed", notes=(reason,), help=("build the object again",))
    )


def not_modelled(what: str, instead: str) -> ObjectError:
    return ObjectError(Diagnostic(code="SYR403", message=f"{what} is not modelled", help=(instead,)))


def too_large(what: str, limit: int) -> ObjectError:
    """More than any compiler writes: a crafted object must cost neither much time nor much memory."""
    return malformed(f"{what}; at most {limit} are read")
