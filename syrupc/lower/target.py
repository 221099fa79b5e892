"""The custom Numba target: Numba's lowering of control flow and variables, with the language's own operations.

Borders with Numba (no stable interface: the version is pinned, and a test fails loudly on another): the target context
answers for every operation, cast and constant; the calling convention gives a status and writes the result through a
pointer; the lowerer adds columns to places. Numba's registries of implementations are neither read nor written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import numba
from llvmlite import ir
from numba.core import callconv, datamodel, funcdesc, lowering, types
from numba.core import errors as numba_errors
from numba.core.base import BaseContext
from numba.core.compiler import Flags
from numba.core.datamodel import models
from numba.core.target_extension import Generic, target_registry
from numba.core.targetconfig import ConfigStack
from numba.core.typed_passes import IRLegalization, PreLowerStripPhis

from syrupc.diagnostics import Diagnostic
from syrupc.errors import InternalError
from syrupc.frontend.infer import TypedFunction
from syrupc.frontend.types import (
    BOOLEAN,
    DECISION,
    Bytes,
    Capped,
    Constants,
    Decision,
    Group,
    HelperRef,
    InputType,
    Int,
    Intrinsic,
    Lit,
    MapRef,
    Method,
    Place,
    Range,
    Record,
    StructRef,
    Vector,
    View,
    Word,
    as_int,
)
from syrupc.frontend.typing import IntrinsicName, TypingContext
from syrupc.lower import arithmetic, builtins, calls, decisions, maps, records, search, text, views
from syrupc.lower.code import I32, I64, Code, FunctionState, Lowering, const
from syrupc.lower.debug import FunctionDebug
from syrupc.lower.module import BYTE_POINTER

_SUPPORTED_NUMBA: Final = (0, 68)

LOWERINGS: Final[Mapping[str, Lowering]] = {
    **arithmetic.LOWERINGS,
    **builtins.LOWERINGS,
    **calls.LOWERINGS,
    **decisions.LOWERINGS,
    **maps.LOWERINGS,
    **records.LOWERINGS,
    **search.LOWERINGS,
    **text.LOWERINGS,
    **views.LOWERINGS,
}
"""Operation -> its lowering, for every operation that has a typing rule."""


class BPF(Generic):
    """The name of the target, for Numba."""


target_registry["bpf"] = BPF


class _LeafModel(models.PrimitiveModel):
    """A type that is one LLVM value everywhere."""

    VALUES: Final[Mapping[type, ir.Type]] = {
        Int: I64,
        Lit: I64,
        Decision: decisions.VALUE,
        InputType: BYTE_POINTER,
        View: BYTE_POINTER,
        Method: BYTE_POINTER,
        MapRef: BYTE_POINTER,
        Intrinsic: BYTE_POINTER,
        HelperRef: BYTE_POINTER,
        StructRef: BYTE_POINTER,
        Word: BYTE_POINTER,
        Bytes: BYTE_POINTER,
        Place: BYTE_POINTER,
        Range: BYTE_POINTER,
        Constants: BYTE_POINTER,
        Capped: I64,
    }

    def __init__(self, dmm: Any, fe_type: types.Type) -> None:
        kind = self.VALUES[type(fe_type)]
        if isinstance(fe_type, Range | Constants | Capped) and fe_type.iterating:
            kind = builtins.ITERATOR.as_pointer()
        super().__init__(dmm, fe_type, kind)


class _AggregateModel(models.PrimitiveModel):
    """A type of several parts, held as one LLVM value."""

    def __init__(self, dmm: Any, fe_type: types.Type) -> None:
        super().__init__(dmm, fe_type, held(fe_type))


def held(kind: types.Type) -> ir.Type:
    """How a value of this type is held in LLVM IR."""
    match kind:
        case Record(spec=spec) | Vector(spec=spec):
            return records.aggregate(spec)
        case Group(parts=parts):
            return ir.LiteralStructType([held(p) for p in parts])
        case _ if kind == BOOLEAN:
            return ir.IntType(1)
    return _LeafModel.VALUES[type(kind)]


def _data_models() -> Any:
    manager = datamodel.default_manager.copy()
    for kind in _LeafModel.VALUES:
        manager.register(kind, _LeafModel)
    for kind in (Record, Vector, Group):
        manager.register(kind, _AggregateModel)
    return manager


class CallConvention(callconv.BaseCallConv):
    """`status f(result*, arguments...)`: status 0, or the counter slot of the fault that ended the function.

    A policy's own function has no result: it carries its decision out, and its status is the slot that counts this.
    """

    def _make_call_helper(self, _builder: Any) -> None:
        return None

    def return_value(self, builder: Any, retval: Any) -> None:
        state = self.context.function_state
        if state.decide is not None:
            decision = [builder.extract_value(retval, index) for index in range(len(retval.type.elements))]
            builder.ret(builder.call(state.decide, [state.context, *decision]))
            return
        builder.store(retval, builder.function.args[0])
        builder.ret(I32(0))

    def get_function_type(self, restype: Any, argtypes: Any) -> ir.FunctionType:
        arguments = list(self._get_arg_packer(argtypes).argument_types)
        return ir.FunctionType(I32, [self.get_return_type(restype), *arguments])

    def decorate_function(self, fn: Any, args: Any, fe_argtypes: Any, **_: Any) -> None:
        names = [f"arg.{a}" for a in args]
        self._get_arg_packer(fe_argtypes).assign_names(self.get_arguments(fn), names)
        fn.args[0].name = "decision"

    def get_arguments(self, func: Any) -> Any:
        return func.args[1:]


class _Codegen:
    """Numba asks whether two contexts share one."""


class TargetContext(BaseContext):
    """Answers how each operation, cast and constant is lowered."""

    enable_debuginfo = True
    function_state: FunctionState
    function_debug: FunctionDebug

    def __init__(self, typing_context: TypingContext, state: FunctionState, debug: FunctionDebug) -> None:
        self._codegen = _Codegen()
        super().__init__(typing_context, "bpf")
        self.data_model_manager = _data_models()
        self.function_state, self.function_debug = state, debug

    def codegen(self) -> Any:
        return self._codegen

    @cached_property
    def call_conv(self) -> CallConvention:
        return CallConvention(self)

    @property
    def DIBuilder(self) -> Any:  # noqa: N802 -- Numba's name
        return lambda **_: self.function_debug

    def load_additional_registries(self) -> None:
        """There are none."""

    def post_lowering(self, *_: Any) -> None:
        """Nothing to transform."""

    def get_function(self, fn: Any, sig: Any, _firstcall: bool = True) -> Any:
        key = fn if isinstance(fn, str) else fn.get_impl_key(sig)
        self.function_state.callee = fn.helper if isinstance(fn, HelperRef) else ""
        lower = LOWERINGS[key]

        def call(builder: Any, args: Any, _loc: Any = None) -> Any:
            result = lower(Code(builder, self.function_state), sig, list(args))
            return self.get_dummy_value() if result is None else result

        return call

    def get_getattr(self, typ: Any, attr: str) -> Any:
        attribute = records.attribute if isinstance(typ, Record) else views.attribute
        return lambda _context, builder, _typ, value, _attr: attribute(
            Code(builder, self.function_state), typ, value, attr
        )

    def get_bound_function(self, _builder: Any, obj: Any, _ty: Any) -> Any:
        return obj

    def cast(self, builder: Any, val: Any, fromty: Any, toty: Any) -> Any:
        if fromty == toty:
            return val
        code = Code(builder, self.function_state)
        if toty == DECISION:
            return decisions.decide(code, val, fromty)
        if isinstance(toty, Group):
            parts = [self.cast(builder, builder.extract_value(val, i), *k) for i, k in _pairs(fromty, toty)]
            return records.grouped(code, parts)
        assert as_int(fromty) is not None, f"cast from {fromty} to {toty}"
        return code.truth(val, fromty) if toty == BOOLEAN else code.register(val, fromty)

    def get_constant_generic(self, builder: Any, ty: Any, val: Any) -> Any:
        if ty == DECISION:
            if isinstance(val, IntrinsicName):
                return decisions.special(val.name)
            # A constant that is assigned straight to a variable which is a decision on another path.
            return decisions.decide(Code(builder, self.function_state), const(val), Lit(int(val)))
        if ty == BOOLEAN:
            return ir.IntType(1)(int(val))
        if isinstance(ty, Int):
            return const(val)
        return self.get_dummy_value()

    def get_abi_sizeof(self, _ty: Any) -> int:
        return 0  # asked for only to describe variables to a debugger, which `FunctionDebug` does not

    def pair_first(self, builder: Any, val: Any, _ty: Any) -> Any:
        return builder.extract_value(val, 0)

    def pair_second(self, builder: Any, val: Any, _ty: Any) -> Any:
        return builder.extract_value(val, 1)


def _pairs(before: Any, after: Group) -> enumerate[tuple[types.Type, types.Type]]:
    return enumerate(zip(before.parts, after.parts, strict=True))


class _Library:
    """Where Numba puts what it lowers: into the one module of the file."""

    def __init__(self, module: ir.Module) -> None:
        self.module = module

    def create_ir_module(self, _name: str) -> ir.Module:
        return self.module

    def add_ir_module(self, _module: ir.Module) -> None:
        """It is there already."""


class _Lowerer(lowering.Lower):
    """Numba's lowering, with columns, and without what belongs to a Python process."""

    def emit_environment_object(self) -> None:
        """There is no interpreter to look things up in."""

    def _compute_def_location(self) -> Any:
        return self.func_ir.loc

    def extract_function_arguments(self) -> Any:
        arguments = super().extract_function_arguments()
        # A packet, and a view of one, is the kernel's context as far as registers go.
        packets_ = [a for a, kind in zip(arguments, self.fndesc.argtypes, strict=True) if _is_packet(kind)]
        self.context.function_state.context = packets_[0] if packets_ else None
        return arguments

    def lower_inst(self, inst: Any) -> None:
        self.context.function_state.loc = self.loc
        source = self.context.function_state.module.source
        column = 0 if self.loc.col is None else source.column(self.loc.line, self.loc.col)
        self.debuginfo.column = column
        super().lower_inst(inst)


