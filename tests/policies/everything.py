"""Policies that say everything there is to say, for type checkers and the compiler."""

import enum
from enum import IntEnum

import syrup
from syrup import DROP, PASS, Executor, Packet, View, be16, be32, i8, i16, i32, u8, u16, u32, u64


class Kind(IntEnum):
    """What a request is."""

    GET = 1
    SCAN = 2
    ADMIN = enum.auto()


@syrup.struct
class Request:
    """What a request begins with."""

    kind: u8
    flags: u8
    user: be16
    size: u32


@syrup.struct
class Flow:
    """A sender's account."""

    packets: u64
    bytes: u64
    last: Request
    sizes: syrup.Elements[u32] = syrup.elements(4)


WORKERS = 6
MASK: int = (1 << 4) - 1
VERBOSE = True
SHORT = (Kind.GET, Kind.ADMIN)
PORTS = (53, 9000)
GET = b"GET "

serving = syrup.Array(u64, WORKERS)
bytes_seen = syrup.PerCpuArray(value=u64, max_entries=4)
tokens = syrup.HashMap(u32, int, 1024)
flags = syrup.HashMap(key=u16, value=bool, max_entries=16)
narrow = syrup.Array(i16, 3)
flows = syrup.HashMap(be32, Flow, 64)
recent = syrup.LruHashMap(u16, u32, 64)
per_cpu = syrup.PerCpuHashMap(u16, u64, 64)
nets = syrup.LpmTrie(be32, u32, 16)
waiting = syrup.Queue(u32, 8)
undo = syrup.Stack(u16, 8)
requests = syrup.RingBuf(Request, 4096)


