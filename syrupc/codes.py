"""Every diagnostic code, once: its number and its title. A number is never given to another meaning.

SYR0xx command line, 1xx language, 2xx types, 3xx lowering, 4xx objects, 5xx verification, 6xx load, 7xx attach,
9xx faults of this project itself.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_TITLES: Final[dict[str, str]] = {
    # -- command line ------------------------------------------------------------------------------------------------
    "SYR001": "file cannot be read",
    "SYR002": "file cannot be written",
    "SYR003": "unknown option value",
    # -- language ----------------------------------------------------------------------------------------------------
    "SYR101": "construct outside the policy language",
    "SYR102": "syntax error",
    "SYR103": "no policy in the file",
    "SYR104": "unknown name",
    "SYR105": "wrong policy signature",
    "SYR106": "wrong declaration",
    "SYR107": "variable may be unset",
    "SYR108": "path without a return",
    "SYR109": "loop without a known bound",
    "SYR110": "import outside the policy language",
    # -- types -------------------------------------------------------------------------------------------------------
    "SYR201": "u64 meets a value that may be negative",
    "SYR202": "literal does not fit",
    "SYR203": "wrong operand types",
    "SYR204": "no such attribute or method",
    "SYR205": "wrong arguments",
    "SYR206": "types do not join",
    # -- lowering ----------------------------------------------------------------------------------------------------
    "SYR301": "not available at this hook",
    "SYR302": "not available on this kernel",
    "SYR303": "the code generator refused the program",
    # -- objects -----------------------------------------------------------------------------------------------------
    "SYR401": "not a BPF object",
    "SYR402": "malformed object",
    "SYR403": "object uses what is not modelled",
    # -- verification ------------------------------------------------------------------------------------------------
    "SYR501": "malformed instruction",
    "SYR502": "control flow leaves the program",
    # -- load --------------------------------------------------------------------------------------------------------
    "SYR601": "missing privilege",
    "SYR602": "kernel lacks a feature",
    # -- attach ------------------------------------------------------------------------------------------------------
    "SYR701": "no socket to attach to",
    # -- this project ------------------------------------------------------------------------------------------------
    "SYR901": "internal error",
}

TITLES: Final = MappingProxyType(_TITLES)
