"""Debug information: what makes LLVM write BTF, so that kernels and tools show Python lines, functions and map types.

LLVM derives `.BTF` and `.BTF.ext` from DWARF metadata. The file stands there by its base name and with its text, so
that objects are the same wherever they are compiled, and need no source beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from llvmlite.ir import values
from numba.core import debuginfo

from syrupc.frontend.source import PolicySource
from syrupc.spec import ArrayType, IntType, StoredType, StructType

_LANGUAGE = "DW_LANG_C11"  # BTF knows the types of C; Python's own tag changes nothing of it
_PRODUCER = "syrupc"


@dataclass(frozen=True)
class Token:
    """A word of LLVM's that stands without quotes."""

    word: str


class MetadataNode(values.NamedValue):
    """A metadata node by its text. llvmlite's own nodes are compared by content, which no cycle survives."""

    name_prefix = "!"

    def __init__(self, module: ir.Module, text: str) -> None:
        super().__init__(module, ir.MetaDataType(), name=str(len(module.metadata)))
        self.text = text
        module.metadata.append(self)

    def descr(self, buf: list[str]) -> None:
        buf += (self.text, "\n")

    def _get_reference(self) -> str:
        return f"!{self.name}"


class MetadataList(MetadataNode):
    """A list of nodes that may grow after others refer to it."""

    def __init__(self, module: ir.Module, elements: list[MetadataNode | None]) -> None:
        super().__init__(module, "")
        self.elements = elements

    def descr(self, buf: list[str]) -> None:
        references = (e.get_reference() if e is not None else "null" for e in self.elements)
        buf += (f"!{{{', '.join(references)}}}", "\n")


Operand = MetadataNode | Token | str | int | bool | None


def _rendered(value: Operand) -> str:
    match value:
        case MetadataNode():
            return str(value.get_reference())
        case Token(word=word):
            return word
        case str():
            return f'"{_escaped(value)}"'
        case bool():
            return str(value).lower()
        case None:
            return "null"
    return str(value)


def _escaped(text: str) -> str:
    plain = (chr(b) if 0x20 <= b < 0x7F and b not in b'"\\' else f"\\{b:02x}" for b in text.encode())
    return "".join(plain)


