"""A program as a file: a policy file like any other, with its presets and inputs as comments at the end."""

from __future__ import annotations

import re
from ast import literal_eval
from pathlib import Path
from typing import Any, Final

from syrupc.datagram import Datagram
from tests.fuzz.sample import Ask, Preset, Program

_PRESET: Final = re.compile(r"# preset (?P<map>\w+)\[(?P<key>.*)\] = (?P<value>.*)$", re.MULTILINE)
_KERNELS: Final = re.compile(r"# kernels (?P<names>[0-9. ]+)$", re.MULTILINE)
_ASK: Final = re.compile(r"# ask (?P<policy>\w+) (?P<fields>.*)$", re.MULTILINE)
_DATAGRAM: Final = ("payload", "source", "destination", "ttl", "tos", "options", "linear")


def write(program: Program) -> str:
    """The text of the file."""
    presets = [f"# preset {p.map}[{p.key}] = {p.value}" for p in program.presets]
    kernels = f"# kernels {' '.join(program.kernels)}"
    return "\n".join([program.text, kernels, *presets, *map(_line, program.asks)]) + "\n"


def read(path: Path) -> Program:
    """The program in a file. Its comments stay in its text, where they mean nothing."""
    text = path.read_text()
    presets = (Preset(p["map"], literal_eval(p["key"]), literal_eval(p["value"])) for p in _PRESET.finditer(text))
    asks = (
        _ask(found["policy"], dict(field.split("=") for field in found["fields"].split()))
        for found in _ASK.finditer(text)
    )
    kernels = _KERNELS.search(text)
    assert kernels, f"{path} does not say for which kernels"
    return Program(text, tuple(presets), tuple(asks), tuple(kernels["names"].split()))


def _ask(policy: str, given: dict[str, str]) -> Ask:
    datagram = {name: _value(name, given[name]) for name in _DATAGRAM if name in given}
    return Ask(policy, Datagram(**datagram), int(given.get("chance", 0)), int(given.get("clock", 0)))


def _value(name: str, text: str) -> Any:
    if name in ("payload", "options"):
        return bytes.fromhex(text)
    return text if name in ("source", "destination") else int(text)


def _line(ask: Ask) -> str:
    plain = Datagram(b"")
    fields = {name: getattr(ask.datagram, name) for name in _DATAGRAM}
    given = {name: value for name, value in fields.items() if name == "payload" or value != getattr(plain, name)}
    given |= {name: value for name, value in (("chance", ask.chance), ("clock", ask.clock)) if value}
    return f"# ask {ask.policy} " + " ".join(f"{name}={_text(value)}" for name, value in given.items())


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