def _is_packet(kind: types.Type) -> bool:
    return isinstance(kind, InputType | View)


class _PassState(dict[str, Any]):
    """What Numba's passes read and write, by attribute and by item."""

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def lower_function(function: TypedFunction, name: str, state: FunctionState, debug: FunctionDebug) -> ir.Function:
    """Lower a typed function into the module of `state`, under `name`, to be inlined into its program."""
    _require_numba()
    flags = Flags()
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.dbg_directives_only = True
    passes = _PassState(func_ir=function.func_ir, typemap=dict(function.variables), flags=flags)
    for numba_pass in (PreLowerStripPhis, IRLegalization):
        numba_pass().run_pass(passes)
    with ConfigStack().enter(flags):
        descriptor = funcdesc.PythonFunctionDescriptor.from_specialized_function(
            passes.func_ir,
            passes.typemap,
            function.result,
            dict(function.operations),
            mangler=lambda *_, **__: name,
            inline=True,
            noalias=False,
            abi_tags=(),
        )
        context = TargetContext(TypingContext(), state, debug)
        try:
            _Lowerer(context, _Library(state.module.module), descriptor, passes.func_ir).lower()
        except numba_errors.NumbaError as error:
            raise _lowering_failed(error) from error
    lowered = state.module.module.get_global(name)
    lowered.linkage = "internal"
    return lowered


def _require_numba() -> None:
    if numba.version_info.short != _SUPPORTED_NUMBA:
        found = ".".join(map(str, numba.version_info.short))
        wanted = ".".join(map(str, _SUPPORTED_NUMBA))
        message = f"Numba {found} is installed, and this release works with {wanted}"
        help_line = f"`pip install 'numba=={wanted}.*'`"
        raise InternalError(Diagnostic("SYR901", message, help=(help_line,)))


def _lowering_failed(error: Exception) -> InternalError:
    notes = (f"stage: lower; {type(error).__name__}",)
    return InternalError(
        Diagnostic(
            "SYR901",
            "a typed policy could not be lowered",
            notes=notes,
            details=(str(error),),
            help=("please report this policy",),
        )
    )
