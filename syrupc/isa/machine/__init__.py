"""An interpreter for BPF programs: exact, rootless, with simulated maps, packets and helpers."""

from syrupc.isa.machine.contexts import Context, Packet, Socket, cgroup_skb, sched_cls, sk_reuseport, socket_filter, xdp
from syrupc.isa.machine.executors import ExecutorMap, Image, ProgramArray
from syrupc.isa.machine.helpers import HELPERS, Helper
from syrupc.isa.machine.kinds import MODELLED, make_map
from syrupc.isa.machine.machine import Machine, MachineError, Options, Result, UnmodelledError
from syrupc.isa.machine.maps import Shape, SimMap
from syrupc.isa.machine.queues import RingBuffer
from syrupc.isa.machine.state import State, Target
from syrupc.isa.machine.tables import CellMap
from syrupc.isa.machine.world import World

__all__ = [
    "HELPERS",
    "MODELLED",
    "CellMap",
    "Context",
    "ExecutorMap",
    "Helper",
    "Image",
    "Machine",
    "MachineError",
    "Options",
    "Packet",
    "ProgramArray",
    "Result",
    "RingBuffer",
    "Shape",
    "SimMap",
    "Socket",
    "State",
    "Target",
    "UnmodelledError",
    "World",
    "cgroup_skb",
    "make_map",
    "sched_cls",
    "sk_reuseport",
    "socket_filter",
    "xdp",
]
