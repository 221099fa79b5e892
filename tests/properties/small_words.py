"""The verifier's domains on a smaller machine, whose words have eight bits and whose half words have four.

The modules are the same text, with other numbers where they speak of widths: what holds for every word of a small
machine can be looked at for each.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_MODULES: Final = ("tnum", "domains", "older", "compare")
_PACKAGE: Final = "syrupc.verifier"
_NEUTRAL: Final = 16
"""Numbers up to this one count things or bytes; larger ones speak of widths."""

Bits: Any = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Machine:
    """The modules for words of `word` bits."""

    word: int
    tnum: Any
    domains: Any
    compare: Any

    @property
    def half(self) -> int:
        return self.word // 2

    def words_of(self, scalar: Any) -> Bits:
        """For each word whether it is in the set: what `Scalar.contains` says, of all words at once."""
        words = np.arange(1 << self.word)
        signed = np.where(words >> (self.word - 1), words - (1 << self.word), words)
        low = words & ((1 << self.half) - 1)
        signed_low = np.where(low >> (self.half - 1), low - (1 << self.half), low)
        found = words & ~scalar.mask & ((1 << self.word) - 1) == scalar.value
        bounds = (
            (words, scalar.umin, scalar.umax),
            (signed, scalar.smin, scalar.smax),
            (low, scalar.u32min, scalar.u32max),
            (signed_low, scalar.s32min, scalar.s32max),
        )
        for numbers, least, most in bounds:
            found &= (numbers >= least) & (numbers <= most)
        return found


@cache
def machine(word: int) -> Machine:
    """The machine with words of so many bits."""
    made = {name: _module(name, word) for name in _MODULES}
    return Machine(word, made["tnum"], made["domains"], made["compare"])


def _module(name: str, word: int) -> ModuleType:
    spec = importlib.util.find_spec(f"{_PACKAGE}.{name}")
    assert spec
    assert spec.origin
    with open(spec.origin) as file:
        tree = _Smaller(word).visit(ast.parse(file.read()))
    module = ModuleType(f"words{word}_{name}")
    sys.modules[module.__name__] = module  # the imports of the others find it there
    exec(compile(ast.fix_missing_locations(tree), spec.origin, "exec"), module.__dict__)
    return module


class _Smaller(ast.NodeTransformer):
    """Puts the widths of the small machine for those of the real one, in numbers and in imports."""

    def __init__(self, word: int) -> None:
        half = word // 2
        self.word = word
        self.widths = {64: word, 63: word - 1, 32: half, 31: half - 1}
        self.widths |= {(1 << 64) - 1: (1 << word) - 1, (1 << 32) - 1: (1 << half) - 1}
        self.widths |= {1 << 63: 1 << word - 1, 1 << 31: 1 << half - 1, 1 << 64: 1 << word, 1 << 32: 1 << half}
        self.widths |= {(1 << 63) - 1: (1 << word - 1) - 1, (1 << 31) - 1: (1 << half - 1) - 1}

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if type(node.value) is not int or node.value <= _NEUTRAL:
            return node
        assert node.value in self.widths, f"line {node.lineno}: is {node.value} a width?"
        return ast.Constant(self.widths[node.value])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        if node.module and node.module.rpartition(".")[2] in _MODULES and node.module.startswith(_PACKAGE):
            return ast.ImportFrom(f"words{self.word}_{node.module.rpartition('.')[2]}", node.names, 0)
        if node.module != _PACKAGE:
            return node
        assert {alias.name for alias in node.names} <= set(_MODULES)
        return [ast.Import([ast.alias(f"words{self.word}_{each.name}", each.name)]) for each in node.names]
