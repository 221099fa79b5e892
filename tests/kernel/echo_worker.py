"""A worker of a UDP service: its own socket, and an answer to every datagram. It ends when its standard input does.

Options: `nobody` serves as another user; `plain` does without SO_REUSEPORT; `late` sets it after `bind`; `shared` lets
a second process inherit the socket; `tcp` listens for connections instead.
"""

import os
import select
import socket
import sys

host, port, number, *options = sys.argv[1:]
if "nobody" in options:
    os.setuid(65534)
sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if "tcp" in options else socket.SOCK_DGRAM)
if not {"plain", "late"} & set(options):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
sock.bind((host, int(port)))
if "late" in options:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
if "tcp" in options:
    sock.listen()
if "shared" in options and os.fork() == 0:
    sys.stdin.read()  # both processes have the pipe: both see its end
    os._exit(0)

print(sock.getsockname()[1], flush=True)
while True:
    readable, _, _ = select.select([sock, sys.stdin], [], [])
    if sys.stdin in readable:
        break
    if "tcp" not in options:
        datagram, sender = sock.recvfrom(4096)
        sock.sendto(bytes([int(number)]) + datagram, sender)
