"""The hook `socket`: which socket of a reuse-port group receives a datagram.

The kernel keeps the program with the group, for as long as the group lives and whoever attached it. What is attached
is therefore a *stub*: it calls the program in slot 0 of a program array, and where there is none it passes, which
leaves the choice to the kernel's hash. Only a descriptor (or a pin) of ours keeps the array; when the last one goes,
the kernel empties it. A policy is replaced by one store into the slot.

Sockets of other processes are borrowed for the moment of an entry in the executor map. A borrowed descriptor that
stayed open would keep a dead worker's socket alive, and its datagrams would be lost.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from syrup._sys import maps, objects, processes, programs, sockets, uapi
from syrup._sys.fd import Fd, keep_from_children
from syrup._sys.processes import Holder
from syrup.hooks import groups, refusals
from syrup.hooks.groups import ExecutorSocket, Group
from syrupc.diagnostics import Diagnostic
from syrupc.errors import AttachError, KernelError
from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import encode

_SLOT: Final = (0).to_bytes(4, "little")
_ARRAY: Final = maps.Shape(uapi.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1)
_STUB: Final = f"""
    r2 = map({{slot}}) ll
    r3 = 0
    call {uapi.BPF_FUNC_tail_call}
    r0 = {uapi.SK_PASS}
    exit
"""
_PATIENCE: Final = 1.0
"""Seconds that the kernel may take to free the executor map of an attacher that was killed."""
_PAUSE: Final = 0.005


@dataclass(frozen=True, slots=True)
class SocketAttachment:
    """A policy in a group. `stub` is the id of the program that the group runs, `slot` holds the policy."""

    group: Group
    executors: tuple[ExecutorSocket, ...]
    executor_map: Fd
    slot: Fd
    stub: int

    def swap(self, program: Fd) -> None:
        """The next decision is this program's."""
        _store(self.slot, program)

    def in_place(self) -> bool | None:
        """Whether the group still runs our stub; `None` where this process may not ask.

        The group holds the only reference to the stub: when its last socket closes, or someone attaches another
        program, the stub's id is gone.
        """
        try:
            found = objects.program_by_id(self.stub)
        except PermissionError:
            return None
        if found is not None:
            found.close()
        return found is not None

    def detach(self) -> Diagnostic | None:
        """Give the choice back to the kernel. What could not be tidied up, if anything: by then it has no effect."""
        maps.delete(self.slot.fileno(), _SLOT)
        # Asked first: a program that someone else attached meanwhile is not ours to remove.
        left = None if self.in_place() is False else _remove_stub(self)
        _empty(self.executor_map, len(self.executors))
        return left


def attach(group: Group, executors: Sequence[ExecutorSocket], executor_map: Fd, program: Fd) -> SocketAttachment:
    """Fill the executor map and let the policy decide in the group. Raises `AttachError`; then nothing is attached."""
    room = objects.map_info(executor_map.fileno()).shape.max_entries
    if len(executors) > room:
        raise AttachError(refusals.too_many(str(group), len(executors), room))
    with ExitStack() as undo:
        undo.callback(_empty, executor_map, len(executors))
        for executor in executors:
            _enter(group, executor, executor_map)
        slot = undo.enter_context(maps.create(_ARRAY, name="syrup_slot"))
        for fd in (slot, executor_map, program):
            keep_from_children(fd)
        _store(slot, program)
        stub = _attach_stub(group, executors, slot)
        undo.pop_all()
    return SocketAttachment(group, tuple(executors), executor_map, slot, stub)


def _store(slot: Fd, program: Fd) -> None:
    maps.update(slot.fileno(), _SLOT, program.fileno().to_bytes(4, "little"))


def _enter(group: Group, executor: ExecutorSocket, executor_map: Fd) -> None:
    """Put a socket into the executor map, checked after it was borrowed."""
    deadline = time.monotonic() + _PATIENCE
    while not _try_enter(group, executor, executor_map):
        if time.monotonic() > deadline:
            raise AttachError(refusals.occupied(str(group), "its sockets are in the map of a program unknown to us"))
        time.sleep(_PAUSE)


