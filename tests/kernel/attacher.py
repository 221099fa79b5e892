"""A process that attaches a policy to a port, says so, and stays until its standard input ends.

Arguments: the port, then `always`: every datagram to worker 1; with `fork`, a child lives on when this process ends.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import syrup
from tests.kernel import handmade

port, *options = sys.argv[1:]
link = syrup.attach(handmade.policy(handmade.always(1)), port=int(port))
child = 0
if "fork" in options:
    child = os.fork()
    if child == 0:
        sys.stdin.read()
        os._exit(0)
print(child, flush=True)
sys.stdin.read()
link.close()
