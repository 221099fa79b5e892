"""What policies see of packets: text compared and searched, headers by field and by offset, in every kind of buffer."""

from __future__ import annotations

import pytest

from syrupc.datagram import Datagram
from tests.unit.lower.running import compiled, simulation

FOUR = Datagram(b"get key\r\n", 40_007, source="10.0.0.7", destination="10.0.0.1", ttl=63, tos=5)
SIX = Datagram(b"get key\r\n", source="fd00::7", destination="fd00:1::3", ttl=3, flow_label=0xABCD2)
OPTIONS = Datagram(b"", options=b"\x01\x02\x03\x04")
DECLARATIONS = 'GET = b"get "\n\n\n@syrup.struct\nclass Pair:\n    a: be16\n    b: be16\n'


def decide(body: str, datagram: Datagram, declarations: str = "", kernel: str = "5.15") -> str:
    policy = f"\n\n@syrup.jit\ndef policy(pkt: syrup.Packet) -> syrup.Executor:\n    {body}\n"
    decided = simulation(DECLARATIONS + declarations + policy, kernel).decide(datagram)
    return decided.faults[0].kind.value if decided.faults else str(decided)


def holds(test: str, datagram: Datagram) -> bool:
    return {"executor 1": True, "executor 0": False}[decide(f"return 1 if {test} else 0", datagram)]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("pkt.payload.startswith(GET)", True),
        ('pkt.payload.startswith(b"set ")', False),
        ('pkt.payload.startswith(b"get key\\r\\n")', True),
        ('pkt.payload.startswith(b"get key\\r\\n ")', False),
        ('pkt.payload.startswith(b"")', True),
        ('pkt.payload[4:7] == b"key"', True),
        ('b"key" == pkt.payload[4:7]', True),
        ('pkt.payload[4:7] != b"key"', False),
        ('pkt.payload[4:7] == b"kez"', False),
        ('pkt.payload[4:6] == b"key"', False),
        ('pkt.payload[4:8] == b"key"', False),
        ("pkt.payload[:4] == GET", True),
        ('pkt.payload[7:] == b"\\r\\n"', True),
        ('pkt.payload[7:100] == b"\\r\\n"', True),
        ('pkt.payload[-2:] == b"\\r\\n"', True),
        ('pkt.payload[-100:3] == b"get"', True),
        ('pkt.payload[4:-2] == b"key"', True),
        ('pkt.payload[-5:-2] == b"key"', True),
        ('pkt.payload[:] == b"get key\\r\\n"', True),
        ('pkt.payload[9:] == b""', True),
        ('pkt.payload[100:] == b""', True),
        ('pkt.payload[5:3] == b""', True),
        ('pkt.payload[5:6] == b""', False),
        ('pkt.payload[len(pkt.payload) // 2:7] == b"key"', True),
        ('pkt.payload[pkt.src_port - 40_003 & 7:7] == b"key"', True),
        ('pkt.payload[u64(0xFFFF_FFFF_FFFF_FFFE) + len(pkt.payload) * 0:2] == b"get "', False),
        ('pkt.payload[True:4] == b"et "', True),
    ],
)
@pytest.mark.parametrize("linear", [None, 8, 9, 12, 15, 16])
def test_bytes_are_compared_as_python_compares_slices(test: str, expected: bool, linear: int | None) -> None:
    datagram = Datagram(FOUR.payload, FOUR.source_port, linear=linear)
    assert expected == holds(test, datagram)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 63, 64, 65, 128, 200])