@syrup.func
def weight(request: Request, most: int) -> int:
    """What a request counts."""
    return min(request.size // 100 + 1, most)


@syrup.func
def halves(n: int) -> tuple[int, int]:
    """Two parts that are as large as each other."""
    return n // 2, n - n // 2


@syrup.func
def is_get(view: View, strict: bool) -> bool:
    """Whether it begins as a GET."""
    return view.startswith(b"GET ") or (not strict and view.startswith(b"get "))


@syrup.func
def count(pkt: Packet, port: u16) -> None:
    """Count the bytes that came from a port."""
    per_cpu[port] = per_cpu.get(port, 0) + len(pkt.payload)


@syrup.jit
def statements(pkt: syrup.Packet) -> syrup.Executor:
    """Every statement."""
    kind = pkt.payload.u8(0)
    a = b = 0
    a, b = b + 1, a
    c: int = a - b
    c += 2
    assert kind < 16, "no such kind"
    if (size := len(pkt.payload)) > 100 and VERBOSE:
        c -= 1
    elif size == 0:
        return PASS
    else:
        pass
    for i in range(0, WORKERS, 2):
        if serving[i] == Kind.SCAN:
            continue
        if i > 4:
            break
        c += i
    else:
        c = 0
    for port in PORTS:
        c += port
    for i in syrup.range(kind, max=15):
        c ^= i
    while kind > 1:
        kind >>= 1
    match kind:
        case Kind.GET | Kind.ADMIN:
            return a
        case 7 if size > 10:
            return DROP
        case _:
            return c % WORKERS


@syrup.jit()
def expressions(pkt: Packet) -> Executor:
    """Every operator and built-in function."""
    n = pkt.payload.u16(0)
    a = (n + 1) * 3 - (n // 7) % 5 + 2**3
    b = (a & MASK | 1) ^ (a << 2) ^ (a >> 1) ^ ~a
    c = -a if n == 0 else +a
    d = min(a, b, c) + max(a, 3) + abs(c) + int(n > 4) + int(bool(c))
    narrowed = u8(d) + u16(d) + u32(d) + i8(d) + i16(d) + i32(d)
    inside = 0 < n <= 9 or n in PORTS or (n in range(20, 30) and n not in SHORT)
    if inside and u64(narrowed) > 1 << 63:
        return PASS
    return (syrup.random() + syrup.cpu() + syrup.now_ns() // 1000) % WORKERS


@syrup.jit(hook="socket")
def packets(pkt: syrup.Packet) -> syrup.Executor:
    """Everything there is to read."""
    view = pkt.payload
    little = view.u8(0) ^ view.u16(0) ^ view.u32(0)
    big = view.be16(0) ^ view.be32(0)
    wide = view.u64(0) ^ view.be64(0)
    return (wide ^ (little ^ big ^ pkt.src_port ^ pkt.dst_port ^ pkt.flow_hash)) % WORKERS


@syrup.jit
def texts(pkt: syrup.Packet) -> syrup.Executor:
    """Everything to be said of text."""
    view = pkt.payload
    end = view.find(b"\r", max=64)
    if view.startswith(GET) and (end >= 0 or view.find(10, max=8) > 4):
        return end % WORKERS
    inner = view[4:8] == b"/top" or view[4:8] != b"/low" or view[:4] == b"SET "
    return PASS if inner or view[-2:] != b"\r\n" else view[u64(end) :] == b"\n"


@syrup.jit
def headers(pkt: syrup.Packet) -> syrup.Executor:
    """Every header that the hook sees."""
    ports = pkt.udp.src_port ^ pkt.udp.dst_port ^ pkt.udp.length ^ pkt.udp.checksum
    if pkt.ip_version == 6:
        six = pkt.ip6
        low = six.version ^ six.traffic_class ^ six.flow_label ^ six.payload_length ^ six.next_header ^ six.hop_limit
        return (low ^ ports ^ six.src_high ^ six.src_low ^ six.dst_high ^ six.dst_low) % WORKERS
    four = pkt.ip4
    low = four.version ^ four.ihl ^ four.tos ^ four.total_length ^ four.id ^ four.flags_fragment ^ four.protocol
    local = four[12:13] == b"\x7f" or four.u8(12) == 10
    return PASS if local else (low ^ ports ^ four.ttl ^ four.checksum ^ four.src ^ four.dst ^ len(four)) % WORKERS


@syrup.jit(hook=("socket",))
def maps(pkt: syrup.Packet) -> syrup.Executor:
    """Every access to a map."""
    user = pkt.src_port
    if user not in tokens:
        tokens[user] = 10
    tokens[user] -= 1
    if tokens.get(user, 0) < 0:
        del tokens[user]
        flags[user] = True
    if flags.get(user, False):
        return syrup.DROP
    bytes_seen[0] += len(pkt.payload)
    narrow[1] = i16(user)
    return serving.fetch_add(0, 1) % WORKERS


@syrup.jit
def text(pkt: syrup.Packet) -> syrup.Executor:
    """What text protocols need."""
    if is_get(pkt.payload, len(pkt.payload) > 8):
        end = pkt.payload.find(b" ", max=32)
        return end % WORKERS
    if pkt.payload[0:4] == b"SCAN" or pkt.payload[0:3] != b"PUT":
        return WORKERS - 1
    return PASS


@syrup.jit
def records(pkt: syrup.Packet) -> syrup.Executor:
    """Structs, references, and functions of the file."""
    request = pkt.payload.read(Request)
    flow = flows.lookup(pkt.src_port)
    if flow is None:
        flows[pkt.src_port] = Flow(1, len(pkt.payload), request)
    else:
        flow.packets += 1
        flow.bytes += weight(request, 9)
        flow.last = request
        flow.sizes[request.kind % 4] += request.size
    low, high = halves(request.user)
    syrup.trace("user {} of {}", request.user, high)
    requests.emit(Request(kind=request.kind, flags=1, user=low, size=syrup.hash(request)))
    return flows[pkt.src_port].last.kind % WORKERS


@syrup.jit
def kinds(pkt: syrup.Packet) -> syrup.Executor:
    """All kinds of maps."""
    port = pkt.src_port
    recent[port] = recent.get(port, 0) + 1
    count(pkt, port)
    if port in recent:
        waiting.push(port)
        undo.push(port)
    if (place := nets.lookup(0x7F000001)) is not None:
        return place.value
    if recent[port] > 3:
        return undo.pop() % WORKERS
    return waiting.peek(0) % WORKERS
