"""Packets of tests: built in one line, with the headers that a real one would have, and read as the language says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import syrup
from syrup import be32, u8
from syrupc.kernel.headers import HEADERS
from syrupc.lang import NoHeader, Packet, ShortPacket, View
from syrupc.lang.headers import VIEWS, Tcp
from syrupc.lang.packets import datagram_of

FOUR = Packet(b"GET key", src_port=4000, dst_port=80, src="10.0.0.7", dst="10.0.0.1", ttl=63, tos=0xB8)
SIX = Packet(b"GET key", src="fd00::7", dst="fd00:1::2", ttl=3, tos=9, flow_label=0xABCDE)


def test_an_ipv4_packet_has_the_fields_it_was_given() -> None:
    header = FOUR.ip4
    assert (FOUR.ip_version, header.version, header.ihl, len(header)) == (4, 4, 5, 20)
    assert (header.src, header.dst, header.ttl, header.tos) == (0x0A000007, 0x0A000001, 63, 0xB8)
    assert (header.total_length, header.protocol, header.id, header.flags_fragment) == (35, 17, 0, 0x4000)


def test_an_ipv6_packet_has_the_fields_it_was_given() -> None:
    header = SIX.ip6
    assert (SIX.ip_version, header.version, len(header)) == (6, 6, 40)
    assert (header.src_high, header.src_low) == (0xFD00 << 48, 7)
    assert (header.dst_high, header.dst_low) == (0xFD00_0001 << 32, 2)
    assert (header.hop_limit, header.traffic_class, header.flow_label) == (3, 9, 0xABCDE)
    assert (header.payload_length, header.next_header) == (15, 17)


def test_the_udp_header_is_that_of_the_ports_and_the_payload() -> None:
    header = FOUR.udp
    assert (header.src_port, header.dst_port, header.length, header.checksum) == (4000, 80, 15, 0)
    assert bytes(header) == b"\x0f\xa0\x00\x50\x00\x0f\x00\x00"
    assert (FOUR.src_port, FOUR.dst_port, len(FOUR.payload)) == (4000, 80, 7)


def test_the_ipv4_checksum_is_right() -> None:
    # Over a header with its checksum, the ones' complement sum is all ones (RFC 1071).
    for packet in (FOUR, Packet(b"", ip_options=b"\x01\x01\x01\x00"), Packet(bytes(1000), ttl=255, src="1.2.3.4")):
        total = sum(packet.ip4.be16(at) for at in range(0, len(packet.ip4), 2))
        assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


@syrup.struct
class Request:
    kind: u8
    key: be32


def test_a_payload_may_be_a_record() -> None:
    packet = Packet(Request(1, 2), src_port=4000)
    assert bytes(packet.payload) == b"\x01\0\0\0\0\0\0\x02"
    assert packet.payload.read(Request) == Request(1, 2)
    assert View(Request(1, 2)).u8(7) == 2


@pytest.mark.parametrize("wrong", [5, "text", None, [1, 2]])
def test_other_values_are_no_payload(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a view is of bytes or of a record"):
        Packet(wrong)


def test_options_are_part_of_the_header() -> None:
    header = Packet(ip_options=b"\x01\x02\x03\x04").ip4
    assert (len(header), header.ihl, header.u8(23)) == (24, 6, 4)
    with pytest.raises(ShortPacket):
        header.u8(24)


def test_addresses_that_are_not_given_are_loopback() -> None:
    assert (Packet().ip4.src, Packet(dst="10.0.0.1").ip4.src) == (0x7F000001, 0x7F000001)
    assert (Packet(src="fd00::7").ip6.dst_high, Packet(src="fd00::7").ip6.dst_low) == (0, 1)
    assert Packet(flow_label=0).ip_version == 6


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda: FOUR.ip6, "no IPv6 header"),
        (lambda: SIX.ip4, "no IPv4 header"),
        (lambda: FOUR.tcp, "no TCP header"),
        (lambda: SIX.eth, "no Ethernet header"),
    ],
    ids=["ip6", "ip4", "tcp", "eth"],
)
def test_a_header_that_is_not_there_raises(read: Callable[[], object], says: str) -> None:
    with pytest.raises(NoHeader, match=says):
        read()


@pytest.mark.parametrize(
    "wrong",
    [
        {"src": "10.0.0.1", "dst": "::1"},
        {"src": "10.0.0.1", "flow_label": 3},
        {"src": "10.0.0"},
        {"ttl": 256},
        {"tos": -1},
        {"flow_label": 1 << 20},
        {"ip_options": b"\x01"},
        {"ip_options": bytes(44)},
        {"src": "::1", "ip_options": bytes(4)},
        {"payload": bytes(65_508)},
        {"payload": bytes(65_528), "src": "::1"},
    ],
)
def test_what_no_datagram_can_be_is_a_wrong_argument(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- of many kinds
        Packet(**wrong)  # type: ignore[arg-type]


def test_the_longest_datagrams_can_be_built() -> None:
    assert Packet(bytes(65_507)).ip4.total_length == 65_535
    assert Packet(bytes(65_527), src="::1").ip6.payload_length == 65_535


def test_what_arrives_is_what_was_built() -> None:
    datagram = datagram_of(SIX)
    assert bytes(SIX.ip6) == datagram.network()
    assert bytes(SIX.udp) + bytes(SIX.payload) == datagram.segment()


@pytest.mark.parametrize("name", HEADERS)
def test_every_field_of_the_table_is_an_attribute_and_every_attribute_a_field(name: str) -> None:
    view, header = VIEWS[name], HEADERS[name]
    attributes = {each for each in vars(view) if not each.startswith("_")} - {"HEADER"}
    assert attributes == {field.name for field in header.fields}


@pytest.mark.parametrize("name", HEADERS)
def test_fields_read_what_was_encoded(name: str) -> None:
    header = HEADERS[name]
    values = {field.name: 0xA5A5_A5A5_A5A5_A5A5 >> (64 - field.bits) for field in header.fields}
    view = VIEWS[name](header.encode(**values))
    assert {name: getattr(view, name) for name in values} == values


def test_a_field_of_a_header_that_is_cut_off_raises() -> None:
    with pytest.raises(ShortPacket):
        _ = Tcp(bytes(13)).flags


TEXT = View(b"GET /index HTTP/1.1\r\n")


def test_text_is_compared_as_python_does() -> None:
    assert TEXT.startswith(b"GET ")
    assert TEXT.startswith(b"")
    assert not View(b"GE").startswith(b"GET ")
    assert TEXT[0:3] == b"GET"
    assert TEXT[-2:] == b"\r\n"
    assert TEXT[100:] == b""
    assert TEXT[:-2] != b"GET"


def test_a_byte_is_found_among_the_first_ones() -> None:
    assert (TEXT.find(b" ", max=64), TEXT.find(32, max=64)) == (3, 3)
    assert (TEXT.find(b" ", max=3), TEXT.find(b" ", max=4)) == (-1, 3)
    assert (TEXT.find(0, max=64), View().find(0, max=1)) == (-1, -1)


@pytest.mark.parametrize(("byte", "most"), [(b"", 4), (b"ab", 4), (256, 4), (-1, 4), (b"a", 0), (b"a", -1)])
def test_what_cannot_be_found_is_a_wrong_argument(byte: int | bytes, most: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- of several kinds
        TEXT.find(byte, max=most)


def test_a_view_is_not_indexed() -> None:
    for index in (0, slice(0, 8, 2)):
        with pytest.raises(TypeError, match=r"view\.u8\(offset\)"):
            TEXT[index]  # type: ignore[index]
