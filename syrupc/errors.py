"""The exceptions of both packages; each carries the diagnostics that a user is shown.

SyrupError
├── UsageError          SYR0xx   the command line
├── CompileError        SYR1xx language, SYR2xx types, SYR3xx lowering
├── ObjectError         SYR4xx   an object file
├── VerificationError   SYR5xx   the pre-verifier
├── KernelError
│   ├── LoadError       SYR6xx
│   └── AttachError     SYR7xx
└── InternalError       SYR9xx   a fault of this project
"""

from __future__ import annotations

from collections.abc import Iterable

from syrupc.diagnostics import Diagnostic


class SyrupError(Exception):
    """The base of all errors that are meant for a user. `diagnostics` has at least one entry."""

    diagnostics: tuple[Diagnostic, ...]

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        self.diagnostics = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


class UsageError(SyrupError):
    """The command line or an argument names something that cannot be used."""


class CompileError(SyrupError):
    """The policy is outside the language, ill-typed, or cannot be lowered for the target."""


class ObjectError(SyrupError):
    """An object file that cannot be read."""


class VerificationError(SyrupError):
    """The pre-verifier does not accept the program."""


class KernelError(SyrupError):
    """The running system refused."""


class LoadError(KernelError):
    """A map or a program could not be created."""


class AttachError(KernelError):
    """A loaded program could not be attached, or a link could not be changed."""


class InternalError(SyrupError):
    """A fault of this project, never of the user; says how to report it."""
