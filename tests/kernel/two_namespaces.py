"""A process with a network namespace of its own, and a peer's behind a veth pair: what policies decide on datagrams
that come from there, in the kernel and as plain Python, as JSON.

Run in a new network namespace. The peer's is held by a child that does nothing else.
"""

import contextlib
import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).parents[2]))

import syrup
from tests.kernel.services import own_group, port_of
from tests.policies import by_header

SERVER = {4: "10.55.0.1", 6: "fd55::1"}
POLICIES = (by_header.by_sender, by_header.by_distance, by_header.by_class, by_header.only_here)
DEADLINE = 10.0

SEND = """
import json, socket, sys
for family, source, to, payload, options in json.loads(sys.argv[1]):
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 4000))
        for level, name, value in options:
            sock.setsockopt(level, name, value)
        sock.sendto(bytes.fromhex(payload), tuple(to))
"""


@dataclass(frozen=True)
class Sent:
    """A datagram: where it comes from, and what stands in its header."""

    source: str
    ttl: int
    tos: int = 0

    @property
    def version(self) -> int:
        return 6 if ":" in self.source else 4

    def packet(self, port: int) -> syrup.Packet:
        return syrup.Packet(
            b"x", src_port=4000, dst_port=port, src=self.source, dst=SERVER[self.version], ttl=self.ttl, tos=self.tos
        )

    def arguments(self, port: int) -> list[object]:
        if self.version == 4:
            options = [(socket.IPPROTO_IP, socket.IP_TTL, self.ttl), (socket.IPPROTO_IP, socket.IP_TOS, self.tos)]
        else:
            level = socket.IPPROTO_IPV6
            options = [(level, socket.IPV6_UNICAST_HOPS, self.ttl), (level, socket.IPV6_TCLASS, self.tos)]
        family = socket.AF_INET if self.version == 4 else socket.AF_INET6
        return [family, self.source, (SERVER[self.version], port), b"x".hex(), options]


DATAGRAMS = (
    Sent("10.55.0.2", 64),
    Sent("10.55.0.7", 3, 0xB8),
    Sent("10.55.1.6", 255, 0x20),
    Sent("fd55::2", 64),
    Sent("fd55::7", 5, 0x48),
    Sent("fd55::1:0:0:6", 1, 0xFC),
)


def commands(peer: int) -> list[str]:
    inside = f"nsenter --target={peer} --net ip"
    peers = sorted({each.source for each in DATAGRAMS})
    return [
        "ip link set lo up",
        f"ip link add here type veth peer name there netns {peer}",
        "ip address add 10.55.0.1/16 dev here",
        "ip address add fd55::1/32 dev here nodad",
        "ip link set here up",
        *(f"{inside} address add {a}/{32 if ':' in a else 16} dev there {'nodad' if ':' in a else ''}" for a in peers),
        f"{inside} link set there up",
    ]


def decided(policy: object, workers: list[socket.socket], sent: Sent, peer: int) -> tuple[str, str]:
    """What became of a datagram in the kernel, and what Python makes of it."""
    port = port_of(workers[0])
    with syrup.attach(policy, sockets=workers) as link:
        arguments = json.dumps([sent.arguments(port)])
        send = ["nsenter", f"--target={peer}", "--net", sys.executable, "-c", SEND, arguments]
        subprocess.run(send, check=True)
        index = arrived(link)
    return index, expected(policy, sent.packet(port))


def arrived(link: syrup.Link) -> str:
    """The one thing that was counted: the peer's packet may still be on its way."""
    end = monotonic() + DEADLINE
    while not (stats := link.stats()).decisions:
        assert monotonic() < end
    chosen = [str(index) for index, count in enumerate(stats.executors) if count]
    faults = [each.kind for each in stats.faults if each.count]
    return ",".join(chosen or faults or (["DROP"] if stats.dropped else ["PASS"]))


def expected(policy: object, packet: syrup.Packet) -> str:
    assert callable(policy)
    try:
        decision = policy(packet)
    except LookupError as fault:
        return type(fault).__name__
    return "DROP" if decision == syrup.DROP else str(decision)


def main() -> None:
    with contextlib.ExitStack() as stack:
        hold = ["unshare", "--net", "sh", "-c", "echo; exec cat"]  # what it says, it says in there
        peer = stack.enter_context(subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        assert peer.stdin
        assert peer.stdout
        stack.callback(peer.stdin.close)
        peer.stdout.readline()
        for command in commands(peer.pid):
            subprocess.run(command.split(), check=True)
        found = []
        for version, host in SERVER.items():
            with own_group(by_header.WORKERS, host) as workers:
                for policy in POLICIES:
                    for sent in (each for each in DATAGRAMS if each.version == version):
                        kernel, python = decided(policy, workers, sent, peer.pid)
                        found.append([policy.name, sent.source, kernel, python])
        print(json.dumps(found))


if __name__ == "__main__":
    main()