def _try_enter(group: Group, executor: ExecutorSocket, executor_map: Fd) -> bool:
    """`False` where the socket sits in another map, perhaps one that is just being freed."""
    size = objects.map_info(executor_map.fileno()).shape.value_size
    with _borrowed(group, executor.cookie, executor.holder) as fd:
        _check(group, executor, fd)
        try:
            maps.update(
                executor_map.fileno(), executor.index.to_bytes(4, "little"), fd.fileno().to_bytes(size, "little")
            )
        except OSError as error:
            if error.errno == errno.EBUSY:
                return False
            if error.errno == errno.EINVAL:
                raise AttachError(_late_reuse_port(group, executor)) from error
            raise
    return True


def _check(group: Group, executor: ExecutorSocket, fd: Fd) -> None:
    if not sockets.reuse_port(fd.fileno()):
        who = executor.holder.pid, executor.command, executor.holders
        raise AttachError(refusals.no_reuse_port(str(group), *who))


@contextmanager
def _borrowed(group: Group, cookie: int, holder: Holder) -> Iterator[Fd]:
    """The socket of that cookie, whatever the process did since it was seen."""
    try:
        fd = processes.borrow(holder)
    except processes.GoneError as error:
        raise AttachError(refusals.changed(str(group))) from error
    except PermissionError as error:
        command = processes.command(holder.pid)
        raise AttachError(refusals.not_borrowed(str(group), group.uid, holder.pid, command)) from error
    with fd:
        if not sockets.is_socket(fd.fileno()) or sockets.cookie(fd.fileno()) != cookie:
            raise AttachError(refusals.changed(str(group)))
        yield fd


def _attach_stub(group: Group, executors: Sequence[ExecutorSocket], slot: Fd) -> int:
    code = encode(parse_program(_STUB.format(slot=slot.fileno())))
    kind = uapi.PROGRAM_TYPES["sk_reuseport"]
    first = executors[0]
    with programs.load(programs.ProgramCode(kind, "syrup_stub", code, "GPL")) as stub:
        number = objects.program_info(stub.fileno()).id
        with _borrowed(group, first.cookie, first.holder) as fd:
            sockets.attach_reuseport(fd.fileno(), stub.fileno())
    return number


def _remove_stub(attachment: SocketAttachment) -> Diagnostic | None:
    """Through any socket of the group: the ones we know first, then whoever is in the group now."""
    known = [(executor.cookie, executor.holder) for executor in attachment.executors]
    if _detach_through(attachment.group, known):
        return None
    try:
        found = [(row.cookie, holder) for row, holder in groups.members(attachment.group)]
    except KernelError as error:
        return error.diagnostics[0]
    if not found or _detach_through(attachment.group, found):
        return None
    return Diagnostic(
        "SYR710",
        f"the stub could not be removed from {attachment.group}",
        notes=("no socket of the group could be borrowed; the stub passes everything to the kernel's hash",),
    )


def _detach_through(group: Group, ways: Sequence[tuple[int, Holder]]) -> bool:
    for cookie, holder in ways:
        try:
            with _borrowed(group, cookie, holder) as fd:
                sockets.detach_reuseport(fd.fileno())
                return True
        except AttachError:
            continue  # This one is gone or closed to us; another may do.
    return False


def _empty(executor_map: Fd, count: int) -> None:
    """Take the sockets out now: the kernel frees a map some time after its last descriptor."""
    for index in range(count):
        maps.delete(executor_map.fileno(), index.to_bytes(4, "little"))


def _late_reuse_port(group: Group, executor: ExecutorSocket) -> Diagnostic:
    return Diagnostic(
        "SYR702",
        f"the socket of {group} is in no reuse-port group",
        notes=(f"{refusals.described(executor.holder.pid, executor.command)} set SO_REUSEPORT only after `bind`",),
        help=("set SO_REUSEPORT before `bind`",),
    )
