"""What does replacing a policy under traffic cost, and is anything lost?

The demo's service without the waiting, GETs at 4 000 a second from 50 flows, and meanwhile one `link.replace` after the
other, from `round_robin` to `flow_hash` and back, each a whole one: load into the kernel, swap, publish.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import syrup
from benchmarks.demo import workers
from benchmarks.demo.generator import drive
from benchmarks.demo.schedule import check_replies
from benchmarks.demo.trace import Load, draw
from benchmarks.measure import Figure, example, figure, main

LOAD = Load(rate=4000, seconds=4, scan_share=0)
WORKERS = 6
SILENCE_SECONDS = 0.5


def measure() -> Sequence[Figure]:
    policies = [syrup.compile(example(name)) for name in ("flow_hash", "round_robin")]
    trace = draw(LOAD, seed=1)
    with (
        workers.running(WORKERS, get_us=0, scan_us=0) as service,
        syrup.attach(policies[-1], port=service.port) as link,
    ):
        done, seconds = threading.Event(), list[float]()
        replacing = threading.Thread(target=_replace_until, args=(done, link, policies, seconds))
        replacing.start()
        try:
            outcome = drive(trace, (workers.HOST, service.port), SILENCE_SECONDS)
        finally:
            done.set()
            replacing.join()
    check_replies(trace, outcome)
    return (
        figure("requests", "", [float(len(trace))]),
        figure("requests lost", "", [float(outcome.lost)], at_most=0),
        figure("replacements", "", [float(len(seconds))]),
        figure("one replacement", "ms", [1e3 * s for s in seconds]),
    )


def _replace_until(done: threading.Event, link: syrup.Link, policies: Sequence[Any], seconds: list[float]) -> None:
    while not done.is_set():
        start = time.perf_counter()
        link.replace(policies[len(seconds) % len(policies)])
        seconds.append(time.perf_counter() - start)


if __name__ == "__main__":
    main(measure, __doc__)
