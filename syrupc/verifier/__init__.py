"""The static pre-verifier: judges the bytes that ship, with plain Python and without the compiler's help."""

from syrupc.verifier.gate import verify
from syrupc.verifier.verdict import Outcome, ProgramVerdict, Verdict, VerifiedObject

__all__ = ["Outcome", "ProgramVerdict", "Verdict", "VerifiedObject", "verify"]
