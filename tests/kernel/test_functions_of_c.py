"""Functions as C programs have them: called back by helpers, verified on their own, left by tail calls.

Each program is compiled by clang, judged by the pre-verifier, and handed to the running kernel.
"""

from __future__ import annotations

import os
import subprocess

import pytest

from benchmarks.clang import find_clang
from syrup import loader
from syrupc.errors import LoadError
from syrupc.kernel.profiles import NAMES, KernelProfile, profile
from syrupc.kernel.release import release
from syrupc.objfile.model import Object
from syrupc.objfile.reader import read_object
from syrupc.verifier.gate import verify

pytestmark = pytest.mark.bpf

_HEAD = """
typedef unsigned char u8; typedef unsigned int u32; typedef unsigned long long u64; typedef long long s64;
#define SEC(name) __attribute__((section(name), used))
#define noinline __attribute__((noinline))
struct xdp_md { u32 data; u32 data_end; u32 data_meta; u32 ingress_ifindex; u32 rx_queue_index; u32 egress_ifindex; };
struct pair { u64 a; u64 b; };
static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static u32 (*chance)(void) = (void *)7;
static int (*adjust_head)(struct xdp_md *ctx, int delta) = (void *)44;
static long (*for_each)(void *map, void *call, void *ctx, u64 flags) = (void *)164;
static long (*loop)(u32 turns, void *call, void *ctx, u64 flags) = (void *)181;
struct { int (*type)[2]; int (*max_entries)[8]; u32 *key; u64 *value; } values SEC(".maps");
struct { int (*type)[3]; int (*max_entries)[4]; u32 *key; u32 *value; } others SEC(".maps");
char _license[] SEC("license") = "GPL";
"""

_ACCEPTED = {
    "a loop by a helper": """
        static long turn(u32 i, u64 *sum) { *sum += i; return *sum > 100; }
        SEC("xdp") int prog(struct xdp_md *ctx) { u64 sum = 0; loop(1000, turn, &sum, 0); return sum & 1; }""",
    "a loop of an unknown number of turns": """
        static long turn(u32 i, u64 *sum) { *sum += i; return 0; }
        SEC("xdp") int prog(struct xdp_md *ctx) { u64 sum = 0; loop(chance(), turn, &sum, 0); return 2; }""",
    "an index that each turn bounds": """
        struct state { u32 at; u8 bytes[16]; };
        static long turn(u32 i, struct state *s) {
            u32 at = s->at;
            if (at < 16) { s->bytes[at] = i; s->at = at + 1; }
            return 0;
        }
        SEC("xdp") int prog(struct xdp_md *ctx) { struct state s = {}; loop(16, turn, &s, 0); return s.at & 1; }""",
    "loops in a loop": """
        static long inner(u32 i, u64 *sum) { *sum += i; return 0; }
        static long outer(u32 i, u64 *sum) { loop(10, inner, sum, 0); return 0; }
        SEC("xdp") int prog(struct xdp_md *ctx) { u64 sum = 0; loop(10, outer, &sum, 0); return 2; }""",
    "every entry of a map": """
        static long each(void *map, u32 *key, u64 *value, u64 *sum) { *sum += *value + *key; return 0; }
        SEC("xdp") int prog(struct xdp_md *ctx) { u64 sum = 0; for_each(&values, each, &sum, 0); return sum & 1; }""",
    "a global function of numbers": """
        noinline int add(u32 a, u64 b) { return a + b; }
        SEC("xdp") int prog(struct xdp_md *ctx) { return add(ctx->rx_queue_index, 3) & 1; }""",
    "a global function of the context": """
        noinline int size(struct xdp_md *ctx) { return ctx->data_end - ctx->data; }
        SEC("xdp") int prog(struct xdp_md *ctx) { return size(ctx) > 100 ? 1 : 2; }""",
    "a global function of memory, which it tests": """
        noinline int sum(struct pair *p) { if (!p) return 0; p->a += 1; return p->a + p->b; }
        SEC("xdp") int prog(struct xdp_md *ctx) { struct pair p = {1, chance()}; return sum(&p) & 1; }""",
    "a global function of a map's value, untested": """
        noinline int add(u64 *v) { if (!v) return 0; *v += 1; return 1; }
        SEC("xdp") int prog(struct xdp_md *ctx) { u32 key = 1; return add(lookup(&values, &key)); }""",
    "a tail call inside a function": """
        static noinline int away(struct xdp_md *ctx) { tail_call(ctx, &others, 1); return 1; }
        SEC("xdp") int prog(struct xdp_md *ctx) { return away(ctx) ? 2 : 1; }""",
}