class DebugInfo:
    """The debug metadata of one LLVM module."""

    def __init__(self, module: ir.Module, source: PolicySource) -> None:
        self.module, self.source = module, source
        self._shared: dict[str, MetadataNode] = {}
        self.file = self._node("DIFile", {"filename": source.base_name, "directory": "", "source": source.text})
        self._globals = self._list([])
        self.unit = self._node(
            "DICompileUnit",
            {
                "language": Token(_LANGUAGE),
                "file": self.file,
                "producer": _PRODUCER,
                "isOptimized": True,
                "runtimeVersion": 0,
                "emissionKind": Token("FullDebug"),
                "globals": self._globals,
            },
            is_distinct=True,
        )
        module.add_named_metadata("llvm.dbg.cu", self.unit)
        number = ir.IntType(32)
        for name, value in (("Debug Info Version", 3), ("Dwarf Version", 5)):
            module.add_named_metadata("llvm.module.flags", [number(2), name, number(value)])

    # -- types ---------------------------------------------------------------------------------------------------------

    def integer(self, kind: IntType) -> MetadataNode:
        """The C type of a stored integer."""
        names = {8: "char", 16: "short", 32: "int", 64: "long long"}
        name = "_Bool" if kind.bits == 1 else ("" if kind.signed else "unsigned ") + names[kind.bits]
        encoding = "DW_ATE_boolean" if kind.bits == 1 else "DW_ATE_signed" if kind.signed else "DW_ATE_unsigned"
        return self._node("DIBasicType", {"name": name, "size": kind.size * 8, "encoding": Token(encoding)})

    def pointer(self, target: MetadataNode | None) -> MetadataNode:
        return self._node("DIDerivedType", {"tag": Token("DW_TAG_pointer_type"), "baseType": target, "size": 64})

    def array(self, element: MetadataNode, element_bits: int, count: int) -> MetadataNode:
        extent = self._node("DISubrange", {"count": count})
        return self._node(
            "DICompositeType",
            {
                "tag": Token("DW_TAG_array_type"),
                "baseType": element,
                "size": element_bits * count,
                "elements": self._list([extent]),
            },
        )

    def stored(self, kind: StoredType) -> MetadataNode:
        """The C type of what a key or a value holds."""
        match kind:
            case IntType():
                return self.integer(kind)
            case ArrayType():
                return self.array(self.stored(kind.element), kind.element.size * 8, kind.count)
            case StructType():
                members = [(f.name, self.stored(f.type), f.type.size, f.offset) for f in kind.fields]
                return self._structure(members, kind.size, kind.name)

    def structure(self, members: Sequence[tuple[str, MetadataNode]]) -> MetadataNode:
        """A struct of pointers, as the definition of a map is written."""
        placed = [(name, kind, 8, 8 * index) for index, (name, kind) in enumerate(members)]
        return self._structure(placed, 8 * len(members))

    def _structure(
        self, members: Sequence[tuple[str, MetadataNode, int, int]], size: int, name: str | None = None
    ) -> MetadataNode:
        """A struct of members, each with its size and offset in bytes."""
        nodes = [
            self._node(
                "DIDerivedType",
                {
                    "tag": Token("DW_TAG_member"),
                    "name": member,
                    "file": self.file,
                    "line": 1,
                    "baseType": kind,
                    "size": 8 * bytes_,
                    "offset": 8 * offset,
                },
            )
            for member, kind, bytes_, offset in members
        ]
        named: dict[str, Operand] = {"name": name} if name else {}
        return self._node(
            "DICompositeType",
            {
                "tag": Token("DW_TAG_structure_type"),
                **named,
                "file": self.file,
                "line": 1,
                "size": 8 * size,
                "elements": self._list(nodes),
            },
        )

    # -- definitions ---------------------------------------------------------------------------------------------------

    def global_variable(self, variable: ir.GlobalVariable, kind: MetadataNode, line: int) -> None:
        node = self._node(
            "DIGlobalVariable",
            {
                "name": variable.name,
                "scope": self.unit,
                "file": self.file,
                "line": line,
                "type": kind,
                "isLocal": False,
                "isDefinition": True,
            },
            is_distinct=True,
        )
        expression = self._node("DIExpression", {})
        both = self._node("DIGlobalVariableExpression", {"var": node, "expr": expression})
        variable.set_metadata("dbg", both)
        self._globals.elements.append(both)

    def function(self, name: str, parameters: Sequence[str], line: int) -> MetadataNode:
        """The subprogram of a function of the program: places inside refer to it, also where it is inlined."""
        result = self.integer(IntType("int", 32, True))
        kinds = [(parameter, self.pointer(None)) for parameter in parameters]
        flags = "DISPFlagDefinition | DISPFlagOptimized | DISPFlagLocalToUnit"
        return self._subprogram(name, result, kinds, line, flags)

    def program(self, function: ir.Function, line: int) -> MetadataNode:
        """The subprogram of an entry point: `int name(void *ctx)`."""
        result = self.integer(IntType("int", 32, True))
        parameters = (("ctx", self.pointer(None)),)
        node = self._subprogram(function.name, result, parameters, line, "DISPFlagDefinition | DISPFlagOptimized")
        function.set_metadata("dbg", node)
        return node

    def _subprogram(
        self,
        name: str,
        result: MetadataNode | None,
        parameters: Sequence[tuple[str, MetadataNode]],
        line: int,
        flags: str,
    ) -> MetadataNode:
        """Parameters are retained by name: the kernel rejects a function whose parameters have none."""
        kinds = self._list([result, *(kind for _, kind in parameters)])
        retained = self._list([])
        node = self._node(
            "DISubprogram",
            {
                "name": name,
                "scope": self.file,
                "file": self.file,
                "line": line,
                "scopeLine": line,
                "type": self._node("DISubroutineType", {"types": kinds}),
                "unit": self.unit,
                "spFlags": Token(flags),
                "retainedNodes": retained,
            },
            is_distinct=True,
        )
        for index, (parameter, kind) in enumerate(parameters):
            retained.elements.append(
                self._node(
                    "DILocalVariable",
                    {
                        "name": parameter,
                        "arg": index + 1,
                        "scope": node,
                        "file": self.file,
                        "line": line,
                        "type": kind,
                    },
                )
            )
        return node

    def location(self, scope: MetadataNode, line: int, column: int) -> MetadataNode:
        return self._node("DILocation", {"line": line, "column": column, "scope": scope})

    def _node(self, kind: str, operands: dict[str, Operand], is_distinct: bool = False) -> MetadataNode:
        body = ", ".join(f"{key}: {_rendered(value)}" for key, value in operands.items())
        text = f"!{kind}({body})"
        if is_distinct:
            return MetadataNode(self.module, f"distinct {text}")
        if text not in self._shared:
            self._shared[text] = MetadataNode(self.module, text)
        return self._shared[text]

    def _list(self, elements: Sequence[MetadataNode | None]) -> MetadataList:
        return MetadataList(self.module, list(elements))


class FunctionDebug(debuginfo.AbstractDIBuilder):
    """What Numba's lowering tells of places, turned into locations with columns."""

    def __init__(self, debug: DebugInfo, scope: MetadataNode) -> None:
        self.debug, self.scope = debug, scope
        self.column = 0

    def mark_location(self, builder: Any, line: int) -> None:
        builder.debug_metadata = self.debug.location(self.scope, line, self.column)

    def mark_variable(self, *_: Any, **__: Any) -> None:
        """Variables live in registers; BTF has no place for them."""

    def mark_subprogram(self, *_: Any, **__: Any) -> None:
        """The subprogram exists before lowering starts."""

    def initialize(self) -> None:
        """Nothing to prepare."""

    def finalize(self) -> None:
        """Nothing is left open."""
