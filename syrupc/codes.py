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
    "SYR004": "no such policy in the file",
    "SYR005": "nothing to verify",
    "SYR006": "malformed baseline",
    "SYR007": "finding of the baseline is gone",
    "SYR008": "malformed kernel profile",
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
    "SYR111": "reference may be None",
    "SYR112": "function calls itself",
    # -- types -------------------------------------------------------------------------------------------------------
    "SYR201": "u64 meets a value that may be negative",
    "SYR202": "literal does not fit",
    "SYR203": "wrong operand types",
    "SYR204": "no such attribute or method",
    "SYR205": "wrong arguments",
    "SYR206": "types do not join",
    "SYR207": "annotation of another type",
    "SYR210": "header that the hook does not see",
    # -- lowering ----------------------------------------------------------------------------------------------------
    "SYR301": "kernel lacks a kind of map",
    "SYR302": "too much stack",
    # -- objects -----------------------------------------------------------------------------------------------------
    "SYR401": "not a BPF object",
    "SYR402": "malformed object",
    "SYR403": "object uses what is not modelled",
    # -- verification ------------------------------------------------------------------------------------------------
    "SYR501": "malformed instruction",
    "SYR502": "control flow leaves the program",
    "SYR503": "packet access not proven",
    "SYR504": "value used before it is set",
    "SYR505": "missing null test",
    "SYR506": "map value access not proven",
    "SYR507": "stack access not proven",
    "SYR508": "no such context access",
    "SYR509": "not an address to access",
    "SYR510": "pointer arithmetic not proven",
    "SYR511": "helper or hook not available",
    "SYR512": "wrong helper argument",
    "SYR513": "result out of range",
    "SYR514": "loop without an end",
    "SYR516": "too large for the kernel",
    "SYR517": "calls nested too deeply",
    "SYR518": "map not usable here",
    "SYR519": "not modelled",
    "SYR520": "unreachable code",
    "SYR521": "instruction not known to the kernel",
    "SYR522": "memory access not proven",
    "SYR523": "borrowed object not given back",
    "SYR524": "access not aligned",
    "SYR525": "object is not what it says",
    "SYR526": "takes more than is permitted",
    # -- load --------------------------------------------------------------------------------------------------------
    "SYR601": "missing privilege",
    "SYR602": "kernel lacks a feature",
    "SYR603": "map does not fit its declaration",
    "SYR604": "kernel rejects the program",
    "SYR605": "program of a kind that cannot be loaded",
    "SYR606": "kernel does not create a map",
    # -- attach ------------------------------------------------------------------------------------------------------
    "SYR701": "no socket to attach to",
    "SYR702": "socket without SO_REUSEPORT",
    "SYR703": "one socket shared by processes",
    "SYR704": "sockets that may not be borrowed",
    "SYR705": "already attached",
    "SYR706": "more sockets than executors",
    "SYR707": "pin name",
    "SYR708": "no bpf file system",
    "SYR709": "policy is no longer in place",
    "SYR710": "something was left behind",
    "SYR711": "sockets changed while attaching",
    "SYR712": "wrong sockets given",
    # -- this project ------------------------------------------------------------------------------------------------
    "SYR901": "internal error",
    "SYR902": "kernel rejects what was verified",
}

TITLES: Final = MappingProxyType(_TITLES)
