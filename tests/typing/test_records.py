"""What type checkers know of structs and maps: the types of values, references and events, and what is a mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.typing.test_policies import Findings, mypy, pyright

DECLARATIONS: Final = """\
import syrup
from syrup import be16, be32, u8, u32, u64


@syrup.struct
class Inner:
    low: u8
    high: be16


@syrup.struct
class Request:
    kind: u8
    inner: Inner
    slots: syrup.Elements[u32] = syrup.elements(4)
    pairs: syrup.Elements[Inner] = syrup.elements(2)
    flag: bool


cells = syrup.Array(u64, 4)
flags = syrup.Array(bool, 4)
records = syrup.PerCpuArray(Request, 4)
table = syrup.HashMap(Inner, Request, 4)
numbers = syrup.LruHashMap(u32, u64, 4)
own = syrup.PerCpuHashMap(u32, Request, 4)
routes = syrup.LpmTrie(be32, Request, 4)
queue = syrup.Queue(Request, 4)
stack = syrup.Stack(u32, 4)
seen = syrup.Bloom(Inner, 4)
events = syrup.RingBuf(Request, 4096)
key = Inner(1, high=2)
request = Request(1, inner=key, flag=True)

"""

REVEALED: Final = {
    "request.kind": "int",
    "request.inner.high": "int",
    "request.slots": "Elements[int]",
    "request.slots[0]": "int",
    "request.pairs[0]": "Inner",
    "cells": "Array[int]",
    "cells[0]": "int",
    "cells.get(9)": "int | None",
    "cells.get(9, 0)": "int",
    "cells.lookup(0)": "Cell | None",
    "flags": "Array[bool]",
    "flags.lookup(0)": "Cell | None",
    "records[0]": "Request",
    "records.lookup(0)": "Request | None",
    "records.per_cpu(0)": "tuple[Request, ...]",
    "table": "HashMap[Inner, Request]",
    "table.lookup(key)": "Request | None",
    "table.get(key)": "Request | None",
    "table.get(key, request)": "Request",
    "table.items()": "ItemsView[Inner, Request]",
    "numbers": "LruHashMap[int, int]",
    "numbers.fetch_add(0, 1)": "int",
    "numbers.compare_swap(0, 1, 2)": "int",
    "own": "PerCpuHashMap[int, Request]",
    "own.per_cpu(0)": "tuple[Request, ...]",
    "routes": "LpmTrie[int, Request]",
    "routes[5]": "Request",
    "routes.get(5)": "Request | None",
    "routes.lookup(5)": "Request | None",
    "list(routes)": "list[tuple[int, int]]",
    "queue": "Queue[Request]",
    "queue.pop()": "Request",
    "queue.pop(None)": "Request | None",
    "stack.peek(0)": "int",
    "seen": "Bloom[Inner]",
    "key in seen": "bool",
    "events": "RingBuf[Request]",
    "events.emit(request)": "bool",
    "events.read()": "list[Request]",
    "events.poll(timeout=0.1)": "list[Request]",
    "next(iter(events))": "Request",
    "syrup.View(request).read(Request)": "Request",
    "syrup.hash(request)": "int",
}
"""Expression -> its type, as checkers spell it without modules."""

FINE: Final = """\
ref = table.lookup(key)
if ref is not None:
    ref.kind += 1
    ref.slots[2] = 5
    ref.inner.low = 1
    ref.inner = key
cell = cells.lookup(0)
if cell is not None:
    cell.value += 1
cells[1] = 5
del table[key]
routes[5, 8] = request
del routes[5, 8]
queue.push(request)
seen.add(key)
packet = syrup.Packet(request, src_port=4000)


async def watch() -> int:
    total = 0
    async for event in events:
        total += event.kind
    return total
"""

WRONG: Final = {
    "Request(1, key)": ("flag", "flag"),
    "Request(1, key, True, 5)": ("Too many", "Expected 3"),
    "Request(1, inner=key, flag=True, slots=[1])": ("slots", "slots"),
    "Inner(low=1, hihg=2)": ("hihg", "hihg"),
    "request.knd": ("knd", "knd"),
    'request.slots["0"]': ("str", "'0'"),
    'cells["x"]': ("str", "'x'"),
    "table[5]": ("int", "5"),
    "cells.lookup(0).value": ("None", "None"),
    "table.lookup(key).kind": ("None", "None"),
    "own.fetch_add(1, 1)": ("fetch_add", "fetch_add"),
    "events.emit(key)": ("Inner", "Inner"),
    "queue.push(5)": ("int", "5"),
    'syrup.hash("text")': ("str", "text"),
    "syrup.Packet(5)": ("int", "5"),
    "syrup.elements(4, init=True)": ("True", "True"),
}
"""Expression -> a word that mypy says of it, and one that pyright says."""

CHECKERS: Final[Sequence[Callable[[Sequence[Path], Path], Findings]]] = (mypy, pyright)


@pytest.fixture(scope="module", params=range(len(CHECKERS)), ids=["mypy", "pyright"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Findings]:
    """Which checker, and what it says of each file, in one run."""
    folder = tmp_path_factory.mktemp("typing")
    texts = {"revealed.py": "".join(f"reveal_type({each})\n" for each in REVEALED), "fine.py": FINE}
    texts |= {f"wrong_{number}.py": f"{each}\n" for number, each in enumerate(WRONG)}
    for name, text in texts.items():
        (folder / name).write_text(DECLARATIONS + text)
    return request.param, CHECKERS[request.param]([folder / name for name in texts], folder)


def test_values_have_the_declared_types(found: tuple[int, Findings]) -> None:
    said = [message for message in found[1]["revealed.py"] if re.match("Revealed type|Type of", message)]
    types = [re.sub(r"\b[\w.]+\.(?=\w)", "", message.rpartition('is "')[2].rstrip('"')) for message in said]
    assert dict(zip(REVEALED, types, strict=True)) == REVEALED


def test_what_is_right_is_not_objected_to(found: tuple[int, Findings]) -> None:
    assert found[1]["fine.py"] == []
    assert len(found[1]["revealed.py"]) == len(REVEALED)


@pytest.mark.parametrize(("number", "words"), list(enumerate(WRONG.values())), ids=list(WRONG))
def test_a_mistake_is_found_while_typing(found: tuple[int, Findings], number: int, words: Sequence[str]) -> None:
    assert words[found[0]] in " ".join(found[1][f"wrong_{number}.py"])
