"""Whatever stands in a source file can stand in the debug information of its object."""

from __future__ import annotations

import pytest

from syrupc.driver import compile_source
from syrupc.frontend.source import PolicySource
from syrupc.options import Options

_POLICY = """import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.u8(0)  # {remark}
"""


@pytest.mark.parametrize("remark", ['"quoted" \\ and \\22', "zwölf Boxkämpfer 🥊", "tab\there", "%s $x !0"])
def test_lines_are_shown_as_they_are_written(remark: str) -> None:
    source = PolicySource("some folder/p.py", _POLICY.format(remark=remark))
    (program,) = compile_source(source, Options()).object.programs
    texts = {line.text.strip() for line in program.lines if line.line == 6}
    assert {f"return pkt.payload.u8(0)  # {remark}"} == texts
    assert {line.file for line in program.lines} == {"p.py"}
