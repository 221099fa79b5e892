"""Program types: their numbers, the sections that ask for them, what they may return, and since which release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ProgramType:
    """One type. `sections` are the names that loaders know, with or without `/something` behind.

    `returns` is the range that the kernel or the hook accepts, `None` where any number does. `packet` says whether
    programs may address the packet, `packet_write` whether they may change it.
    """

    number: int
    name: str
    since: str
    sections: tuple[str, ...]
    context: str
    returns: tuple[int, int] | None = None
    packet: bool = False
    packet_write: bool = False
    tracing: bool = False


_ROWS: Final = (
    ProgramType(1, "socket_filter", "3.19", ("socket",), "__sk_buff"),
    ProgramType(2, "kprobe", "4.1", ("kprobe", "kretprobe", "uprobe", "uretprobe"), "pt_regs", tracing=True),
    ProgramType(3, "sched_cls", "4.1", ("tc", "classifier", "tcx"), "__sk_buff", None, True, True),
    ProgramType(4, "sched_act", "4.1", ("action",), "__sk_buff", None, True, True),
    ProgramType(5, "tracepoint", "4.7", ("tracepoint", "tp"), "tracepoint", tracing=True),
    ProgramType(6, "xdp", "4.8", ("xdp",), "xdp_md", None, True, True),
    ProgramType(7, "perf_event", "4.9", ("perf_event",), "bpf_perf_event_data", tracing=True),
    ProgramType(8, "cgroup_skb", "4.10", ("cgroup_skb", "cgroup/skb"), "__sk_buff", (0, 1), True),
    ProgramType(14, "sk_skb", "4.14", ("sk_skb",), "__sk_buff", None, True, True),
    ProgramType(16, "sk_msg", "4.17", ("sk_msg",), "sk_msg_md", None, True, True),
    ProgramType(17, "raw_tracepoint", "4.17", ("raw_tracepoint", "raw_tp"), "raw_tracepoint", tracing=True),
    # Whatever is not SK_PASS drops: a policy that returns anything else means something else.
    ProgramType(21, "sk_reuseport", "4.19", ("sk_reuseport",), "sk_reuseport_md", (0, 1), True),
    ProgramType(27, "struct_ops", "5.6", ("struct_ops", "struct_ops.s"), "struct_ops"),
    ProgramType(30, "sk_lookup", "5.9", ("sk_lookup",), "bpf_sk_lookup", (0, 1)),
)

PROGRAM_TYPES: Final = {row.number: row for row in _ROWS}
"""Program types by number (`include/uapi/linux/bpf.h`)."""

BY_NAME: Final = {row.name: row for row in _ROWS}


def returns(kind: ProgramType, attach_type: int) -> tuple[int, int] | None:
    """What the kernel lets a program of the type return where it is attached like this."""
    return _RETURNS_ATTACHED.get((kind.name, attach_type), kind.returns)


# `enum bpf_attach_type`: BPF_CGROUP_INET_EGRESS 1, BPF_TRACE_KPROBE_SESSION 56, BPF_TRACE_UPROBE_SESSION 57.
_RETURNS_ATTACHED: Final = {
    ("cgroup_skb", 1): (0, 3),
    ("kprobe", 56): (0, 1),
    ("kprobe", 57): (0, 1),
}

_EXACT_SECTIONS: Final = {section: row for row in _ROWS for section in row.sections}


def of_section(section: str) -> ProgramType | None:
    """The type that loaders give a program in this section; `None` for a section that is not known here."""
    name = section.lstrip("?")
    if name.startswith("cgroup_skb/") or name == "cgroup/skb":
        return BY_NAME["cgroup_skb"]
    first = name.partition("/")[0]
    return _EXACT_SECTIONS.get(first) or _EXACT_SECTIONS.get(first.partition(".")[0])
