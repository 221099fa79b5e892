"""What an editor shows while a policy is written: completions, and a docstring at every name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syrupc.frontend.declare import EXPORTS
from syrupc.frontend.entries import METHODS
from syrupc.frontend.rules import attributes
from syrupc.frontend.types import InputType, View
from syrupc.kernel.headers import HEADERS
from syrupc.spec import Input, MapKind
from tests.typing.editor import Editor

IMPORTED = sorted(EXPORTS)
ON_PACKET = sorted(attributes(InputType(Input.PACKET)))
ON_VIEW = sorted(attributes(View("payload")))
IN_HEADERS = [(header.name, field.name) for header in HEADERS.values() for field in header.fields]
ON_MAPS = {kind.value: sorted(m for m, (kinds, _) in METHODS.items() if kind in kinds) for kind in MapKind}
"""Class of a map -> the methods that a policy may call."""

ARGUMENTS = {"value": "Flow", "key": "syrup.be32", "max_entries": "8", "size": "4096"}

USES = [
    *(f"syrup.{name}" for name in IMPORTED),
    *(f"pkt.{name}" for name in ON_PACKET),
    *(f"pkt.payload.{name}" for name in ON_VIEW),
    *(f"pkt.{header}.{name}" for header, name in IN_HEADERS),
    *(f"{kind.lower()}.{name}" for kind, names in ON_MAPS.items() for name in names),
    "found.packets",
    "Flow(1, 2).kind",
]
HEADER = (
    "import syrup",
    "@syrup.struct",
    "class Flow:",
    "    packets: syrup.u64",
    '    """How many came so far."""',
    "    kind: syrup.u8",
    '    """What they ask for."""',
    *(
        f"{kind.value.lower()} = syrup.{kind.value}({', '.join(ARGUMENTS[each] for each in kind.parameters)})"
        for kind in MapKind
    ),
    "pkt = syrup.Packet()",
    "found = hashmap.lookup(1)",
    "assert found is not None",
)
POLICY = "\n".join((*HEADER, *USES))


def line_of(use: str) -> int:
    return len(HEADER) + USES.index(use)


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    opened = Editor(tmp_path_factory.mktemp("editor"), POLICY)
    yield opened
    opened.close()


@pytest.mark.parametrize("use", USES)
def test_every_name_of_the_language_shows_what_it_is_for(editor: Editor, use: str) -> None:
    shown = editor.hover(line_of(use), len(use) - 1)
    signature, _, words = shown.partition("\n---\n")
    assert use.rpartition(".")[2] in signature
    assert len(words.split()) >= 3, shown


@pytest.mark.parametrize(
    ("before", "names"),
    [
        ("syrup.", IMPORTED),
        ("pkt.", ON_PACKET),
        ("pkt.payload.", ON_VIEW),
        *((f"{kind.lower()}.", names) for kind, names in ON_MAPS.items()),
        ("found.", ["packets", "kind"]),
        ("Flow(1, 2).", ["kind", "packets"]),
    ],
)
def test_every_name_of_the_language_is_offered(editor: Editor, before: str, names: list[str]) -> None:
    assert set(names) <= editor.completions(line_of(before + names[0]), len(before))


def test_a_policy_can_be_asked_and_looked_up(tmp_path: Path) -> None:
    text = "from examples.sita import sita\n\nsita.decide\n"
    opened = Editor(tmp_path, text)
    assert {"decide", "maps", "verified"} <= opened.completions(2, len("sita."))
    assert "What the kernel would decide" in opened.hover(2, len("sita.d"))
    opened.close()
