"""Whether the types of an object are a sound whole: what they name exists, and none contains itself.

Whoever follows types after this needs to look neither for an end nor for a way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from syrupc.objfile.refusals import malformed

if TYPE_CHECKING:
    from syrupc.objfile.btf import Btf

MAX_DEPTH: Final = 32
"""How deep types are nested, pointers not counted; kernels go no deeper (`MAX_RESOLVE_DEPTH` of `kernel/bpf/btf.c`)."""


def check_nesting(btf: Btf, parts: Callable[[int], Sequence[int]]) -> None:
    """Raises `ObjectError`. `parts` gives the types that a value of a type is made of."""
    depth = [0] * len(btf.types)  # 0 where it is not known, -1 while the type is being looked into
    depth[0] = 1
    for start in range(1, len(depth)):
        if not depth[start]:
            _measure(start, depth, parts)


def _measure(start: int, depth: list[int], parts: Callable[[int], Sequence[int]]) -> None:
    depth[start] = -1
    pending: list[tuple[int, Iterator[int]]] = [(start, iter(parts(start)))]
    while pending:
        number, rest = pending[-1]
        part = next((p for p in rest if depth[p] <= 0), None)
        if part is not None:
            if depth[part] < 0:
                raise malformed(f"type {part} of its BTF contains itself")
            if len(pending) > MAX_DEPTH:
                raise malformed(f"its BTF nests types more than {MAX_DEPTH} deep")
            depth[part] = -1
            pending.append((part, iter(parts(part))))
            continue
        pending.pop()
        depth[number] = 1 + max((depth[p] for p in parts(number)), default=0)
        if depth[number] > MAX_DEPTH:
            raise malformed(f"its BTF nests types more than {MAX_DEPTH} deep")
