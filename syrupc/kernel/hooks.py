"""The hooks: where a stock kernel asks a policy, and since which release."""

from __future__ import annotations

from typing import Final

from syrupc.spec import HookSpec, Input

SOCKET: Final = HookSpec(
    name="socket",
    input=Input.PACKET,
    program_type="sk_reuseport",
    section="sk_reuseport",
    executor_map="reuseport_sockarray",
    since="4.19",  # 2dbb9b9e6df6 "bpf: Introduce BPF_PROG_TYPE_SK_REUSEPORT"
    # By then the packet is a datagram; its link-layer header may be gone, or have been of any kind.
    headers=("ip4", "ip6", "udp"),
)

HOOKS: Final = {hook.name: hook for hook in (SOCKET,)}
