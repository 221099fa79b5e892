"""From a normal form to Numba IR in SSA form, every instruction with its place in the source.

The code object comes from CPython's own compiler; it is read by Numba's interpreter and never run.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import CodeType, FunctionType
from typing import Any

from numba.core import bytecode, interpreter, ir, postproc
from numba.core.ir_utils import build_definitions
from numba.core.ssa import reconstruct_ssa

from syrupc.frontend.source import PolicySource


class Place(ir.Loc):
    """A range of source text: lines from 1, columns as UTF-8 byte offsets from 0, as `ast` counts them."""

    def __init__(self, filename: str, line: int, col: int, end_line: int, end_col: int) -> None:
        super().__init__(filename, line, col)
        self.end_line, self.end_col = end_line, end_col

    def with_lineno(self, line: int, col: int | None = None) -> ir.Loc:
        return ir.Loc(self.filename, line, col)

    @property
    def lineno(self) -> int:
        return int(self.line)

    @property
    def col_offset(self) -> int:
        return int(self.col)

    @property
    def end_lineno(self) -> int:
        return self.end_line

    @property
    def end_col_offset(self) -> int:
        return self.end_col


def to_numba_ir(node: ast.FunctionDef, source: PolicySource, names: Mapping[str, object]) -> ir.FunctionIR:
    """Numba IR of a normal form. `names` are the values of its global names."""
    function = _function(node, source, names)
    identity = bytecode.FunctionIdentity.from_function(function)
    func_ir = _Interpreter(identity, source.path_name).interpret(bytecode.ByteCode(identity))
    postproc.PostProcessor(func_ir).run()
    func_ir = reconstruct_ssa(func_ir)
    func_ir._definitions = build_definitions(func_ir.blocks)
    postproc.PostProcessor(func_ir).run(emit_dels=False)
    return func_ir


def _function(node: ast.FunctionDef, source: PolicySource, names: Mapping[str, object]) -> FunctionType:
    module = compile(ast.Module([node], []), source.base_name, "exec", dont_inherit=True, optimize=0)
    (code,) = (c for c in module.co_consts if isinstance(c, CodeType))
    return FunctionType(code, dict(names), node.name)


class _Interpreter(interpreter.Interpreter):
    """Numba's interpreter, which knows lines only, taught columns."""

    def __init__(self, identity: Any, path_name: str) -> None:
        super().__init__(identity)
        self._path_name = path_name
        self._positions = list(identity.code.co_positions())

    def _dispatch(self, inst: Any, kws: Any) -> Any:
        line, end_line, column, end_column = self._positions[(inst.offset - bytecode._FIXED_OFFSET) // 2]
        if line is not None and column is not None:
            self.loc = Place(self._path_name, line, column, end_line or line, end_column or column)
        return super()._dispatch(inst, kws)

    def _remove_unused_temporaries(self) -> None:
        # Numba's version also drops a temporary that is read again later (by a walrus, for one); what is left over
        # here costs nothing, since LLVM removes it.
        for name in self.dfainfo.outgoing_phis.values():
            self.assigner.get_assignment_source(name)  # it is read, but only after this: what is left of it stays
        unused = self.assigner.unused_dests
        self.current_block.body = [
            inst for inst in self.current_block.body if not (isinstance(inst, ir.Assign) and inst.target.name in unused)
        ]
