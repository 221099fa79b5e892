"""The helpers that read and write packets, and those that choose where they go."""

from __future__ import annotations

from errno import EFAULT, EINVAL, ENOENT
from typing import Final

from syrupc.isa.machine.executors import ExecutorMap
from syrupc.isa.machine.live import SocketRegion
from syrupc.isa.machine.memory import StepError, UnmodelledStepError
from syrupc.isa.machine.state import State, Target

_M32: Final = (1 << 32) - 1
_INT_MAX: Final = (1 << 31) - 1
_ENOTSUPP: Final = 524
_TCP: Final = 6


def skb_load_bytes(state: State, context: int, offset: int, to: int, size: int) -> int:
    state.require_context(context)
    offset, size = offset & _M32, size & _M32
    return _copied(state, to, size, state.packet.load(offset, size) if offset <= _INT_MAX else None)


def skb_load_bytes_relative(state: State, context: int, offset: int, to: int, size: int, start: int) -> int:
    state.require_context(context)
    offset, size = offset & _M32, size & _M32
    headers = {0: state.packet.packet.mac, 1: state.packet.packet.network}
    header = headers.get(start & _M32) if offset <= 0xFFFF else None
    return _copied(state, to, size, state.packet.load_from_header(header, offset, size))


def _copied(state: State, to: int, size: int, data: bytes | None) -> int:
    """Copies, or clears what could not be copied."""
    if data is None:
        state.memory.clear(to, size)
        return -EFAULT
    state.memory.write(to, data)
    return 0


def skb_store_bytes(state: State, context: int, offset: int, source: int, size: int, flags: int) -> int:
    state.require_context(context)
    offset, size = offset & _M32, size & _M32
    data = state.memory.read(source, size)
    if flags & ~3:
        return -EINVAL
    return 0 if offset <= _INT_MAX and state.packet.store(offset, data) else -EFAULT


def xdp_load_bytes(state: State, context: int, offset: int, to: int, size: int) -> int:
    state.require_context(context)
    offset, size = offset & _M32, size & _M32
    if offset > 0xFFFF or size > 0xFFFF:
        return -EFAULT
    data = state.packet.load(offset, size)
    if data is None:
        return -EINVAL
    state.memory.write(to, data)
    return 0


def xdp_store_bytes(state: State, context: int, offset: int, source: int, size: int) -> int:
    state.require_context(context)
    offset, size = offset & _M32, size & _M32
    data = state.memory.read(source, size)
    if offset > 0xFFFF or size > 0xFFFF:
        return -EFAULT
    return 0 if state.packet.store(offset, data) else -EINVAL


def xdp_get_buff_len(state: State, context: int) -> int:
    state.require_context(context)
    return len(state.packet.data)


_VLAN_PROTOCOLS: Final = (0x0081, 0xA888)
"""802.1Q and 802.1AD in network order; any other number counts as the first."""


def skb_vlan_push(state: State, context: int, protocol: int, tag: int) -> int:
    """A first tag stays beside the packet, as if the network card were to insert it."""
    state.require_context(context)
    structure, _ = state.memory.find(context)
    present, tci, proto = 20, 24, 28
    if structure.load(present, 4):
        raise UnmodelledStepError("a second VLAN tag")
    protocol &= 0xFFFF
    for offset, value in (
        (present, 1),
        (tci, tag & 0xFFFF),
        (proto, protocol if protocol in _VLAN_PROTOCOLS else _VLAN_PROTOCOLS[0]),
    ):
        structure.data[offset : offset + 4] = value.to_bytes(4, "little")
    return 0


# -- decisions ---------------------------------------------------------------------------------------------------------


def sk_select_reuseport(state: State, context: int, map_address: int, key: int, _flags: int) -> int:
    state.require_context(context)
    executors = _executors(state, map_address)
    index = int.from_bytes(state.memory.read(key, 4), "little")
    if index not in executors.values:
        return -ENOENT
    state.target = Target(executors, index)
    return 0


_XDP_REDIRECT: Final = 4
_XDP_ACTIONS: Final = 3


def redirect_map(state: State, map_address: int, key: int, flags: int) -> int:
    executors = _executors(state, map_address)
    if flags & ~_XDP_ACTIONS:
        raise UnmodelledStepError("redirect_map to several devices")
    if key & _M32 not in executors.values:
        return flags
    state.target = Target(executors, key & _M32)
    return _XDP_REDIRECT


def _executors(state: State, map_address: int) -> ExecutorMap:
    found = state.map_at(map_address)
    if not isinstance(found, ExecutorMap):
        raise StepError(f"map {found.shape.name} of type {found.shape.type} holds no executors")
    return found


# -- sockets -----------------------------------------------------------------------------------------------------------


def sk_fullsock(state: State, address: int) -> int:
    return address if _socket(state, address) else 0


def tcp_sock(state: State, address: int) -> int:
    socket = _socket(state, address)
    if socket and socket.socket.protocol == _TCP:
        raise UnmodelledStepError("the fields of a TCP socket")
    return 0


def _socket(state: State, address: int) -> SocketRegion | None:
    if not address:
        return None
    region, _ = state.memory.find(address)
    if not isinstance(region, SocketRegion):
        raise StepError(f"{region.name} given to a helper in place of a socket")
    return region


# -- checksums ---------------------------------------------------------------------------------------------------------


def csum_diff(state: State, old: int, old_size: int, new: int, new_size: int, seed: int) -> int:
    """Folded to 16 bits, as on all architectures since Linux 6.13."""
    old_size, new_size, seed = old_size & _M32, new_size & _M32, seed & _M32
    if (old_size | new_size) & 3:
        return -EINVAL
    old_data, new_data = state.memory.read(old, old_size), state.memory.read(new, new_size)
    if old_data and new_data:
        return _fold16(_sum32(new_data, seed) + (~_sum32(old_data, 0) & _M32))
    if new_data:
        return _fold16(_sum32(new_data, seed))
    return _fold16(~_sum32(old_data, ~seed & _M32) & _M32) if old_data else _fold16(seed)


def _sum32(data: bytes, seed: int) -> int:
    """The ones' complement sum in 32 bits."""
    total = seed + sum(int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4))
    while total > _M32:
        total = (total & _M32) + (total >> 32)
    return total


def _fold16(total: int) -> int:
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def csum_update(state: State, context: int, _sum: int) -> int:
    """No packet here comes with a checksum that the hardware computed."""
    state.require_context(context)
    return -_ENOTSUPP
