"""The process that runs LLVM: takes IR, gives object code, until it is not asked any more.

It knows nothing of policies, and imports nothing but llvmlite: it is small and starts quickly.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import llvmlite.binding as llvm

TRIPLE: Final = "bpfel"
_IDLE_S: Final = 30.0
_OPTIONS: Final = (
    # Sums that a loop accumulates stay loops: LLVM's closed forms multiply 128 bits, which is a call to a function that
    # BPF does not have.
    "-replexitval=never",
    # LLVM may join comparisons of one value: those that kernels must see are of values that it knows nothing of. Loops
    # whose ends it cannot see stay loops.
    "-bpf-disable-serialize-icmp",
    # A `match` on many values does not become a table: LLVM knows that an index is in it, and verifiers do not always.
    "-switch-to-lookup=false",
)


# LLVM 22's BPF peephole pass takes away zero extensions that have other uses, and LLVM then ends its process ("Register
# use before def!"). Without it there is an instruction or two more.
_CAREFUL: Final = "-disable-bpf-peephole"


@dataclass(frozen=True)
class Request:
    """A module as text, for a BPF cpu ("v3", "v4"), and one that is linked in once LLVM has optimised it; the forms for
    people only on request. `careful` leaves out what LLVM itself may fail in; the process ends after it. `in_order`
    leaves blocks where they stand, for more instructions."""

    text: str
    late: str
    cpu: str
    with_text: bool
    careful: bool = False
    in_order: bool = False


@dataclass(frozen=True)
class Emitted:
    """What LLVM made of a module."""

    object_code: bytes
    optimised: str
    assembly: str


def serve() -> None:
    """Answer requests on standard input, which is a socket, until its other end is closed or falls silent."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    for option in _OPTIONS:
        llvm.set_option("syrupc", option)
    with Connection(os.dup(0)) as connection:
        while connection.poll(_IDLE_S):
            try:
                request: Request = connection.recv()
            except EOFError:
                return
            if request.careful:
                llvm.set_option("syrupc", _CAREFUL)
            connection.send(_answer(request))
            if request.careful:  # an option stays set
                return


def _answer(request: Request) -> Emitted | str:
    try:
        return _emit(request)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _emit(request: Request) -> Emitted:
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(cpu=request.cpu, opt=0 if request.in_order else 2)
    module = llvm.parse_assembly(request.text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    if request.late:
        _link_late(module, request.late, builder)
    _keep_tops(module)
    optimised = str(module) if request.with_text else ""
    assembly = machine.emit_assembly(module) if request.with_text else ""
    return Emitted(machine.emit_object(module), optimised, assembly)


def _link_late(module: llvm.ModuleRef, late: str, builder: llvm.PassBuilder) -> None:
    """Put in the definitions of functions that LLVM was not to look into."""
    module.link_in(llvm.parse_assembly(late))
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.run(module, builder)


def _keep_tops(module: llvm.ModuleRef) -> None:
    """Let loops be entered at their tops: kernels before 6.12 refuse one into whose top control falls from inside.

    LLVM puts a block that jumps to the top of its loop in front of the top, except where it optimises for size.
    """
    for function in module.functions:
        if not function.is_declaration and _has_loop(function):
            function.add_function_attribute("optsize")


def _has_loop(function: llvm.ValueRef) -> bool:
    """Whether a search from the first block meets one that it has not left."""
    following = {block.name: _successors(block) for block in function.blocks}
    pending = [(name := next(iter(following)), iter(following[name]))]
    opened, left = {name}, set[str]()
    while pending:
        name, others = pending[-1]
        after = next(others, None)
        if after is None:
            opened.remove(name)
            left.add(name)
            pending.pop()
        elif after in opened:
            return True
        elif after not in left:
            opened.add(after)
            pending.append((after, iter(following[after])))
    return False


def _successors(block: llvm.ValueRef) -> list[str]:
    *_, last = block.instructions
    return [each.name for each in last.operands if each.value_kind is llvm.ValueKind.basic_block]