def test_constants_of_every_length_are_compared(size: int) -> None:
    wanted = bytes(at * 7 % 256 for at in range(size))
    for linear in (None, 8, 8 + size // 2):
        for payload in (wanted, wanted + b"x", wanted[:-1], wanted[:-1] + b"\xff", b"\xff" + wanted[1:]):
            datagram = Datagram(payload, linear=None if linear is None else min(linear, 8 + len(payload)))
            assert holds(f"pkt.payload.startswith({wanted!r})", datagram) == payload.startswith(wanted)
            assert holds(f"pkt.payload[:] == {wanted!r}", datagram) == (payload == wanted)


@pytest.mark.parametrize("limit", [1, 7, 8, 9, 63, 64, 65, 128, 200])
@pytest.mark.parametrize("kernel", ["5.15", "6.18"])
def test_the_first_byte_is_found_wherever_it_is(limit: int, kernel: str) -> None:
    declarations = "found = syrup.Array(int, 1)\n"
    body = f'found[0] = pkt.payload.find(b"\\x80", max={limit})\n    return 0'
    policy = f"{declarations}\n\n@syrup.jit\ndef policy(pkt: syrup.Packet) -> syrup.Executor:\n    {body}\n"
    running = simulation(policy, kernel)
    fillers = (b"\0", b"\x7f", b"\x81", b"\xff")
    for at in (0, 1, 6, 7, 8, 62, 63, 64, 65, 127, 128, 199, 200, 250):
        for filler in fillers:
            for payload in (filler * at + b"\x80\x80\x81", filler * at, filler * at + b"\x80"):
                for linear in (None, 8, 8 + min(at, len(payload)) // 2):
                    running.decide(Datagram(payload, linear=linear))
                    assert running.content("found")[0] == payload.find(b"\x80", 0, limit)


def test_a_byte_that_is_known_late_is_found() -> None:
    assert decide("return pkt.payload.find(pkt.payload.u8(4), max=64)", FOUR) == "executor 4"
    assert decide("return pkt.payload.find(pkt.payload.u8(0), max=64)", FOUR) == "executor 0"


def test_searching_never_faults_and_finds_nothing_in_nothing() -> None:
    assert decide('return 1 - pkt.payload.find(b" ", max=64)', Datagram(b"")) == "executor 2"
    assert decide('return 1 - pkt.payload.find(b" ", max=1000)', Datagram(b"")) == "executor 2"


@pytest.mark.parametrize(
    ("body", "datagram", "expected"),
    [
        ("return pkt.ip_version", FOUR, "executor 4"),
        ("return pkt.ip_version", SIX, "executor 6"),
        ("return pkt.ip4.src & 15", FOUR, "executor 7"),
        ("return pkt.ip4.dst - 0x0A000000", FOUR, "executor 1"),
        ("return pkt.ip4.ttl - 60", FOUR, "executor 3"),
        ("return pkt.ip4.tos", FOUR, "executor 5"),
        ("return pkt.ip4.version", FOUR, "executor 4"),
        ("return pkt.ip4.ihl", FOUR, "executor 5"),
        ("return len(pkt.ip4) // 4", OPTIONS, "executor 6"),
        ("return pkt.ip4.u8(23)", OPTIONS, "executor 4"),
        ("return pkt.ip4.u8(23)", FOUR, "ShortPacket"),
        ("return pkt.ip4.u8(len(pkt.payload) + 16)", FOUR, "ShortPacket"),
        ("return pkt.ip4.u8(len(pkt.payload) + 10)", FOUR, "executor 1"),
        ("return pkt.ip4.be32(0 - len(pkt.payload))", FOUR, "ShortPacket"),
        ("return pkt.ip4.read(Pair, 12).b", FOUR, "executor 7"),
        ("return pkt.ip4.read(Pair, 17 + len(pkt.payload)).b", FOUR, "ShortPacket"),
        ('return 1 if pkt.ip4[12:16] == b"\\x0a\\0\\0\\x07" else 0', FOUR, "executor 1"),
        ('return 1 if pkt.ip4[20:24] == b"\\x01\\x02\\x03\\x04" else 0', OPTIONS, "executor 1"),
        ('return 1 if pkt.ip4[20:24] == b"\\x9c\\x47\\x23\\x28" else 0', FOUR, "executor 0"),  # the ports
        ("return pkt.ip4.find(10, max=64) - 10", FOUR, "executor 2"),
        ("return pkt.ip4.find(3, max=64) - 20", OPTIONS, "executor 2"),
        ("return pkt.ip6.src_low", SIX, "executor 7"),
        ("return pkt.ip6.src_high >> 48 & 7", SIX, "executor 0"),
        ("return pkt.ip6.dst_high >> 32 & 7", SIX, "executor 1"),
        ("return pkt.ip6.dst_low", SIX, "executor 3"),
        ("return pkt.ip6.hop_limit", SIX, "executor 3"),
        ("return pkt.ip6.flow_label - 0xABCD0", SIX, "executor 2"),
        ("return pkt.ip6.traffic_class", SIX, "executor 0"),
        ("return len(pkt.ip6) // 8", SIX, "executor 5"),
        ("return pkt.ip6.u8(7 + 0 * len(pkt.payload))", SIX, "executor 3"),
        ("return pkt.ip6.u8(40 + 0 * len(pkt.payload))", SIX, "ShortPacket"),
        ("return pkt.ip6.src_low", FOUR, "NoHeader"),
        ("return pkt.ip4.src", SIX, "NoHeader"),
        ("h = pkt.ip6\n    return 1", FOUR, "NoHeader"),
        ("return pkt.ip6.src_low if pkt.ip_version == 6 else pkt.ip4.src & 7", FOUR, "executor 7"),
        ("return pkt.udp.length - 15", FOUR, "executor 2"),
        ("return pkt.udp.src_port - 40_000", FOUR, "executor 7"),
        ("return pkt.udp.be16(2) - 8998", FOUR, "executor 2"),
        ("return pkt.udp.u8(len(pkt.payload) - 1)", FOUR, "ShortPacket"),
        ("return len(pkt.udp) - 1", FOUR, "executor 7"),
        ("return 1 if pkt.udp[11:11] == b'' else 0", FOUR, "executor 1"),
        ("return 1 if pkt.udp[11:12] == b'x' else 0", FOUR, "executor 0"),
        ("return 1 if pkt.udp[len(pkt.payload) // 2:] == b'get get get ' else 0", FOUR, "executor 0"),
        ("return 1 if pkt.udp.startswith(b'\\x9c\\x47#(\\0\\x11\\0\\0get') else 0", FOUR, "executor 0"),
        ("return pkt.udp.find(b'g', max=64) + 1", FOUR, "executor 0"),
    ],
)
def test_headers(body: str, datagram: Datagram, expected: str) -> None:
    assert expected == decide(body, datagram)


def test_views_go_through_helper_functions_with_all_that_they_are() -> None:
    helpers = """

@syrup.func
def first(view: syrup.View) -> int:
    if view.startswith(GET):
        return 7
    return view.find(b"\\x0a", max=24) - len(view) + 8


@syrup.func
def near(pkt: syrup.Packet) -> bool:
    return pkt.ip_version == 4 and pkt.ip4[12:13] == b"\\x0a"
"""
    assert decide("return first(pkt.payload)", FOUR, helpers) == "executor 7"
    assert decide("return first(pkt.ip4)", FOUR, helpers) == "executor 0"
    assert decide("return 3 if near(pkt) else 4", FOUR, helpers) == "executor 3"
    assert decide("return 3 if near(pkt) else 4", SIX, helpers) == "executor 4"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_searching_takes_verifiers_few_instructions(count: int) -> None:
    finds = "\n".join(f"    a{i} = pkt.payload.find({i}, max=64)" for i in range(count))
    reads = " + ".join(f"pkt.payload.u8(a{i})" for i in range(count))
    text = f"@syrup.jit\ndef policy(pkt: syrup.Packet) -> syrup.Executor:\n{finds}\n    return {reads}\n"
    walked = compiled(text).verdict.programs[0].processed
    assert walked < 2500 * count


@pytest.mark.parametrize("kernel", ["5.15", "6.18"])
def test_a_header_is_read_on_paths_whose_conditions_are_not_related(kernel: str) -> None:
    text = """
@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    b = pkt.payload.u64(0)
    for i in syrup.range(pkt.flow_hash if b else pkt.ip4.be64(0), max=1):
        u64(pkt.ip4.id or pkt.payload.be32(0))
    return pkt.ip4.ttl - 60
"""
    assert compiled(text, kernel).verdict.accepted
