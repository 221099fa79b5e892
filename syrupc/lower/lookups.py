"""Lookups: functions of the key alone while LLVM optimises, so that equal ones become one; calls of the helper then.

A helper wants its key in memory, where LLVM cannot see that nothing changes it, or that a store to a value does not
reach the map. So a lookup is first a function that reads memory which no load or store of the program reaches: only
helpers may change what it finds, as `del` does. Its definition is linked in when all else is done.
"""

from __future__ import annotations

from typing import Final

from llvmlite import ir

_LOOKUP: Final = 1
_I64: Final = ir.IntType(64)
_POINTER: Final = ir.IntType(8).as_pointer()
_HELPER: Final = ir.FunctionType(_POINTER, [_POINTER, _POINTER]).as_pointer()


class _Attributes(ir.values.FunctionAttributes):
    _known = ir.values.FunctionAttributes._known | {"willreturn", "memory(inaccessiblemem: read)"}


class Lookups:
    """The lookup functions of one module, declared there and defined in another.

    Each map has its own, so that LLVM never makes one lookup of two in different maps.
    """

    def __init__(self, module: ir.Module) -> None:
        self._module = module
        self._definitions = ir.Module("lookups")
        self._definitions.triple, self._definitions.data_layout = module.triple, module.data_layout

    def function(self, table: str, key: ir.IntType) -> ir.Function:
        """`value* lookup(map, key)`, null where there is no such key."""
        name = f"{table}.lookup"
        if name not in self._module.globals:
            self._define(name, key)
            declared = ir.Function(self._module, ir.FunctionType(_POINTER, [_POINTER, key]), name)
            declared.attributes = _Attributes(("nounwind", "willreturn", "memory(inaccessiblemem: read)"))
        return self._module.globals[name]

    def definitions(self) -> str:
        """The other module as text; empty where nothing is looked up."""
        return str(self._definitions) if self._definitions.globals else ""

    def _define(self, name: str, key: ir.IntType) -> None:
        function = ir.Function(self._definitions, ir.FunctionType(_POINTER, [_POINTER, key]), name)
        function.linkage = "linkonce_odr"  # to be dropped when it was inlined
        function.attributes.add("alwaysinline")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        place = builder.alloca(key)
        builder.store(function.args[1], place)
        arguments = [function.args[0], builder.bitcast(place, _POINTER)]
        builder.ret(builder.call(builder.inttoptr(_I64(_LOOKUP), _HELPER), arguments))