_REJECTED = {
    "a loop by a helper that answers anything": """
        static long turn(u32 i, u64 *sum) { *sum += i; return *sum; }
        SEC("xdp") int prog(struct xdp_md *ctx) { u64 sum = 0; loop(1000, turn, &sum, 0); return 2; }""",
    "an index that grows with the turns": """
        struct state { u32 at; u8 bytes[16]; };
        static long turn(u32 i, struct state *s) { s->bytes[s->at] = i; s->at += 1; return 0; }
        SEC("xdp") int prog(struct xdp_md *ctx) { struct state s = {}; loop(chance(), turn, &s, 0); return 2; }""",
    "a key that is written": """
        static long each(void *map, u32 *key, u64 *value, u64 *sum) { *key = 1; return 0; }
        SEC("xdp") int prog(struct xdp_md *ctx) { u64 sum = 0; for_each(&values, each, &sum, 0); return 2; }""",
    "a global function of memory, untested": """
        noinline int sum(struct pair *p) { return p->a + p->b; }
        SEC("xdp") int prog(struct xdp_md *ctx) { struct pair p = {chance(), 2}; return sum(&p) & 1; }""",
    "a global function whose result is an index": """
        noinline int at(u32 n) { return n & 7; }
        SEC("xdp") int prog(struct xdp_md *ctx) {
            u8 b[8] = {1};
            asm volatile("" :: "r"(b) : "memory");
            return b[at(3)];
        }""",
    "the packet after a global function that moved it": """
        noinline int move(struct xdp_md *ctx) { return adjust_head(ctx, 4); }
        SEC("xdp") int prog(struct xdp_md *ctx) {
            u8 *p = (void *)(u64)ctx->data, *end = (void *)(u64)ctx->data_end;
            if (p + 4 > end) return 1;
            move(ctx);
            return p[0] ? 1 : 2;
        }""",
}


@pytest.mark.parametrize("name", _ACCEPTED)
def test_what_kernels_take_is_accepted(name: str) -> None:
    compiled = _compiled(_ACCEPTED[name])
    assert _takes(compiled)
    verdict = verify(compiled, _running())
    assert verdict.accepted, verdict.diagnostics
    assert 0 < verdict.programs[0].processed < 20_000


@pytest.mark.parametrize("name", _REJECTED)
def test_what_kernels_refuse_is_rejected(name: str) -> None:
    compiled = _compiled(_REJECTED[name])
    assert not _takes(compiled)
    verdict = verify(compiled, _running())
    assert not verdict.accepted
    assert {p.outcome.value for p in verdict.programs} <= {"unsafe", "not proven"}


def test_turns_of_a_helpers_loop_count() -> None:
    few, many = (
        verify(_compiled(_ACCEPTED["a loop by a helper"].replace("1000", str(turns))), _running()).programs[0].executed
        for turns in (10, 1000)
    )
    assert many >= 1000 * 5
    assert many > 50 * few


def _compiled(code: str) -> Object:
    clang = find_clang()
    if clang is None:
        pytest.skip("clang 19 or newer is not installed")
    command = [clang, "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-x", "c", "-c", "-", "-o", "-"]
    ran = subprocess.run(command, input=(_HEAD + code).encode(), capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return read_object(ran.stdout)


def _takes(compiled: Object) -> bool:
    """Whether the running kernel loads it."""
    try:
        loader.load(verify(compiled, _running()).waive("the kernel is to judge")).close()
    except LoadError:
        return False
    return True


def _running() -> KernelProfile:
    here = release(".".join(os.uname().release.split(".")[:2]))
    return profile(next(name for name in reversed(NAMES) if release(name) <= here))
