"""The kernel's format strings, as far as programs may use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from syrupc.isa.machine.memory import UnmodelledStepError

_CONVERSION: Final = re.compile(rb"%(?P<flags>[-+ 0#]*)(?P<width>\d{0,3})(?P<length>ll|l|)(?P<kind>[diuxXcs%])|%")


def conversions(form: bytes) -> int:
    """How many arguments `form` asks for."""
    return sum(match["kind"] != b"%" for match in _CONVERSION.finditer(form))


def render(form: bytes, arguments: Sequence[int], string: Callable[[int], bytes]) -> bytes:
    """`form` with 64-bit `arguments` put in, as many as it asks for; `string` fetches what an address points to.

    Raises `UnmodelledStepError` for a conversion that this does not know (pointers: their text depends on the kernel).
    """
    values = iter(arguments)
    return _CONVERSION.sub(lambda match: _convert(match, values, string), form)


def _convert(match: re.Match[bytes], values: Iterator[int], string: Callable[[int], bytes]) -> bytes:
    kind = match["kind"]
    if kind is None:
        raise UnmodelledStepError("a conversion of a format string")
    if kind == b"%":
        return b"%"
    value = next(values)
    if kind == b"s":
        return _padded(string(value), match)
    if kind == b"c":
        return _padded(bytes([value & 0xFF]), match)
    return (b"%" + match["flags"] + match["width"] + (kind if kind in b"xX" else b"d")) % _number(value, match)


def _number(value: int, match: re.Match[bytes]) -> int:
    bits = 64 if match["length"] else 32
    value &= (1 << bits) - 1
    return value - (1 << bits) if match["kind"] in b"di" and value >> (bits - 1) else value


def _padded(text: bytes, match: re.Match[bytes]) -> bytes:
    width = int(match["width"] or 0)
    return text.ljust(width) if b"-" in match["flags"] else text.rjust(width)
