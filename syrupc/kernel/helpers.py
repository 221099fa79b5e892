"""Helper functions: what the kernel offers programs by number, what each takes and gives, and since which release."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from syrupc.kernel.release import brought


class Arg(enum.Enum):
    """What a helper demands of one argument."""

    ANY = "any initialised value"
    CTX = "the program's context"
    CTX_OR_NULL = "the program's context, or null"
    MAP = "a map"
    KEY = "memory that holds a key of the map"
    VALUE = "memory that holds a value of the map"
    VALUE_OUT = "memory that takes a value of the map"
    VALUE_OR_NULL = "memory that holds a value of the map, or null"
    MEM = "readable memory of the size that follows"
    MEM_OR_NULL = "readable memory of the size that follows, or null"
    MEM_OUT = "writable memory of the size that follows"
    MEM_OUT_OR_NULL = "writable memory of the size that follows, or null"
    SIZE = "a size above zero"
    SIZE_OR_ZERO = "a size"
    ALLOC_SIZE = "a constant size"
    OUT_4 = "writable memory of 4 bytes"
    OUT_8 = "writable memory of 8 bytes"
    IN_16 = "readable memory of 16 bytes"
    IN_20 = "readable memory of 20 bytes"
    IN_40 = "readable memory of 40 bytes"
    STRING = "a constant string"
    RINGBUF_MEM = "a ring buffer record"
    SOCK_COMMON = "a socket"
    SOCKET = "a full socket"
    SOCKET_OR_NULL = "a full socket, or null"
    BTF_SOCK_COMMON = "a socket or a kernel socket"
    BTF_SOCK_COMMON_OR_NULL = "a socket or a kernel socket, or null"
    CALLBACK = "a function of the program"
    STACK_OR_NULL = "stack memory, or null"
    SPIN_LOCK = "a spin lock in a map value"
    TIMER = "a timer in a map value"
    KPTR = "a kernel pointer in a map value"
    KERNEL_OBJECT = "a kernel object"
    DYNPTR = "a dynptr"

    @property
    def is_size(self) -> bool:
        return self in (Arg.SIZE, Arg.SIZE_OR_ZERO, Arg.ALLOC_SIZE)


class Ret(enum.Enum):
    """What a helper leaves in r0."""

    NUMBER = "a number"
    NOTHING = "nothing"
    MAP_VALUE_OR_NULL = "a map value or null"
    MEM_OR_NULL = "memory or null"
    SOCK_COMMON_OR_NULL = "a socket or null"
    SOCKET_OR_NULL = "a full socket or null"
    TCP_SOCK_OR_NULL = "a TCP socket or null"
    MAP_VALUE = "a map value"
    KERNEL_OBJECT = "a kernel object"
    KERNEL_OBJECT_OR_NULL = "a kernel object or null"


@dataclass(frozen=True, slots=True)
class Helper:
    """One helper. `moves_packet`: pointers into the packet are void after the call.

    `acquires` and `releases` borrow something from the kernel and give it back.
    """

    id: int
    name: str
    since: str
    ret: Ret
    args: tuple[Arg, ...]
    gpl_only: bool = False
    moves_packet: bool = False
    acquires: bool = False
    releases: bool = False

    @property
    def takes_packet(self) -> bool:
        """Whether its memory arguments may lie in the packet."""
        return self.id in _TAKE_PACKET

    def takes_zero(self, kernel: tuple[int, int]) -> bool:
        """Whether all its sizes may be zero on that release."""
        return self.id in _ZERO_SIZES and brought(_ZERO_SIZES[self.id], kernel)


_A, _C, _M, _K, _V, _P, _S, _Z = Arg.ANY, Arg.CTX, Arg.MAP, Arg.KEY, Arg.VALUE, Arg.MEM, Arg.SIZE, Arg.SIZE_OR_ZERO
_W = Arg.MEM_OUT
_N = Ret.NUMBER
_NULLABLE_VALUE: Final = Ret.MAP_VALUE_OR_NULL
_SKC: Final = Arg.BTF_SOCK_COMMON


def _gpl(helper: Helper) -> Helper:
    return Helper(helper.id, helper.name, helper.since, helper.ret, helper.args, True, helper.moves_packet)


_ROWS: Final = (
    Helper(1, "map_lookup_elem", "3.19", _NULLABLE_VALUE, (_M, _K)),
    Helper(2, "map_update_elem", "3.19", _N, (_M, _K, _V, _A)),
    Helper(3, "map_delete_elem", "3.19", _N, (_M, _K)),
    _gpl(Helper(4, "probe_read", "4.1", _N, (_W, _Z, _A))),
    Helper(5, "ktime_get_ns", "4.1", _N, ()),
    _gpl(Helper(6, "trace_printk", "4.1", _N, (_P, _S))),
    Helper(7, "get_prandom_u32", "4.1", _N, ()),
    Helper(8, "get_smp_processor_id", "4.1", _N, ()),
    Helper(9, "skb_store_bytes", "4.1", _N, (_C, _A, _P, _S, _A), moves_packet=True),
    Helper(10, "l3_csum_replace", "4.1", _N, (_C, _A, _A, _A, _A), moves_packet=True),
    Helper(11, "l4_csum_replace", "4.1", _N, (_C, _A, _A, _A, _A), moves_packet=True),
    Helper(12, "tail_call", "4.2", Ret.NOTHING, (_C, _M, _A)),
    Helper(13, "clone_redirect", "4.2", _N, (_C, _A, _A), moves_packet=True),
    Helper(14, "get_current_pid_tgid", "4.2", _N, ()),
    Helper(15, "get_current_uid_gid", "4.2", _N, ()),
    Helper(16, "get_current_comm", "4.2", _N, (_W, _S)),
    Helper(17, "get_cgroup_classid", "4.3", _N, (_C,)),
    Helper(18, "skb_vlan_push", "4.3", _N, (_C, _A, _A), moves_packet=True),
    Helper(19, "skb_vlan_pop", "4.3", _N, (_C,), moves_packet=True),
    Helper(20, "skb_get_tunnel_key", "4.3", _N, (_C, _W, _S, _A)),
    Helper(21, "skb_set_tunnel_key", "4.3", _N, (_C, _P, _S, _A)),
    _gpl(Helper(22, "perf_event_read", "4.3", _N, (_M, _A))),
    Helper(23, "redirect", "4.4", _N, (_A, _A)),
    Helper(24, "get_route_realm", "4.4", _N, (_C,)),
    _gpl(Helper(25, "perf_event_output", "4.4", _N, (_C, _M, _A, _P, _Z))),
    Helper(26, "skb_load_bytes", "4.5", _N, (_C, _A, _W, _S)),
    _gpl(Helper(27, "get_stackid", "4.6", _N, (_C, _M, _A))),
    Helper(28, "csum_diff", "4.6", _N, (Arg.MEM_OR_NULL, _Z, Arg.MEM_OR_NULL, _Z, _A)),
    Helper(29, "skb_get_tunnel_opt", "4.6", _N, (_C, _W, _S)),
    Helper(30, "skb_set_tunnel_opt", "4.6", _N, (_C, _P, _S)),
    Helper(31, "skb_change_proto", "4.8", _N, (_C, _A, _A), moves_packet=True),
    Helper(32, "skb_change_type", "4.8", _N, (_C, _A)),
    Helper(33, "skb_under_cgroup", "4.8", _N, (_C, _M, _A)),
    Helper(34, "get_hash_recalc", "4.8", _N, (_C,)),
    _gpl(Helper(35, "get_current_task", "4.8", _N, ())),
    _gpl(Helper(36, "probe_write_user", "4.8", _N, (_A, _P, _S))),
    Helper(37, "current_task_under_cgroup", "4.9", _N, (_M, _A)),
    Helper(38, "skb_change_tail", "4.9", _N, (_C, _A, _A), moves_packet=True),
    Helper(39, "skb_pull_data", "4.9", _N, (_C, _A), moves_packet=True),
    Helper(40, "csum_update", "4.9", _N, (_C, _A)),
    Helper(41, "set_hash_invalid", "4.9", _N, (_C,)),
    Helper(42, "get_numa_node_id", "4.10", _N, ()),
    Helper(43, "skb_change_head", "4.10", _N, (_C, _A, _A), moves_packet=True),
    Helper(44, "xdp_adjust_head", "4.10", _N, (_C, _A), moves_packet=True),
    _gpl(Helper(45, "probe_read_str", "4.11", _N, (_W, _Z, _A))),
    Helper(46, "get_socket_cookie", "4.12", _N, (_C,)),
    Helper(47, "get_socket_uid", "4.12", _N, (_C,)),
    Helper(48, "set_hash", "4.13", _N, (_C, _A)),
    Helper(49, "setsockopt", "4.13", _N, (_C, _A, _A, _P, _S)),
    Helper(50, "skb_adjust_room", "4.13", _N, (_C, _A, _A, _A), moves_packet=True),
    Helper(51, "redirect_map", "4.14", _N, (_M, _A, _A)),
    Helper(52, "sk_redirect_map", "4.14", _N, (_C, _M, _A, _A)),
    Helper(53, "sock_map_update", "4.14", _N, (_C, _M, _K, _A)),
    Helper(54, "xdp_adjust_meta", "4.15", _N, (_C, _A), moves_packet=True),
    _gpl(Helper(55, "perf_event_read_value", "4.15", _N, (_M, _A, _W, _S))),
    _gpl(Helper(56, "perf_prog_read_value", "4.15", _N, (_C, _W, _S))),
    Helper(57, "getsockopt", "4.15", _N, (_C, _A, _A, _W, _S)),
    _gpl(Helper(58, "override_return", "4.16", _N, (_C, _A))),
    Helper(59, "sock_ops_cb_flags_set", "4.16", _N, (_C, _A)),
    Helper(60, "msg_redirect_map", "4.17", _N, (_C, _M, _A, _A)),
    Helper(61, "msg_apply_bytes", "4.17", _N, (_C, _A)),
    Helper(62, "msg_cork_bytes", "4.17", _N, (_C, _A)),
    Helper(63, "msg_pull_data", "4.17", _N, (_C, _A, _A, _A), moves_packet=True),
    Helper(64, "bind", "4.17", _N, (_C, _P, _S)),
    Helper(65, "xdp_adjust_tail", "4.18", _N, (_C, _A), moves_packet=True),
    Helper(66, "skb_get_xfrm_state", "4.18", _N, (_C, _A, _W, _S, _A)),
    _gpl(Helper(67, "get_stack", "4.18", _N, (_C, _W, _Z, _A))),
    Helper(68, "skb_load_bytes_relative", "4.18", _N, (_C, _A, _W, _S, _A)),
    Helper(69, "fib_lookup", "4.18", _N, (_C, _P, _S, _A)),
    Helper(70, "sock_hash_update", "4.18", _N, (_C, _M, _K, _A)),
    Helper(71, "msg_redirect_hash", "4.18", _N, (_C, _M, _K, _A)),
    Helper(72, "sk_redirect_hash", "4.18", _N, (_C, _M, _K, _A)),
    Helper(73, "lwt_push_encap", "4.18", _N, (_C, _A, _P, _S), moves_packet=True),
    Helper(74, "lwt_seg6_store_bytes", "4.18", _N, (_C, _A, _P, _S), moves_packet=True),
    Helper(75, "lwt_seg6_adjust_srh", "4.18", _N, (_C, _A, _A), moves_packet=True),
    Helper(76, "lwt_seg6_action", "4.18", _N, (_C, _A, _P, _S), moves_packet=True),
    _gpl(Helper(77, "rc_repeat", "4.18", _N, (_C,))),
    _gpl(Helper(78, "rc_keydown", "4.18", _N, (_C, _A, _A, _A))),
    Helper(79, "skb_cgroup_id", "4.18", _N, (_C,)),
    Helper(80, "get_current_cgroup_id", "4.18", _N, ()),
    Helper(81, "get_local_storage", "4.19", Ret.MAP_VALUE, (_M, _A)),
    Helper(82, "sk_select_reuseport", "4.19", _N, (_C, _M, _K, _A)),
    Helper(83, "skb_ancestor_cgroup_id", "4.19", _N, (_C, _A)),
    Helper(84, "sk_lookup_tcp", "4.20", Ret.SOCKET_OR_NULL, (_C, _P, _S, _A, _A), acquires=True),
    Helper(85, "sk_lookup_udp", "4.20", Ret.SOCKET_OR_NULL, (_C, _P, _S, _A, _A), acquires=True),
    Helper(86, "sk_release", "4.20", _N, (_SKC,), releases=True),
    Helper(87, "map_push_elem", "4.20", _N, (_M, _V, _A)),
    Helper(88, "map_pop_elem", "4.20", _N, (_M, Arg.VALUE_OUT)),
    Helper(89, "map_peek_elem", "4.20", _N, (_M, Arg.VALUE_OUT)),
    Helper(90, "msg_push_data", "4.20", _N, (_C, _A, _A, _A), moves_packet=True),
    Helper(91, "msg_pop_data", "5.0", _N, (_C, _A, _A, _A), moves_packet=True),
    _gpl(Helper(92, "rc_pointer_rel", "5.0", _N, (_C, _A, _A))),
    Helper(93, "spin_lock", "5.1", Ret.NOTHING, (Arg.SPIN_LOCK,)),
    Helper(94, "spin_unlock", "5.1", Ret.NOTHING, (Arg.SPIN_LOCK,)),
    Helper(95, "sk_fullsock", "5.1", Ret.SOCKET_OR_NULL, (Arg.SOCK_COMMON,)),
    Helper(96, "tcp_sock", "5.1", Ret.TCP_SOCK_OR_NULL, (Arg.SOCK_COMMON,)),
    Helper(97, "skb_ecn_set_ce", "5.1", _N, (_C,)),
    Helper(98, "get_listener_sock", "5.1", Ret.SOCKET_OR_NULL, (Arg.SOCK_COMMON,)),
    Helper(99, "skc_lookup_tcp", "5.2", Ret.SOCK_COMMON_OR_NULL, (_C, _P, _S, _A, _A), acquires=True),
    Helper(100, "tcp_check_syncookie", "5.2", _N, (_SKC, _P, _S, _P, _S)),
    Helper(101, "sysctl_get_name", "5.2", _N, (_C, _W, _S, _A)),
    Helper(102, "sysctl_get_current_value", "5.2", _N, (_C, _W, _S)),
    Helper(103, "sysctl_get_new_value", "5.2", _N, (_C, _W, _S)),
    Helper(104, "sysctl_set_new_value", "5.2", _N, (_C, _P, _S)),
    Helper(105, "strtol", "5.2", _N, (_P, _S, _A, Arg.OUT_8)),
    Helper(106, "strtoul", "5.2", _N, (_P, _S, _A, Arg.OUT_8)),
    Helper(107, "sk_storage_get", "5.2", _NULLABLE_VALUE, (_M, _SKC, Arg.VALUE_OR_NULL, _A)),
    Helper(108, "sk_storage_delete", "5.2", _N, (_M, _SKC)),
    Helper(109, "send_signal", "5.3", _N, (_A,)),
    Helper(110, "tcp_gen_syncookie", "5.3", _N, (_SKC, _P, _S, _P, _S)),
    _gpl(Helper(111, "skb_output", "5.5", _N, (Arg.KERNEL_OBJECT, _M, _A, _P, _Z))),
    _gpl(Helper(112, "probe_read_user", "5.5", _N, (_W, _Z, _A))),
    _gpl(Helper(113, "probe_read_kernel", "5.5", _N, (_W, _Z, _A))),
    _gpl(Helper(114, "probe_read_user_str", "5.5", _N, (_W, _Z, _A))),
    _gpl(Helper(115, "probe_read_kernel_str", "5.5", _N, (_W, _Z, _A))),
    Helper(116, "tcp_send_ack", "5.5", _N, (Arg.KERNEL_OBJECT, _A)),
    Helper(117, "send_signal_thread", "5.5", _N, (_A,)),
    Helper(118, "jiffies64", "5.5", _N, ()),
    _gpl(Helper(119, "read_branch_records", "5.6", _N, (_C, Arg.MEM_OUT_OR_NULL, _Z, _A))),
    Helper(120, "get_ns_current_pid_tgid", "5.6", _N, (_A, _A, _W, _S)),
    _gpl(Helper(121, "xdp_output", "5.6", _N, (Arg.KERNEL_OBJECT, _M, _A, _P, _Z))),
    Helper(122, "get_netns_cookie", "5.6", _N, (Arg.CTX_OR_NULL,)),
    Helper(123, "get_current_ancestor_cgroup_id", "5.6", _N, (_A,)),
    Helper(124, "sk_assign", "5.6", _N, (_C, _SKC, _A)),
    Helper(125, "ktime_get_boot_ns", "5.7", _N, ()),
    _gpl(Helper(126, "seq_printf", "5.7", _N, (Arg.KERNEL_OBJECT, _P, _S, Arg.MEM_OR_NULL, _Z))),
    _gpl(Helper(127, "seq_write", "5.7", _N, (Arg.KERNEL_OBJECT, _P, _Z))),
    Helper(128, "sk_cgroup_id", "5.7", _N, (_SKC,)),
    Helper(129, "sk_ancestor_cgroup_id", "5.7", _N, (_SKC, _A)),
    Helper(130, "ringbuf_output", "5.8", _N, (_M, _P, _Z, _A)),
    Helper(131, "ringbuf_reserve", "5.8", Ret.MEM_OR_NULL, (_M, Arg.ALLOC_SIZE, _A), acquires=True),
    Helper(132, "ringbuf_submit", "5.8", Ret.NOTHING, (Arg.RINGBUF_MEM, _A), releases=True),
    Helper(133, "ringbuf_discard", "5.8", Ret.NOTHING, (Arg.RINGBUF_MEM, _A), releases=True),
    Helper(134, "ringbuf_query", "5.8", _N, (_M, _A)),
    Helper(135, "csum_level", "5.7", _N, (_C, _A)),
    Helper(136, "skc_to_tcp6_sock", "5.9", Ret.KERNEL_OBJECT_OR_NULL, (_SKC,)),
    Helper(137, "skc_to_tcp_sock", "5.9", Ret.KERNEL_OBJECT_OR_NULL, (_SKC,)),
    Helper(138, "skc_to_tcp_timewait_sock", "5.9", Ret.KERNEL_OBJECT_OR_NULL, (_SKC,)),
    Helper(139, "skc_to_tcp_request_sock", "5.9", Ret.KERNEL_OBJECT_OR_NULL, (_SKC,)),
    Helper(140, "skc_to_udp6_sock", "5.9", Ret.KERNEL_OBJECT_OR_NULL, (_SKC,)),
    _gpl(Helper(141, "get_task_stack", "5.9", _N, (Arg.KERNEL_OBJECT, _W, _Z, _A))),
    Helper(142, "load_hdr_opt", "5.10", _N, (_C, _W, _S, _A)),
    Helper(143, "store_hdr_opt", "5.10", _N, (_C, _P, _S, _A), moves_packet=True),
    Helper(144, "reserve_hdr_opt", "5.10", _N, (_C, _A, _A), moves_packet=True),
    Helper(145, "inode_storage_get", "5.10", _NULLABLE_VALUE, (_M, Arg.KERNEL_OBJECT, Arg.VALUE_OR_NULL, _A)),
    Helper(146, "inode_storage_delete", "5.10", _N, (_M, Arg.KERNEL_OBJECT)),
    Helper(147, "d_path", "5.10", _N, (Arg.KERNEL_OBJECT, _W, _Z)),
    Helper(148, "copy_from_user", "5.10", _N, (_W, _Z, _A)),
    _gpl(Helper(149, "snprintf_btf", "5.10", _N, (_W, _S, _P, _S, _A))),
    _gpl(Helper(150, "seq_printf_btf", "5.10", _N, (Arg.KERNEL_OBJECT, _P, _Z, _A))),
    Helper(151, "skb_cgroup_classid", "5.10", _N, (_C,)),
    Helper(152, "redirect_neigh", "5.10", _N, (_A, Arg.MEM_OR_NULL, _Z, _A)),
    Helper(153, "per_cpu_ptr", "5.10", Ret.KERNEL_OBJECT_OR_NULL, (Arg.KERNEL_OBJECT, _A)),
    Helper(154, "this_cpu_ptr", "5.10", Ret.KERNEL_OBJECT, (Arg.KERNEL_OBJECT,)),
    Helper(155, "redirect_peer", "5.10", _N, (_A, _A)),
    Helper(156, "task_storage_get", "5.11", _NULLABLE_VALUE, (_M, Arg.KERNEL_OBJECT, Arg.VALUE_OR_NULL, _A)),
    Helper(157, "task_storage_delete", "5.11", _N, (_M, Arg.KERNEL_OBJECT)),
    _gpl(Helper(158, "get_current_task_btf", "5.11", Ret.KERNEL_OBJECT, ())),
    Helper(159, "bprm_opts_set", "5.11", _N, (Arg.KERNEL_OBJECT, _A)),
    Helper(160, "ktime_get_coarse_ns", "5.11", _N, ()),
    Helper(161, "ima_inode_hash", "5.11", _N, (Arg.KERNEL_OBJECT, _W, _S)),
    Helper(162, "sock_from_file", "5.11", Ret.KERNEL_OBJECT_OR_NULL, (Arg.KERNEL_OBJECT,)),
    Helper(163, "check_mtu", "5.12", _N, (_C, _A, Arg.OUT_4, _A, _A)),
    Helper(164, "for_each_map_elem", "5.13", _N, (_M, Arg.CALLBACK, Arg.STACK_OR_NULL, _A)),
    _gpl(Helper(165, "snprintf", "5.13", _N, (Arg.MEM_OUT_OR_NULL, _Z, Arg.STRING, Arg.MEM_OR_NULL, _Z))),
    Helper(166, "sys_bpf", "5.14", _N, (_A, _P, _S)),
    Helper(167, "btf_find_by_name_kind", "5.14", _N, (_P, _S, _A, _A)),
    Helper(168, "sys_close", "5.14", _N, (_A,)),
    _gpl(Helper(169, "timer_init", "5.15", _N, (Arg.TIMER, _M, _A))),
    _gpl(Helper(170, "timer_set_callback", "5.15", _N, (Arg.TIMER, Arg.CALLBACK))),
    _gpl(Helper(171, "timer_start", "5.15", _N, (Arg.TIMER, _A, _A))),
    _gpl(Helper(172, "timer_cancel", "5.15", _N, (Arg.TIMER,))),
    _gpl(Helper(173, "get_func_ip", "5.15", _N, (_C,))),
    Helper(174, "get_attach_cookie", "5.15", _N, (_C,)),
    _gpl(Helper(175, "task_pt_regs", "5.15", Ret.KERNEL_OBJECT, (Arg.KERNEL_OBJECT,))),
    _gpl(Helper(176, "get_branch_snapshot", "5.16", _N, (_W, _Z))),
    _gpl(Helper(177, "trace_vprintk", "5.16", _N, (_P, _S, Arg.MEM_OR_NULL, _Z))),
    Helper(178, "skc_to_unix_sock", "5.16", Ret.KERNEL_OBJECT_OR_NULL, (_SKC,)),
    Helper(179, "kallsyms_lookup_name", "5.16", _N, (_P, _Z, _A, Arg.OUT_8)),
    Helper(180, "find_vma", "5.17", _N, (Arg.KERNEL_OBJECT, _A, Arg.CALLBACK, Arg.STACK_OR_NULL, _A)),
    Helper(181, "loop", "5.17", _N, (_A, Arg.CALLBACK, Arg.STACK_OR_NULL, _A)),
    Helper(182, "strncmp", "5.17", _N, (_P, _S, Arg.STRING)),
    Helper(183, "get_func_arg", "5.17", _N, (_C, _A, Arg.OUT_8)),
    Helper(184, "get_func_ret", "5.17", _N, (_C, Arg.OUT_8)),
    Helper(185, "get_func_arg_cnt", "5.17", _N, (_C,)),
    Helper(186, "get_retval", "5.18", _N, ()),
    Helper(187, "set_retval", "5.18", _N, (_A,)),
    Helper(188, "xdp_get_buff_len", "5.18", _N, (_C,)),
    Helper(189, "xdp_load_bytes", "5.18", _N, (_C, _A, _W, _S)),
    Helper(190, "xdp_store_bytes", "5.18", _N, (_C, _A, _P, _S)),
    _gpl(Helper(191, "copy_from_user_task", "5.18", _N, (_W, _Z, _A, Arg.KERNEL_OBJECT, _A))),
    Helper(192, "skb_set_tstamp", "5.18", _N, (_C, _A, _A)),
    Helper(193, "ima_file_hash", "5.18", _N, (Arg.KERNEL_OBJECT, _W, _S)),
    Helper(194, "kptr_xchg", "5.19", Ret.KERNEL_OBJECT_OR_NULL, (Arg.KPTR, Arg.KERNEL_OBJECT)),
    Helper(195, "map_lookup_percpu_elem", "5.19", _NULLABLE_VALUE, (_M, _K, _A)),
    Helper(196, "skc_to_mptcp_sock", "5.19", Ret.KERNEL_OBJECT_OR_NULL, (Arg.SOCK_COMMON,)),
    Helper(197, "dynptr_from_mem", "5.19", _N, (_W, _Z, _A, Arg.DYNPTR)),
    Helper(198, "ringbuf_reserve_dynptr", "5.19", _N, (_M, _A, _A, Arg.DYNPTR)),
    Helper(199, "ringbuf_submit_dynptr", "5.19", Ret.NOTHING, (Arg.DYNPTR, _A)),
    Helper(200, "ringbuf_discard_dynptr", "5.19", Ret.NOTHING, (Arg.DYNPTR, _A)),
    Helper(201, "dynptr_read", "5.19", _N, (_W, _Z, Arg.DYNPTR, _A, _A)),
    Helper(202, "dynptr_write", "5.19", _N, (Arg.DYNPTR, _A, _P, _Z, _A)),
    Helper(203, "dynptr_data", "5.19", Ret.MEM_OR_NULL, (Arg.DYNPTR, _A, Arg.ALLOC_SIZE)),
    Helper(204, "tcp_raw_gen_syncookie_ipv4", "6.0", _N, (Arg.IN_20, _P, _Z)),
    Helper(205, "tcp_raw_gen_syncookie_ipv6", "6.0", _N, (Arg.IN_40, _P, _Z)),
    Helper(206, "tcp_raw_check_syncookie_ipv4", "6.0", _N, (Arg.IN_20, Arg.IN_20)),
    Helper(207, "tcp_raw_check_syncookie_ipv6", "6.0", _N, (Arg.IN_40, Arg.IN_20)),
    Helper(208, "ktime_get_tai_ns", "6.1", _N, ()),
    Helper(209, "user_ringbuf_drain", "6.1", _N, (_M, Arg.CALLBACK, Arg.STACK_OR_NULL, _A)),
    Helper(210, "cgrp_storage_get", "6.2", _NULLABLE_VALUE, (_M, Arg.KERNEL_OBJECT, Arg.VALUE_OR_NULL, _A)),
    Helper(211, "cgrp_storage_delete", "6.2", _N, (_M, Arg.KERNEL_OBJECT)),
)

# `pkt_access` in the kernel's own description of a helper.
_TAKE_PACKET: Final = frozenset({1, 2, 3, 28, 84, 85, 87, 99, 100, 110, 195, 204, 205, 206, 207})

# Since "bpf: Relax tuple len requirement for sk helpers"; 0 is refused where it is run.
_ZERO_SIZES: Final = {84: "6.11", 85: "6.11", 99: "6.11"}

HELPERS: Final = {helper.id: helper for helper in _ROWS}
"""Helpers by number (`include/uapi/linux/bpf.h`)."""

BY_NAME: Final = {helper.name: helper for helper in _ROWS}


# The same number with other arguments: some program types have a helper of their own behind it.
_OF_TYPE: Final = {
    ("sk_reuseport", 46): Helper(46, "get_socket_cookie", "5.14", _N, (Arg.BTF_SOCK_COMMON_OR_NULL,)),
    # Null takes back what was chosen before (e9ddbb7707ff, 5.9).
    ("sk_lookup", 124): Helper(124, "sk_assign", "5.9", _N, (_C, Arg.SOCKET_OR_NULL, _A)),
}


# Where there is no packet whose socket could tell, it is the class of the running task.
_CLASS_OF_TASK: Final = Helper(17, "get_cgroup_classid", "5.7", _N, ())
_CLASS_OF_PACKET: Final = frozenset({"sched_cls", "sched_act", "lwt_in", "lwt_out", "lwt_xmit"})


def helper(number: int, program_type: str) -> Helper | None:
    """The helper as programs of the type know it, None for a number that none has."""
    if number == _CLASS_OF_TASK.id and program_type not in _CLASS_OF_PACKET:
        return _CLASS_OF_TASK
    return _OF_TYPE.get((program_type, number)) or HELPERS.get(number)


def _ids(*numbers: int | range) -> frozenset[int]:
    return frozenset(n for number in numbers for n in (number if isinstance(number, range) else (number,)))


# What `bpf_base_func_proto` offers to every program type (kernel/bpf/helpers.c), the caller being privileged.
_BASE: Final = _ids(
    *(1, 2, 3, 5, 6, 7, 8, 12, 35, 42, 87, 88, 89, 93, 94, 112, 113, 114, 115, 118, 125),
    *(range(130, 135), 149, 153, 154, 158, 164, 165, range(169, 173), 175, 177, 181, 182),
    *(194, 195, range(197, 204), 208, 209),
)
_SOCK_CASTS: Final = _ids(range(136, 141), 178, 196, 160)
_SKB_READ: Final = _ids(26, 68, 46, 47, 25)
_SOCK_LOOKUP: Final = _ids(84, 85, 86, 99)
_SYN_COOKIES: Final = _ids(100, 110, range(204, 208))
_CGROUP: Final = _ids(80, 123)
# `probe_write_user` and `override_return` hang on the kernel's configuration and on more than the usual privileges;
# `copy_from_user` and `copy_from_user_task` sleep, which is for sleepable programs alone.
_TRACING: Final = _ids(
    *(4, 14, 15, 16, 22, 25, 27, 37, 45, 55, 67, 80, 109, 117, 120, 123, 141, 156, 157),
    *(176, 180, 210, 211),
)
_CLASSIFIER: Final = (
    _SKB_READ
    | _SOCK_CASTS
    | _SOCK_LOOKUP
    | _SYN_COOKIES
    | _ids(
        *(9, 10, 11, 13, 17, 18, 19, 20, 21, 23, 24, 28, 29, 30, 31, 32, 33, 34, 38, 39, 40, 41, 43, 48, 50, 66, 69),
        *(79, 83, 95, 96, 97, 98, 107, 108, 124, 135, 151, 152, 155, 163, 192),
    )
)

# Offered to every program type later than the helper itself: release -> numbers. Those of 6.1 and 6.12 were found by
# asking stock kernels of these releases.
_BASE_LATER: Final = {
    "6.1": _ids(105, 106),
    "6.10": _ids(14, 120),
    "6.12": _ids(80, 123, 210, 211),
    "6.16": _ids(15, 16, 17, 22, 37, 55, 109, 117, 141, 156, 157, 176, 180),
}
# The same for one type.
_TYPE_LATER: Final = {
    "socket_filter": {"6.16": _ids(122)},
    "sched_cls": {"6.16": _ids(122)},
    "sched_act": {"6.16": _ids(122)},
    "cgroup_skb": {"6.16": _ids(122)},
    "raw_tracepoint": {"6.10": _ids(174)},  # 68ca5d4eebb8; others have it since 5.15
}


def helpers_of(program_type: str, kernel: tuple[int, int]) -> frozenset[int]:
    """Numbers of the helpers that a privileged program of the type may call on that release."""
    found = set(_OF_PROGRAM_TYPE[program_type])
    for later in (_BASE_LATER, _TYPE_LATER.get(program_type, {})):
        for since, numbers in later.items():
            if brought(since, kernel):
                found |= numbers
    return frozenset(number for number in found if brought(HELPERS[number].since, kernel))


_OF_PROGRAM_TYPE: Final = {
    "socket_filter": _BASE | _SKB_READ | _SOCK_CASTS,
    "sched_cls": _BASE | _CLASSIFIER,
    "sched_act": _BASE | _CLASSIFIER,
    "xdp": _BASE | _SOCK_CASTS | _SOCK_LOOKUP | _SYN_COOKIES | _ids(23, 25, 28, 44, 51, 54, 65, 69, 163, 188, 189, 190),
    "sk_reuseport": _BASE | _ids(26, 46, 68, 82, 160),
    "cgroup_skb": _BASE | _SKB_READ | _SOCK_CASTS | _SOCK_LOOKUP | _ids(79, 81, 83, 95, 96, 97, 98, 107, 108, 128, 129),
    "sk_lookup": _BASE | _SOCK_CASTS | _ids(25, 86, 124),
    "sk_msg": _BASE | _SOCK_CASTS | _ids(14, 15, 17, 25, 60, 61, 62, 63, 71, 80, 90, 91, 107, 108, 122, 123),
    "sk_skb": _BASE | _SOCK_CASTS | _SOCK_LOOKUP | _ids(9, 25, 26, 38, 39, 43, 46, 47, 50, 52, 72),
    "tracepoint": _BASE | _TRACING | _ids(174),
    "raw_tracepoint": _BASE | _TRACING,
    "kprobe": _BASE | _TRACING | _ids(173, 174),
    "perf_event": _BASE | _TRACING | _ids(56, 119, 174),
    "struct_ops": _BASE,
}
"""What programs of a type may call since they and the helper both exist (`*_func_proto` in the kernel)."""
