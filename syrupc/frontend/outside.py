"""What Python has and the policy language does not: each construct by its name, and what to write instead."""

from __future__ import annotations

import ast
from typing import Final

_LOOP = "use `for i in range(n)` with a constant `n`"
_TRACE = 'to see numbers, trace them: `syrup.trace("kind {}", kind)`'
_INT = "scale to integers, for example count in thousandths"

STATEMENTS: Final[dict[type[ast.stmt], tuple[str, str]]] = {
    ast.AsyncFor: ("`async for`", _LOOP),
    ast.AsyncFunctionDef: ("an `async` function", "a policy decides at once; remove `async`"),
    ast.AsyncWith: ("`async with`", "a policy decides at once; there is nothing to wait for"),
    ast.ClassDef: ("a class inside a policy", "declare it at module level"),
    ast.FunctionDef: ("a nested function", "write its body where it is called"),
    ast.Global: ("`global`", "keep state in a map: `state = syrup.Array(u64, 1)`"),
    ast.Import: ("an import inside a policy", "import at the top of the file"),
    ast.ImportFrom: ("an import inside a policy", "import at the top of the file"),
    ast.Assert: ("a computed message of `assert`", "leave the message away, or write it out"),
    ast.Nonlocal: ("`nonlocal`", "keep state in a map: `state = syrup.Array(u64, 1)`"),
    ast.Raise: ("`raise`", "decide instead: `return syrup.PASS`"),
    ast.Try: ("`try`", "test before: `if key in table:` or `table.get(key, default)`"),
    ast.TryStar: ("`try`", "test before: `if key in table:` or `table.get(key, default)`"),
    ast.With: ("`with`", "a policy holds no resources; remove it"),
}
"""Statement -> (its name, what to write instead)."""

EXPRESSIONS: Final[dict[type[ast.expr], tuple[str, str]]] = {
    ast.Await: ("`await`", "a policy decides at once; there is nothing to wait for"),
    ast.Dict: ("a dict", "declare a map: `table = syrup.HashMap(u32, u64, 1024)`"),
    ast.DictComp: ("a dict comprehension", "declare a map: `table = syrup.HashMap(u32, u64, 1024)`"),
    ast.FormattedValue: ("an f-string", _TRACE),
    ast.GeneratorExp: ("a generator expression", _LOOP),
    ast.JoinedStr: ("an f-string", _TRACE),
    ast.Lambda: ("`lambda`", "write the expression where it is used"),
    ast.List: ("a list", "declare a map: `table = syrup.Array(u64, 16)`"),
    ast.ListComp: ("a list comprehension", _LOOP),
    ast.Set: ("a set", "declare a map: `members = syrup.HashMap(u32, bool, 1024)`"),
    ast.SetComp: ("a set comprehension", _LOOP),
    ast.Slice: ("a slice", "read the bytes one field at a time: `pkt.payload.u32(0)`"),
    ast.Starred: ("`*` unpacking", "write the values one by one"),
    ast.Tuple: ("a tuple", "use one variable for each value"),
    ast.Yield: ("`yield`", "a policy decides once; use `return`"),
    ast.YieldFrom: ("`yield from`", "a policy decides once; use `return`"),
}
"""Expression -> (its name, what to write instead)."""

OPERATORS: Final[dict[type[ast.operator], tuple[str, str]]] = {
    ast.Div: ("`/` gives a float", "use `//`, which gives an integer"),
    ast.MatMult: ("`@`", "policies have no matrices"),
}
"""Operator -> (its name, what to write instead)."""

COMPARISONS: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Is: ("`is`", "compare integers with `==`"),
    ast.IsNot: ("`is not`", "compare integers with `!=`"),
}
"""Comparison -> (its name, what to write instead)."""

CONSTANTS: Final[dict[type, tuple[str, str]]] = {
    float: ("a float", _INT),
    complex: ("a complex number", _INT),
    str: ("a string", 'packets hold bytes: `pkt.payload.startswith(b"GET ")`'),
    bytes: (
        "a bytes constant in this place",
        'it is for `pkt.payload[0:4] == b"GET "`, `.startswith(b"GET ")` and `.find(b" ", max=64)`',
    ),
    type(None): ("`None`", "use an integer; a missing key is tested with `in`"),
    type(...): ("`...`", "write the decision: `return syrup.PASS`"),
}
"""Type of a literal -> (its name, what to write instead)."""

BUILTINS: Final[dict[str, str]] = {
    "all": "join the conditions with `and`, or test them in a loop",
    "any": "join the conditions with `or`, or test them in a loop",
    "bytes": "read numbers: `pkt.payload.u32(0)`",
    "chr": "policies have no strings; use the number",
    "dict": "declare a map: `table = syrup.HashMap(u32, u64, 1024)`",
    "divmod": "write `a // b` and `a % b`",
    "enumerate": "count the turns: `for i in range(n)`",
    "float": _INT,
    "hash": "use `syrup.hash(x)`, which gives the same everywhere",
    "isinstance": "every value is an integer; compare it",
    "list": "declare a map: `table = syrup.Array(u64, 16)`",
    "ord": "write the number: 71 for `G`",
    "pow": "write `2 ** n` with a constant `n`, or shift: `1 << n`",
    "print": _TRACE,
    "reversed": "count down: `for i in range(n - 1, -1, -1)`",
    "round": "divide and round: `(x + n // 2) // n`",
    "set": "declare a map: `members = syrup.HashMap(u32, bool, 1024)`",
    "sorted": "look for the smallest in a loop",
    "str": "policies have no strings",
    "sum": "add them up in a loop",
    "tuple": "write a constant tuple at module level: `PORTS = (53, 9000)`",
    "zip": "count the turns: `for i in range(n)`",
}
"""Function of Python's own -> what to write instead; for all others the answer is what there is."""
